//! Many flows in one process, and changes to them while they run.

use tests::config::{ConfigFile, Flow, text};
use tests::continuity::Continuity;
use tests::lab::{Capture, Flowclient, Path, Signal};

struct Lab {
    path: Path,
    flowclient: Flowclient,
    file: ConfigFile,
}

const KEPT: Flow<'_> = Flow { name: "kept", input: "test:clock?bitrate=4M", output: "239.1.1.1:5000" };
const BEFORE: Flow<'_> = Flow { name: "other", input: "test:clock?bitrate=2M", output: "239.1.1.2:5000" };
const AFTER: Flow<'_> = Flow { output: "239.1.1.3:5000", ..BEFORE };

impl Lab {
    fn new() -> Self {
        let (path, file) = (Path::new(), ConfigFile::new(&[KEPT, BEFORE]));
        let flowclient = Flowclient::start(&path.relay, &["--config", file.argument()]);
        Self { path, flowclient, file }
    }

    fn listen(&self, flow: Flow<'_>) -> Capture {
        Capture::start(&self.path.sink, "eth0", flow.output)
    }
}

fn gaps(capture: &Capture) -> u64 {
    Continuity::gaps_in(&capture.bytes())
}

#[test]
fn a_reload_touches_only_what_changed() {
    let lab = Lab::new();
    let (kept, before, after) = (lab.listen(KEPT), lab.listen(BEFORE), lab.listen(AFTER));
    kept.wait_for(200);
    before.wait_for(50);
    lab.file.write(&text(&[KEPT, AFTER]));
    lab.flowclient.signal(Signal::HUP);
    after.wait_for(100);
    let stopped_at = before.count();
    kept.wait_for_more(200);
    assert!(before.count() <= stopped_at + 10, "the old output is still fed");
    assert_eq!(gaps(&kept), 0);
}

#[test]
fn a_changed_file_is_noticed_without_a_signal() {
    let lab = Lab::new();
    let (kept, after) = (lab.listen(KEPT), lab.listen(AFTER));
    kept.wait_for(100);
    lab.file.write(&text(&[KEPT, AFTER]));
    after.wait_for(100);
    assert_eq!(gaps(&kept), 0);
}

#[test]
fn a_bad_file_changes_nothing_and_says_why() {
    let lab = Lab::new();
    let (kept, before) = (lab.listen(KEPT), lab.listen(BEFORE));
    kept.wait_for(100);
    lab.file.write("[[flow]]\nname = \"kept\"\nin = \"test:\"\nout = [\"nonsense\"]\n");
    lab.flowclient.signal(Signal::HUP);
    lab.flowclient.wait_for_log("nonsense", 1);
    kept.wait_for_more(200);
    before.wait_for_more(100);
    assert_eq!((gaps(&kept), gaps(&before)), (0, 0));
}

#[test]
fn a_flow_taken_out_stops_and_one_put_in_starts() {
    let lab = Lab::new();
    let (kept, before) = (lab.listen(KEPT), lab.listen(BEFORE));
    before.wait_for(50);
    lab.file.write(&text(&[KEPT]));
    lab.flowclient.signal(Signal::HUP);
    lab.flowclient.wait_until("one flow left", |metrics| !metrics.has("flowclient_on_air", &[("flow", "other")]));
    lab.file.write(&text(&[KEPT, BEFORE]));
    lab.flowclient.signal(Signal::HUP);
    before.wait_for_more(100);
    assert_eq!(gaps(&kept), 0);
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
