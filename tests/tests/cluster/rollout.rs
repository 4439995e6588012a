//! Another version of many flows: one that is good, one that crashes, and those that make something else.

use serde_json::{Value, json};
use tests::cluster::operator::{Operator, clear, flow, flowctl, handler, quick_pair, wait_for};
use tests::cluster::version::{Change, VERSION, push, push_changed};
use tests::cluster::{BUSYBOX, Cluster, Image};
use tests::continuity::Continuity;
use tests::lab::Capture;

use super::cluster;

const GROUP: &str = "239.1.1.7:5000";

fn pair() -> Value {
    quick_pair("ch7", GROUP)
}

/// Puts a program that ends at once where a version of flowclient should be.
fn push_crashing(cluster: &Cluster, version: &str) {
    let (folder, name) = (tempfile::tempdir().unwrap(), format!("flowclient:{version}"));
    let image = Image::from_scratch(folder.path(), &name, BUSYBOX.as_ref(), &["/busybox", "false"]);
    cluster.push(&image, &name).expect_success();
}

#[test]
fn a_good_version_is_rolled_out_without_a_loss_and_one_that_crashes_goes_back() {
    let cluster = cluster();
    let operator = Operator::start(&cluster);
    push(&cluster, "1.0.1");
    push_crashing(&cluster, "1.0.2");
    cluster.apply(&handler("ch7"));
    cluster.apply(&flow("ch7", pair()));
    wait_for(&cluster, &operator, "ch7", "Ready", "True", "AllWell");
    let viewer = Capture::start(&cluster.viewer, "eth0", GROUP);
    viewer.wait_for_more(10);
    let good = flowctl(&cluster, &["rollout", "1.0.1", "--all", "--canary", "1", "--json"]).expect_success().stdout;
    let good: Value = serde_json::from_str(&good).unwrap();
    assert_eq!((&good["status"]["phase"], &good["status"]["done"]), (&json!("Done"), &json!(1)), "{good:#}");
    let after = wait_for(&cluster, &operator, "ch7", "Ready", "True", "AllWell");
    let bad = flowctl(&cluster, &["rollout", "1.0.2", "--flow", "ch7"]);
    assert!(!bad.status.success() && bad.stderr.contains("ends as soon as it is started"), "{}", bad.stderr);
    let back = wait_for(&cluster, &operator, "ch7", "Progressing", "False", "RolledBack");
    assert_eq!((&back["revision"], &back["onAirNode"]), (&after["revision"], &after["onAirNode"]));
    let events = cluster.kubectl(&["get", "events", "--field-selector=reason=RolledBack"]).expect_success().stdout;
    assert!(events.contains("flowclient:1.0.2 is taken back"), "{events}");
    let undone = flowctl(&cluster, &["rollout", "undo", "--wait", "--json"]).expect_success().stdout;
    assert!(undone.contains("\"Undone\""), "{undone}");
    assert_eq!(cluster.get(&["flow", "ch7"])["spec"]["version"], "1.0.1");
    viewer.wait_for_more(100);
    assert_eq!(Continuity::gaps_in(&viewer.bytes()), 0);
    clear(&cluster);
}

/// Where each datagram passes that comes in.
const PASSAGE: Change = Change {
    file: "relay/src/flow.rs",
    after: "            for span in joined.segments(arrived.segment_len) {\n",
    insert: "",
};
/// Nothing of one datagram in a thousand is sent.
const DROPS: &str = "                if self.counters.input_datagrams % 1_000 == 999 {
                    self.count_datagram(span.len as usize);
                    continue;
                }
";
/// One byte of one datagram in a thousand is another.
const ALTERS: &str = "                if self.counters.input_datagrams % 1_000 == 999 {
                    pool.slot_mut(span.slot)[span.start as usize + 100] ^= 1;
                }
";

#[test]
fn versions_that_drop_one_datagram_in_a_thousand_or_alter_a_byte_of_it_go_back_before_they_are_on_air() {
    let cluster = cluster();
    let operator = Operator::start(&cluster);
    push_changed(&cluster, "1.0.3", &Change { insert: DROPS, ..PASSAGE });
    push_changed(&cluster, "1.0.4", &Change { insert: ALTERS, ..PASSAGE });
    cluster.apply(&handler("ch7"));
    let mut spec = pair();
    // At 190 datagrams a second, more than a thousand.
    spec["rollout"]["shadowSeconds"] = 8.into();
    cluster.apply(&flow("ch7", spec));
    let before = wait_for(&cluster, &operator, "ch7", "Ready", "True", "AllWell");
    let viewer = Capture::start(&cluster.viewer, "eth0", GROUP);
    viewer.wait_for_more(10);
    for wrong in ["1.0.3", "1.0.4"] {
        let bad = flowctl(&cluster, &["rollout", wrong, "--flow", "ch7"]);
        assert!(!bad.status.success() && bad.stderr.contains("is not what is on air"), "{wrong}: {}", bad.stderr);
        let back = wait_for(&cluster, &operator, "ch7", "Progressing", "False", "RolledBack");
        assert_eq!((&back["revision"], &back["onAirNode"]), (&before["revision"], &before["onAirNode"]));
        flowctl(&cluster, &["rollout", "undo", "--wait"]).expect_success();
    }
    viewer.wait_for_more(100);
    assert_eq!(Continuity::gaps_in(&viewer.bytes()), 0);
    clear(&cluster);
}

#[test]
fn a_version_that_git_owns_is_left_to_git() {
    let cluster = cluster();
    let operator = Operator::start(&cluster);
    cluster.apply(&handler("ch7"));
    let mut spec = pair();
    spec["version"] = VERSION.into();
    cluster.apply(&flow("ch7", spec));
    wait_for(&cluster, &operator, "ch7", "Ready", "True", "AllWell");
    let refused = flowctl(&cluster, &["rollout", "1.0.1", "--flow", "ch7"]);
    assert!(
        !refused.status.success() && refused.stderr.contains("its version is written by others"),
        "{}",
        refused.stderr
    );
    assert_eq!(cluster.get(&["flow", "ch7"])["spec"]["version"], VERSION);
    clear(&cluster);
}
