//! Manifests: one place for versions, one direction for arrows.

use std::collections::BTreeMap;
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use crate::{assert_none, files, read, root};

/// What each crate of the workspace may depend on. `tests` may depend on all.
const ARROWS: [(&str, &[&str]); 6] = [
    ("relay", &[]),
    ("provision", &[]),
    ("flowclient", &["relay"]),
    ("bench", &["relay"]),
    ("k8s", &["relay", "provision"]),
    ("fuzz", &["relay", "flowclient"]),
];

/// What the data path does without.
const NOT_IN_THE_DATA_PATH: [&str; 5] = ["tokio", "prometheus", "kube", "hyper", "axum"];

pub(crate) fn metadata(no_deps: bool) -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml")).other_options(vec!["--offline".into(), "--locked".into()]);
    if no_deps {
        command.no_deps();
    }
    command.exec().expect("cargo metadata")
}

#[test]
fn arrows_between_crates_point_as_designed() {
    let metadata = metadata(true);
    let allowed: BTreeMap<_, _> = ARROWS.into_iter().collect();
    let members: Vec<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut complaints = Vec::new();
    for package in metadata.packages.iter().filter(|package| package.name.as_str() != "tests") {
        let Some(allowed) = allowed.get(package.name.as_str()) else {
            complaints.push(format!("{}: a crate without a place in the order of crates", package.name));
            continue;
        };
        let inner = package.dependencies.iter().filter(|dependency| members.contains(&dependency.name.as_str()));
        let wrong = inner.filter(|dependency| !allowed.contains(&dependency.name.as_str()));
        complaints.extend(wrong.map(|dependency| format!("{} must not depend on {}", package.name, dependency.name)));
    }
    assert_none(&complaints);
}

#[test]
fn the_data_path_knows_no_runtime_and_no_cluster() {
    let metadata = metadata(true);
    let relay = metadata.packages.iter().find(|package| package.name.as_str() == "relay").unwrap();
    let shipped = relay.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
    let wrong = shipped.filter(|dependency| NOT_IN_THE_DATA_PATH.iter().any(|name| dependency.name.starts_with(name)));
    assert_none(&wrong.map(|dependency| format!("relay must not depend on {}", dependency.name)).collect::<Vec<_>>());
}

#[test]
fn versions_are_pinned_in_the_root_manifest_only() {
    let members = files("Cargo.toml").into_iter().filter(|path| path != Path::new("Cargo.toml"));
    let mut complaints = Vec::new();
    for path in members {
        for (at, line) in read(&path).lines().enumerate().filter(|(_, line)| pins(line)) {
            complaints.push(format!("{}:{}: say `.workspace = true` instead of: {line}", path.display(), at + 1));
        }
    }
    assert_none(&complaints);
}

/// Whether a manifest's line gives a version: `name = "1.2"`, or `version = "1.2"` anywhere.
fn pins(line: &str) -> bool {
    let code = line.split('#').next().unwrap_or_default();
    let quoted = code.split('"').skip(1).step_by(2);
    quoted
        .map(|text| text.trim_start_matches(['^', '=', '~', '>', ' ']))
        .any(|text| text.starts_with(|c: char| c.is_ascii_digit()))
}

#[test]
fn a_pinned_version_is_seen_in_each_form() {
    assert!(pins("serde = \"1.0\"") && pins("serde = { version = \"=1.0\" }"));
    assert!(!pins("serde.workspace = true") && !pins("name = \"serde\""));
}
