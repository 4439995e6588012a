//! The chart and the plain manifests, as other programs see them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::cluster::Cluster;
use tests::cluster::operator::prepare;
use tests::lab::{Ended, Process, until};

use super::cluster;

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/kubernetes");
const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/kubernetes/chart");

/// The folder with helm, which is built from Go modules.
fn helm_folder() -> PathBuf {
    let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("kubernetes/build");
    let built = Process::run_long(Command::new(build).arg("helm")).expect_success();
    Path::new(built.stdout.trim()).to_owned()
}

fn helm(arguments: &[&str]) -> Ended {
    Process::run(Command::new(helm_folder().join("helm")).args(arguments))
}

#[test]
fn helm_finds_nothing_wrong_with_the_chart_and_refuses_values_that_mean_nothing() {
    let lint = helm(&["lint", "--strict", CHART]).expect_success().stdout;
    assert!(lint.contains("0 chart(s) failed"), "{lint}");
    let nonsense = helm(&["template", "flow-operator", CHART, "--set=replicas=many"]);
    assert!(!nonsense.status.success() && nonsense.stderr.contains("replicas"), "{}", nonsense.stderr);
}

#[test]
fn the_plain_manifests_are_what_the_chart_says() {
    let mut render = Command::new(Path::new(DEPLOY).join("render"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(helm_folder()).chain(std::env::split_paths(&path));
    let rendered = Process::run(render.env("PATH", std::env::join_paths(folders).unwrap())).expect_success().stdout;
    let kept = fs::read_to_string(Path::new(DEPLOY).join("manifests.yaml")).unwrap();
    assert!(rendered == kept, "deploy/kubernetes/render > deploy/kubernetes/manifests.yaml");
}

#[test]
fn kubectl_explains_what_a_flow_says() {
    let cluster = cluster();
    prepare(&cluster);
    let fields = until("the API server explains flows", || explained(&cluster, "flow.spec"));
    for words in ["handler", "out", "pairPatience", "How another version proves itself"] {
        assert!(fields.contains(words), "{words}: {fields}");
    }
}

/// The API server tells of new definitions a moment after it takes them.
fn explained(cluster: &Cluster, what: &str) -> Option<String> {
    let ended = cluster.kubectl(&["explain", what]);
    ended.status.success().then_some(ended.stdout)
}
