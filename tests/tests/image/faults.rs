//! What goes wrong is told with what would be right, and does not leave half an image behind.

use std::fs;
use std::process::Command;

use tests::lab::Process;

use crate::flowctl::Flowctl;
use crate::images::{image, keep, version};
use crate::registry::{Registry, Setup};

/// A disk of 2 MiB; unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new() -> Self {
        let disk = Self(tempfile::tempdir().unwrap());
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2m", "small"]).arg(disk.0.path());
        Process::run(&mut mount).expect_success();
        disk
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

fn pushing(registry: &Registry) -> String {
    let flowctl = Flowctl::at(registry);
    keep(flowctl.layout(), [1]);
    flowctl.refuses(&["push", &registry.repository()])
}

#[test]
fn a_registry_that_is_down_is_told() {
    let registry = Registry::start();
    let flowctl = Flowctl::at(&registry);
    keep(flowctl.layout(), [1]);
    let said = flowctl.refuses(&["push", "localhost:1/flowclient"]);
    assert!(said.contains("localhost:1: cannot be reached: Connection refused"), "{said}");
}

#[test]
fn a_registry_out_of_disk_is_told_and_holds_no_half_of_an_image() {
    let disk = SmallDisk::new();
    let registry = Registry::with(&Setup { storage: Some(disk.0.path()), ..Setup::default() });
    let flowctl = Flowctl::at(&registry);
    let large = image(1, 5 << 20);
    k8s::image::Layout::at(flowctl.layout()).add(&version(1), &large).unwrap();
    let said = flowctl.refuses(&["push", &registry.repository()]);
    assert!(said.contains("out of disk"), "{said}");
    let listed = flowctl.run(&["list", &registry.repository(), "--json"]);
    assert!(listed.stdout.trim() == "[]" || listed.stderr.contains("no such repository"), "{}", listed.stdout);
}

#[test]
fn an_expired_certificate_is_told() {
    let said = pushing(&Registry::with(&Setup { expired: true, ..Setup::default() }));
    assert!(said.contains("certificate has expired"), "{said}");
}

#[test]
fn a_certificate_for_another_name_is_told() {
    let said = pushing(&Registry::with(&Setup { name: "elsewhere.example.com", ..Setup::default() }));
    assert!(said.contains("certificate is for another name"), "{said}");
}

#[test]
fn a_registry_without_tls_is_told() {
    let said = pushing(&Registry::with(&Setup { tls: false, ..Setup::default() }));
    assert!(said.contains("no TLS connection: it answers without TLS"), "{said}");
}

#[test]
fn an_authority_that_nobody_knows_is_told() {
    let registry = Registry::start();
    let flowctl = Flowctl::at(&registry);
    keep(flowctl.layout(), [1]);
    let stranger = registry.folder().join("stranger.crt");
    fs::write(&stranger, crate::authority::Authority::new().certificate()).unwrap();
    let said = flowctl.refuses(&["push", &registry.repository(), "--ca", stranger.to_str().unwrap()]);
    assert!(said.contains("signed by an authority that is not trusted here"), "{said}");
}

#[test]
fn a_refused_login_is_told() {
    let registry = Registry::start();
    let flowctl = Flowctl::at(&registry);
    keep(flowctl.layout(), [1]);
    flowctl.log_in(&registry, "wrong");
    let said = flowctl.refuses(&["push", &registry.repository()]);
    assert!(said.contains("login refused for ann"), "{said}");
}

#[test]
fn a_missing_image_is_told_here_and_there() {
    let registry = Registry::start();
    let flowctl = Flowctl::at(&registry);
    assert!(flowctl.refuses(&["push", &registry.repository()]).contains("no image was made here yet"));
    keep(flowctl.layout(), [1]);
    let said = flowctl.refuses(&["push", &registry.repository(), "--version", "0.9.0-g1"]);
    assert!(said.contains(&format!("no image 0.9.0-g1 here; there is {}", version(1))), "{said}");
    flowctl.says(&["push", &registry.repository()]);
    let said = flowctl.refuses(&["show", &format!("{}:nope", registry.repository())]);
    assert!(said.contains("nope: no such image in the registry"), "{said}");
}

#[test]
fn an_image_that_lost_a_layer_in_the_registry_is_told() {
    let registry = Registry::start();
    let flowctl = Flowctl::at(&registry);
    keep(flowctl.layout(), [1]);
    flowctl.says(&["push", &registry.repository()]);
    let layer = image(1, 1_000).manifest.layers[0].digest.clone();
    let blob = format!("images/docker/registry/v2/blobs/sha256/{}/{}/data", &layer.hex()[..2], layer.hex());
    fs::write(registry.folder().join(blob), "altered").unwrap();
    let name = format!("{}:{}", registry.repository(), version(1));
    let said = flowctl.refuses(&["save", &name, "--output", registry.folder().join("x.tar").to_str().unwrap()]);
    assert!(said.contains("igest") || said.contains("altered"), "{said}");
    assert!(!registry.folder().join("x.tar").exists());
}
