//! Many flows in one process, and changes to them while they run.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use tests::lab::{Capture, Flowclient, Path, Signal};

/// A configuration file of flows, each `(name, input, output)`.
pub(crate) fn config(flows: &[(&str, &str, &str)]) -> String {
    let flow = |(name, input, output): &(&str, &str, &str)| {
        format!("[[flow]]\nname = \"{name}\"\nin = \"{input}\"\nout = [\"{output}\"]\n\n")
    };
    flows.iter().map(flow).collect()
}

struct Lab {
    path: Path,
    flowclient: Flowclient,
    file: PathBuf,
    _folder: TempDir,
}

const KEPT: (&str, &str, &str) = ("kept", "test:clock?bitrate=4M", "239.1.1.1:5000");
const BEFORE: (&str, &str, &str) = ("other", "test:clock?bitrate=2M", "239.1.1.2:5000");
const AFTER: (&str, &str, &str) = ("other", "test:clock?bitrate=2M", "239.1.1.3:5000");

impl Lab {
    fn new() -> Self {
        let (path, folder) = (Path::new(), TempDir::new().unwrap());
        let file = folder.path().join("flows.toml");
        fs::write(&file, config(&[KEPT, BEFORE])).unwrap();
        let flowclient = Flowclient::start(&path.relay, &["--config", file.to_str().unwrap()]);
        Self { path, flowclient, file, _folder: folder }
    }

    fn listen(&self, address: &str) -> Capture {
        Capture::start(&self.path.sink, "eth0", address)
    }

    /// Replaces the file in one step, as an editor does.
    fn write(&self, text: &str) {
        let fresh = self.file.with_extension("new");
        fs::write(&fresh, text).unwrap();
        fs::rename(fresh, &self.file).unwrap();
    }
}

/// The continuity counters of the busiest PID, which count on as long as nothing is lost.
fn lost_datagrams(capture: &Capture) -> usize {
    let bytes = capture.bytes();
    let mut last = [None; 8_192];
    let mut gaps = 0;
    for packet in bytes.chunks(188) {
        let pid = usize::from(u16::from_be_bytes([packet[1] & 0x1F, packet[2]]));
        let counter = packet[3] & 0x0F;
        let counts = packet[3] & 0x10 != 0 && pid != 0x1FFF;
        if counts && last[pid].replace(counter).is_some_and(|last| (last + 1) & 0x0F != counter) {
            gaps += 1;
        }
    }
    gaps
}

#[test]
fn a_reload_touches_only_what_changed() {
    let lab = Lab::new();
    let (kept, before, after) = (lab.listen(KEPT.2), lab.listen(BEFORE.2), lab.listen(AFTER.2));
    kept.wait_for(200);
    before.wait_for(50);
    lab.write(&config(&[KEPT, AFTER]));
    lab.flowclient.signal(Signal::HUP);
    after.wait_for(100);
    let stopped_at = before.count();
    kept.wait_for_more(200);
    assert!(before.count() <= stopped_at + 10, "the old output is still fed");
    assert_eq!(lost_datagrams(&kept), 0);
}

#[test]
fn a_changed_file_is_noticed_without_a_signal() {
    let lab = Lab::new();
    let (kept, after) = (lab.listen(KEPT.2), lab.listen(AFTER.2));
    kept.wait_for(100);
    lab.write(&config(&[KEPT, AFTER]));
    after.wait_for(100);
    assert_eq!(lost_datagrams(&kept), 0);
}

#[test]
fn a_bad_file_changes_nothing_and_says_why() {
    let lab = Lab::new();
    let (kept, before) = (lab.listen(KEPT.2), lab.listen(BEFORE.2));
    kept.wait_for(100);
    lab.write("[[flow]]\nname = \"kept\"\nin = \"test:\"\nout = [\"nonsense\"]\n");
    lab.flowclient.signal(Signal::HUP);
    lab.flowclient.wait_for_log("nonsense", 1);
    kept.wait_for_more(200);
    before.wait_for_more(100);
    assert_eq!((lost_datagrams(&kept), lost_datagrams(&before)), (0, 0));
}

#[test]
fn a_flow_taken_out_stops_and_one_put_in_starts() {
    let lab = Lab::new();
    let (kept, before) = (lab.listen(KEPT.2), lab.listen(BEFORE.2));
    before.wait_for(50);
    lab.write(&config(&[KEPT]));
    lab.flowclient.signal(Signal::HUP);
    lab.flowclient.wait_until("one flow left", |metrics| !metrics.has("flowclient_on_air", &[("flow", "other")]));
    lab.write(&config(&[KEPT, BEFORE]));
    lab.flowclient.signal(Signal::HUP);
    before.wait_for_more(100);
    assert_eq!(lost_datagrams(&kept), 0);
}

#[test]
fn each_flow_has_its_own_metrics() {
    let lab = Lab::new();
    for flow in ["kept", "other"] {
        lab.flowclient.wait_until("datagrams of each flow", |metrics| {
            metrics.sum("flowclient_output_datagrams_total", &[("flow", flow)]) > 10.0
        });
    }
}
