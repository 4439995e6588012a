//! What comes in from crates.io: under which licence, and how many times.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{Metadata, Package};
use spdx::Expression;

use crate::assert_none;
use crate::manifests::metadata;

/// Licences that ask for no more than to be named.
const LICENCES: [&str; 11] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "NCSA",
    "Unicode-3.0",
    "Zlib",
];

/// Crates of which there may be several versions, and why.
const DOUBLED: [(&str, &str); 3] = [
    ("getrandom", "ring, which signs the lab's certificates, still uses version 0.2"),
    ("syn", "the derive macros of zerocopy still use version 2, the others 3; it is in no binary"),
    ("windows-sys", "ring names an older one; it is in nothing that is built for Linux"),
];

#[test]
fn licences_are_on_the_list() {
    let metadata = metadata(false);
    let foreign = metadata.packages.iter().filter(|package| package.source.is_some());
    let complaints = foreign.filter(|package| !is_allowed(package)).map(|package| {
        let licence = package.license.as_deref().unwrap_or("none");
        format!("{} {}: licence {licence} is not on the list", package.name, package.version)
    });
    assert_none(&complaints.collect::<Vec<_>>());
}

fn is_allowed(package: &Package) -> bool {
    // Before SPDX expressions, crates.io knew `MIT/Apache-2.0`.
    let licence = package.license.as_deref().unwrap_or_default().replace('/', " OR ");
    let on_the_list = |wanted: &spdx::LicenseReq| LICENCES.iter().any(|name| wanted.license.to_string() == *name);
    Expression::parse(&licence).is_ok_and(|expression| expression.evaluate(on_the_list))
}

#[test]
fn no_crate_comes_in_two_versions() {
    let doubled = doubled(&metadata(false));
    let allowed: BTreeMap<_, _> = DOUBLED.into_iter().collect();
    let surprising = doubled.iter().filter(|(name, _)| !allowed.contains_key(name.as_str()));
    let complaints = surprising.map(|(name, versions)| format!("{name} comes in versions {}", versions.join(", ")));
    assert_none(&complaints.collect::<Vec<_>>());
    let gone = allowed.keys().filter(|name| !doubled.contains_key(**name));
    assert_none(&gone.map(|name| format!("{name} comes once only: take it off the list")).collect::<Vec<_>>());
}

/// Crates that come in several versions, and which.
fn doubled(metadata: &Metadata) -> BTreeMap<String, Vec<String>> {
    let used: BTreeSet<_> =
        metadata.resolve.iter().flat_map(|resolve| resolve.nodes.iter().map(|node| &node.id)).collect();
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in metadata.packages.iter().filter(|package| used.contains(&package.id)) {
        versions.entry(package.name.to_string()).or_default().push(package.version.to_string());
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}
