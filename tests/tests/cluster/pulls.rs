//! Versions that no node can get from the registry.

use tests::cluster::operator::{Operator, clear, flow, handler, quick_pair, wait_for, wait_for_status};
use tests::cluster::version::{VERSION, push};
use tests::cluster::{Certificate, Cluster, PASSWORD, REGISTRY};
use tests::continuity::Continuity;
use tests::lab::Capture;

use super::cluster;

const GROUP: &str = "239.1.1.7:5000";
/// Machine of the registry.
const DOCKERSRV: &str = "dockersrv";
/// A version that is there.
const GOOD: &str = "1.0.1";

/// Puts right what a test did to the registry and the login, however it ends.
struct Mended<'a>(&'a Cluster);

impl Drop for Mended<'_> {
    fn drop(&mut self) {
        self.0.show_certificate(Certificate::Valid);
        self.0.give_pods_the_password(PASSWORD);
    }
}

/// Gives the flow a version and so many seconds to start it.
fn want(cluster: &Cluster, version: &str, deadline_seconds: u32) {
    let mut spec = quick_pair("ch7", GROUP);
    spec["version"] = version.into();
    spec["rollout"]["deadlineSeconds"] = deadline_seconds.into();
    cluster.apply(&flow("ch7", spec));
}

/// Wants a version that cannot be pulled, and waits until it is taken back with a sentence that says why.
fn is_taken_back(cluster: &Cluster, operator: &Operator, version: &str, why: &str) {
    want(cluster, version, 10);
    let what = format!("{version} is taken back, for its image cannot be pulled: {why}");
    wait_for_status(cluster, Some(operator), "ch7", &what, |status| {
        let message = status["rollout"]["message"].as_str()?;
        let is_told = [version, "cannot be pulled", why].iter().all(|word| message.contains(word));
        (status["rollout"]["phase"] == "RolledBack" && is_told).then_some(())
    });
}

#[test]
fn a_version_that_no_node_can_pull_is_taken_back_with_the_reason_while_the_old_one_stays_on_air() {
    let cluster = cluster();
    let operator = Operator::start(&cluster);
    push(&cluster, GOOD);
    cluster.apply(&handler("ch7"));
    want(&cluster, VERSION, 60);
    let before = wait_for(&cluster, &operator, "ch7", "Ready", "True", "AllWell");
    let viewer = Capture::start(&cluster.viewer, "eth0", GROUP);
    viewer.wait_for_more(10);
    let mended = Mended(&cluster);
    is_taken_back(&cluster, &operator, "1.9.1", "not found");
    cluster.stop(DOCKERSRV, REGISTRY);
    is_taken_back(&cluster, &operator, "1.9.2", "connection refused");
    cluster.show_certificate(Certificate::Expired);
    is_taken_back(&cluster, &operator, "1.9.3", "certificate has expired");
    cluster.show_certificate(Certificate::Valid);
    cluster.give_pods_the_password("off-air");
    is_taken_back(&cluster, &operator, "1.9.4", "401 Unauthorized");
    drop(mended);
    let status = cluster.get(&["flow", "ch7"])["status"].take();
    assert_eq!((&status["revision"], &status["onAirNode"]), (&before["revision"], &before["onAirNode"]));
    want(&cluster, GOOD, 60);
    wait_for_status(&cluster, Some(&operator), "ch7", "a version that is there is on air", |status| {
        (status["rollout"].is_null() && status["proven"]["image"].as_str()?.ends_with(GOOD)).then_some(())
    });
    viewer.wait_for_more(100);
    assert_eq!(Continuity::gaps_in(&viewer.bytes()), 0);
    clear(&cluster);
}
