//! Images that must be signed.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::cluster::{Cluster, Image, PASSWORD, REGISTRY_NAME, USER};
use tests::continuity::Continuity;
use tests::lab::{Capture, Process};

use super::cluster;
use tests::cluster::operator::{Operator, binary, clear, flow, handler, on_k0, prepare, wait_for};
use tests::cluster::version::{IMAGE, VERSION, static_flowclient};

const GROUP: &str = "239.1.1.7:5000";
const UNSIGNED: &str = "1.0.9";

fn pair(version: &str) -> Value {
    let mut spec = tests::cluster::operator::pair("ch7", GROUP);
    spec["version"] = version.into();
    spec
}

/// A folder that says whom to trust, with the key to sign with beside it.
fn trust(cluster: &Cluster) -> (TempDir, TempDir) {
    let (keys, trust) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let key = keys.path().join("key");
    flowctl(cluster, keys.path(), &["image", "key", key.to_str().unwrap()]);
    fs::copy(keys.path().join("key.pub"), trust.path().join("key.pub")).unwrap();
    fs::copy(cluster.folder().join("registry/ca.crt"), trust.path().join("ca.crt")).unwrap();
    let logins = json!({"auths": {REGISTRY_NAME: {"username": USER, "password": PASSWORD}}});
    fs::write(trust.path().join("config.json"), logins.to_string()).unwrap();
    (keys, trust)
}

fn flowctl(cluster: &Cluster, folder: &Path, arguments: &[&str]) {
    Process::run(on_k0(cluster, folder, &binary("flowctl")).args(arguments)).expect_success();
}

fn sign(cluster: &Cluster, keys: &Path, trust: &Path, version: &str) {
    let file = |folder: &Path, name: &str| folder.join(name).to_str().unwrap().to_owned();
    let image = format!("{REGISTRY_NAME}/{IMAGE}:{version}");
    let (key, ca, logins) = (file(keys, "key"), file(trust, "ca.crt"), file(trust, "config.json"));
    flowctl(cluster, keys, &["image", "sign", &image, "--key", &key, "--ca", &ca, "--authfile", &logins]);
}

/// The same program as an image with another digest.
fn push_another(cluster: &Cluster, version: &str) {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{IMAGE}:{version}");
    let image = Image::from_scratch(folder.path(), &name, static_flowclient(), &["//flowclient"]);
    cluster.push(&image, &name).expect_success();
}

#[test]
fn an_unsigned_version_is_refused_while_the_old_one_stays_on_air_until_it_is_signed() {
    let cluster = cluster();
    prepare(&cluster);
    let (keys, trust) = trust(&cluster);
    sign(&cluster, keys.path(), trust.path(), VERSION);
    push_another(&cluster, UNSIGNED);
    let operator = Operator::start_again(&cluster, Some(trust.path()));
    cluster.apply(&handler("ch7"));
    cluster.apply(&flow("ch7", pair(VERSION)));
    let before = wait_for(&cluster, &operator, "ch7", "Ready", "True", "AllWell");
    wait_for(&cluster, &operator, "ch7", "ImageVerified", "True", "Signed");
    let viewer = Capture::start(&cluster.viewer, "eth0", GROUP);
    viewer.wait_for_more(10);
    cluster.apply(&flow("ch7", pair(UNSIGNED)));
    let refused = wait_for(&cluster, &operator, "ch7", "ImageVerified", "False", "Unsigned");
    assert_eq!((&refused["revision"], &refused["onAirNode"]), (&before["revision"], &before["onAirNode"]));
    let events = cluster.kubectl(&["get", "events", "--field-selector=reason=Unsigned"]).expect_success().stdout;
    assert!(events.contains("it is not signed"), "{events}");
    viewer.wait_for_more(500);
    sign(&cluster, keys.path(), trust.path(), UNSIGNED);
    wait_for(&cluster, &operator, "ch7", "ImageVerified", "True", "Signed");
    let after = wait_for(&cluster, &operator, "ch7", "Ready", "True", "AllWell");
    assert_ne!(after["revision"], before["revision"]);
    viewer.wait_for_more(100);
    assert_eq!(Continuity::gaps_in(&viewer.bytes()), 0);
    clear(&cluster);
}
