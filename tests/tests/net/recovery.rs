//! The input goes and comes back, whatever the order of events.

use tests::lab::{Capture, Flowclient, Metrics, Path, Sender, meanwhile};
use tests::shapes::datagrams;

use crate::{HEARD_AT, IN, OUT, SEND_TO};

struct Lab {
    path: Path,
    flowclient: Flowclient,
    sink: Capture,
}

impl Lab {
    fn new() -> Self {
        let path = Path::new();
        let flowclient = Flowclient::start(&path.relay, &["--in", IN, "--out", OUT]);
        let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
        Self { path, flowclient, sink }
    }

    /// Sends all the while that `work` takes.
    fn on_air(&self, from: std::net::IpAddr, work: impl FnOnce()) {
        let sender = Sender::new(&self.path.source, from, SEND_TO);
        meanwhile(|work| sender.send_at(500, datagrams(0, 100_000_000).take_while(|_| work.goes_on())), work);
    }

    fn assert_received(&self) {
        self.sink.wait_for_more(200);
        self.flowclient.wait_until_ready();
    }

    fn wait_until_silent(&self) {
        self.flowclient.wait_for_log("no input for", 1 + self.flowclient.logged("no input for"));
        assert_eq!(self.flowclient.get("/readyz").status, 503);
    }
}

#[test]
fn no_input_is_said_once_and_shown_until_it_comes() {
    let lab = Lab::new();
    lab.wait_until_silent();
    assert_eq!(lab.flowclient.get("/healthz").status, 200);
    assert!(!input_up(&lab.flowclient.metrics()));
    lab.on_air(Path::SOURCE, || lab.assert_received());
    assert!(lab.flowclient.stderr().contains("input has started") || lab.flowclient.stderr().contains("input is back"));
    assert_eq!(lab.flowclient.logged("no input for"), 1);
}

fn input_up(metrics: &Metrics) -> bool {
    metrics.sum("flowclient_input_up", &[]) > 0.0
}

#[test]
fn the_interface_goes_down_and_up() {
    let lab = Lab::new();
    lab.on_air(Path::SOURCE, || {
        lab.assert_received();
        lab.path.relay.ip("link set in0 down");
        lab.wait_until_silent();
        lab.path.relay.ip("link set in0 up");
        lab.assert_received();
    });
}

#[test]
fn the_cable_is_pulled_at_the_far_end_and_put_back() {
    let lab = Lab::new();
    lab.on_air(Path::SOURCE, || {
        lab.assert_received();
        lab.path.source.ip("link set eth0 down");
        lab.wait_until_silent();
        lab.path.source.ip("link set eth0 up");
        lab.path.source.ip("route add 224.0.0.0/4 dev eth0");
        lab.assert_received();
    });
}

#[test]
fn the_interface_gets_another_address() {
    let lab = Lab::new();
    lab.on_air(Path::SOURCE, || {
        lab.assert_received();
        lab.path.relay.ip("addr del 10.1.0.2/24 dev in0");
        lab.path.relay.ip("addr add 10.1.0.77/24 dev in0");
        lab.assert_received();
    });
}

#[test]
fn the_interface_is_deleted_and_made_again() {
    let lab = Lab::new();
    lab.on_air(Path::SOURCE, || lab.assert_received());
    lab.path.unplug_input();
    lab.wait_until_silent();
    lab.path.plug_input();
    lab.on_air(Path::SOURCE, || lab.assert_received());
}

#[test]
fn the_interface_comes_up_before_its_address() {
    let lab = Lab::new();
    lab.path.unplug_input();
    lab.wait_until_silent();
    lab.path.plug_input();
    lab.path.relay.ip("addr flush dev in0");
    lab.path.relay.ip("link set in0 down");
    lab.path.relay.ip("link set in0 up");
    lab.path.relay.ip("addr add 10.1.0.2/24 dev in0");
    lab.on_air(Path::SOURCE, || lab.assert_received());
}

#[test]
fn the_source_moves_to_another_address() {
    let lab = Lab::new();
    lab.on_air(Path::SOURCE, || lab.assert_received());
    lab.on_air(Path::OTHER_SOURCE, || lab.assert_received());
}

#[test]
fn an_output_interface_that_goes_down_is_said_once_and_taken_up_again() {
    let lab = Lab::new();
    lab.on_air(Path::SOURCE, || {
        lab.assert_received();
        lab.path.relay.ip("link set out0 down");
        lab.flowclient.wait_for_log("refuses datagrams", 1);
        lab.path.relay.ip("link set out0 up");
        lab.path.relay.ip("route replace 224.0.0.0/4 dev out0");
        lab.assert_received();
        lab.flowclient.wait_for_log("takes datagrams again", 1);
    });
}
