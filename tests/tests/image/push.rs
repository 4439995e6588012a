//! Images go to a registry and come back.

use std::process::Command;

use serde_json::Value;
use tests::lab::Process;

use crate::flowctl::Flowctl;
use crate::images::{image, keep, version};
use crate::registry::{PASSWORD, Registry, USER};

/// What `skopeo inspect` says of `image` at `registry`.
fn inspect(registry: &Registry, image: &str, more: &[&str]) -> Value {
    let mut skopeo = Command::new("skopeo");
    skopeo.args(["inspect", "--creds", &format!("{USER}:{PASSWORD}"), "--cert-dir"]).arg(registry.trust());
    let ended = Process::run(skopeo.args(more).arg(format!("docker://{image}")));
    serde_json::from_str(&ended.expect_success().stdout).unwrap()
}

#[test]
fn skopeo_finds_what_was_pushed() {
    let registry = Registry::start();
    let flowctl = Flowctl::at(&registry);
    keep(flowctl.layout(), [1]);
    let said = flowctl.says(&["push", &registry.repository()]);
    let image = format!("{}:{}", registry.repository(), version(1));
    let found = inspect(&registry, &image, &[]);
    assert_eq!(said, format!("{image}@{}\n", found["Digest"].as_str().unwrap()));
    assert_eq!(found["Labels"]["org.opencontainers.image.version"], version(1).as_str());
    assert_eq!(inspect(&registry, &image, &["--config"])["config"]["User"], "65532:65532");
}

#[test]
fn an_image_of_many_chunks_comes_back_as_it_went() {
    let registry = Registry::start();
    let flowctl = Flowctl::at(&registry);
    let large = image(1, 5 << 20);
    k8s::image::Layout::at(flowctl.layout()).add(&version(1), &large).unwrap();
    let name = format!("{}:{}", registry.repository(), version(1));
    flowctl.says(&["push", &name]);
    let file = registry.folder().join("image.tar");
    let file = file.to_str().unwrap();
    flowctl.says(&["save", &name, "--output", file]);
    let elsewhere = registry.folder().join("elsewhere");
    let said = flowctl.says(&["load", file, "--layout", elsewhere.to_str().unwrap()]);
    assert_eq!(said, format!("{}: {}\n", version(1), large.digest));
    let loaded = k8s::image::Layout::at(elsewhere).get(&version(1)).unwrap();
    assert_eq!(loaded.blobs, large.blobs);
}

#[test]
fn skopeo_reads_what_was_saved_and_flowctl_what_skopeo_wrote() {
    let registry = Registry::start();
    let flowctl = Flowctl::at(&registry);
    keep(flowctl.layout(), [1]);
    let saved = registry.folder().join("saved.tar");
    flowctl.says(&["save", &version(1), "--output", saved.to_str().unwrap()]);
    let copied = registry.folder().join("copied.tar");
    let from = format!("oci-archive:{}", saved.display());
    let to = format!("oci-archive:{}:{}", copied.display(), version(1));
    Process::run(Command::new("skopeo").args(["--insecure-policy", "copy", &from, &to])).expect_success();
    let said = flowctl.says(&["load", copied.to_str().unwrap()]);
    assert_eq!(said, format!("{}: {}\n", version(1), image(1, 1_000).digest));
}

#[test]
fn what_is_listed_and_shown_is_what_was_pushed() {
    let registry = Registry::start();
    let flowctl = Flowctl::at(&registry);
    keep(flowctl.layout(), [1, 2]);
    for at in [1, 2] {
        flowctl.says(&["push", &registry.repository(), "--version", &version(at)]);
    }
    let listed = flowctl.tells(&["list", &registry.repository(), "--json"]);
    let tags: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["tag"].as_str().unwrap()).collect();
    assert_eq!(tags, [version(2), version(1)], "the newest commit comes first");
    let made_here = flowctl.tells(&["list", "--json"]);
    assert_eq!(made_here[0]["digest"], listed[1]["digest"]);
    let shown = flowctl.tells(&["show", &format!("{}:{}", registry.repository(), version(1)), "--json"]);
    assert_eq!(shown["digest"], listed[1]["digest"]);
    assert_eq!(shown["signatures"], 0);
    assert!(flowctl.says(&["list", &registry.repository()]).starts_with("VERSION"));
}

#[test]
fn a_repository_with_more_tags_than_a_page_is_listed_as_a_whole() {
    let registry = Registry::start();
    let flowctl = Flowctl::at(&registry);
    keep(flowctl.layout(), [1]);
    for at in 0..101 {
        flowctl.says(&["push", &format!("{}:{}", registry.repository(), version(at))]);
    }
    let listed = flowctl.tells(&["list", &registry.repository(), "--json"]);
    assert_eq!(listed.as_array().unwrap().len(), 101);
}

#[test]
fn a_password_on_standard_input_logs_in() {
    let registry = Registry::start();
    let flowctl = Flowctl::at(&registry);
    keep(flowctl.layout(), [1]);
    std::fs::remove_file(flowctl.logins()).unwrap();
    assert!(flowctl.refuses(&["push", &registry.repository()]).contains("login refused without a name"));
    let mut shell = Command::new("sh");
    shell.args(["-c", "echo 'on air' | \"$@\"", "sh"]).arg(crate::flowctl::binary());
    shell.args(["image", "push", &registry.repository(), "--username", USER, "--password-stdin", "--ca"]);
    shell.arg(registry.authority()).arg("--layout").arg(flowctl.layout());
    Process::run(&mut shell).expect_success();
}
