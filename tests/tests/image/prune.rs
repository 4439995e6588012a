//! Old versions go, and nothing else.

use crate::flowctl::Flowctl;
use crate::images::{image, keep, version};
use crate::registry::{Registry, Setup};

/// A registry with the images of commits 1 to 4, the first of them signed.
fn four() -> (Registry, Flowctl) {
    let registry = Registry::start();
    let flowctl = Flowctl::at(&registry);
    keep(flowctl.layout(), 1..=4);
    for at in 1..=4 {
        flowctl.says(&["push", &registry.repository(), "--version", &version(at)]);
    }
    let key = registry.folder().join("key");
    flowctl.says(&["key", key.to_str().unwrap()]);
    let first = format!("{}:{}", registry.repository(), version(1));
    flowctl.says(&["sign", &first, "--key", key.to_str().unwrap()]);
    (registry, flowctl)
}

fn tags(registry: &Registry, flowctl: &Flowctl) -> Vec<String> {
    let listed = flowctl.tells(&["list", &registry.repository(), "--json"]);
    listed.as_array().unwrap().iter().map(|one| one["tag"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_newest_and_what_is_in_use_stay() {
    let (registry, flowctl) = four();
    let in_use = image(2, 1_000).digest.to_string();
    let said = flowctl.says(&["prune", &registry.repository(), "--keep", "1", "--in-use", &in_use]);
    assert_eq!(tags(&registry, &flowctl), [version(4), version(2)], "{said}");
    let signature = format!("{}:sha256-{}.sig", registry.repository(), image(1, 1_000).digest.hex());
    assert!(flowctl.refuses(&["show", &signature]).contains("no such image"), "the signature went with its image");
}

#[test]
fn a_dry_run_tells_and_does_nothing() {
    let (registry, flowctl) = four();
    let said = flowctl.says(&["prune", &registry.repository(), "--keep", "3", "--dry-run"]);
    assert!(said.lines().last().unwrap().ends_with("would go"), "{said}");
    assert_eq!(tags(&registry, &flowctl).len(), 4);
}

#[test]
fn a_tag_of_somebody_elses_stays_and_keeps_its_image() {
    let (registry, flowctl) = four();
    let stable = format!("{}:stable", registry.repository());
    flowctl.says(&["push", &stable, "--version", &version(1)]);
    let fates = flowctl.tells(&["prune", &registry.repository(), "--keep", "1", "--json"]);
    assert_eq!(fates.as_array().unwrap().len(), 5);
    let mut left = tags(&registry, &flowctl);
    left.sort();
    assert_eq!(left, [version(1), version(4), "stable".to_owned()]);
}

#[test]
fn a_registry_that_lets_nobody_delete_is_told() {
    let registry = Registry::with(&Setup { delete: false, ..Setup::default() });
    let flowctl = Flowctl::at(&registry);
    keep(flowctl.layout(), [1]);
    flowctl.says(&["push", &registry.repository()]);
    let said = flowctl.refuses(&["prune", &registry.repository(), "--keep", "0"]);
    assert!(said.contains("storage.delete.enabled"), "{said}");
}
