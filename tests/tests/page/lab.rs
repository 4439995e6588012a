//! A channel that comes by cable from another host, and a browser where flowclient runs.

use std::cell::RefCell;

use tests::browser::{Browser, Page};
use tests::lab::{Flowclient, Path, Process};

/// A window as on a desk.
pub(crate) const WIDE: [u32; 2] = [1_440, 900];
/// A window as in a hand.
pub(crate) const NARROW: [u32; 2] = [400, 860];
pub(crate) const URL: &str = "http://127.0.0.1:9090/";

pub(crate) struct Lab {
    pub(crate) path: Path,
    pub(crate) browser: Browser,
    flowclient: RefCell<Option<Flowclient>>,
    _channel: Process,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let path = Path::new();
        let channel = ["--handler", "ch7", "--out", "udp://239.9.9.9:5000?iface=eth0", "--listen", "off"];
        let channel = Process::start(&mut Flowclient::command(&path.source, &channel));
        channel.goes_first();
        let browser = Browser::start(&path.relay);
        let lab = Self { path, browser, flowclient: RefCell::new(None), _channel: channel };
        lab.start();
        lab
    }

    /// Starts flowclient, again after [`Self::kill`].
    pub(crate) fn start(&self) {
        let arguments = ["--in", "udp://239.9.9.9:5000?iface=in0", "--out", "udp://239.1.1.7:5000?iface=out0"];
        let flowclient = Flowclient::start(&self.path.relay, &arguments);
        flowclient.goes_first();
        flowclient.wait_until_ready();
        self.flowclient.replace(Some(flowclient));
    }

    pub(crate) fn kill(&self) {
        self.flowclient.take().unwrap();
    }

    pub(crate) fn pull_the_cable(&self) {
        self.path.source.ip("link set eth0 down");
    }

    pub(crate) fn plug_the_cable(&self) {
        self.path.source.ip("link set eth0 up");
        self.path.source.ip("route replace 224.0.0.0/4 dev eth0");
    }

    /// The page once it shows a channel on air, be it with an alarm: a machine that is busy raises one now and then.
    pub(crate) fn page_on_air(&self, window: [u32; 2]) -> Page<'_> {
        let page = self.browser.open(URL, window);
        page.wait_for_text("#verdict", |text| text.starts_with("On air"));
        page
    }

    /// The page once it shows that all is well.
    pub(crate) fn healthy_page(&self, window: [u32; 2]) -> Page<'_> {
        let page = self.browser.open(URL, window);
        wait_until_healthy(&page);
        page
    }
}

pub(crate) fn wait_until_healthy(page: &Page<'_>) {
    page.wait_for("document.querySelector('#state').dataset.level === 'good'");
    page.wait_for_text("#verdict", |text| text == "On air");
}
