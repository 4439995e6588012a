//! Lists what the program is made of: a software bill of materials in SPDX 2.3 (ISO/IEC 5962), as JSON.
//!
//! It names the crates that are linked into the program, not those that only build it (procedural macros, build scripts,
//! tests), with the licence that each declares and the checksum in Cargo.lock; and Rust's standard library and the C library.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use cargo_metadata::{Metadata, MetadataCommand, Package};
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

use super::compile::Program;
use super::component::Component;
use super::source::Source;
use super::version::Version;

/// Name and version of a crate.
type Key = (String, String);

/// Why there is no list.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum SbomError {
    #[error("cargo metadata: {0}")]
    Metadata(#[from] cargo_metadata::Error),
    #[error("cargo tree cannot be started: {0}")]
    NoCargo(io::Error),
    #[error("cargo tree failed: {0}")]
    Tree(String),
    #[error("{}: {said}", path.display())]
    Lock { path: PathBuf, said: String },
}

/// The list for `program`, built from `source` as `version`.
///
/// # Errors
/// When cargo does not tell what the program is made of.
pub fn list(source: &Source, program: &Program, version: &Version) -> Result<Vec<u8>, SbomError> {
    let platform = vec!["--locked".to_owned(), "--filter-platform".to_owned(), program.target.clone()];
    let metadata = MetadataCommand::new().current_dir(&source.root).other_options(platform).exec()?;
    let linked = linked(&source.root, source.component, &program.target)?;
    let checksums = checksums(&source.root.join("Cargo.lock"))?;
    let document = document(source, program, version, &Crates { metadata, linked, checksums });
    let mut text = serde_json::to_vec_pretty(&document).unwrap_or_default();
    text.push(b'\n');
    Ok(text)
}

/// What cargo knows.
struct Crates {
    metadata: Metadata,
    linked: BTreeSet<Key>,
    checksums: BTreeMap<Key, String>,
}

impl Crates {
    /// The crates that are linked in, by name and version.
    fn packages(&self) -> BTreeMap<Key, &Package> {
        let named = self.metadata.packages.iter().map(|package| (key(package), package));
        named.filter(|(key, _)| self.linked.contains(key)).collect()
    }
}

fn key(package: &Package) -> Key {
    (package.name.to_string(), package.version.to_string())
}

/// The crates that are linked into the program.
fn linked(root: &Path, component: Component, target: &str) -> Result<BTreeSet<Key>, SbomError> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).args(["tree", "--locked", "--package", component.package(), "--target", target]);
    let output = cargo.args(["--edges", "normal,no-proc-macro", "--prefix", "none"]).output();
    let output = output.map_err(SbomError::NoCargo)?;
    if !output.status.success() {
        return Err(SbomError::Tree(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(tree_line).collect())
}

/// `libc v0.2.1 (*)` as cargo tree writes it.
fn tree_line(line: &str) -> Option<Key> {
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let version = words.next()?.strip_prefix('v')?;
    Some((name.to_owned(), version.to_owned()))
}

/// The SHA-256 of each crate's archive.
fn checksums(lock: &Path) -> Result<BTreeMap<Key, String>, SbomError> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Locked>,
    }
    #[derive(Deserialize)]
    struct Locked {
        name: String,
        version: String,
        checksum: Option<String>,
    }
    let refuse = |said: String| SbomError::Lock { path: lock.to_owned(), said };
    let text = fs::read_to_string(lock).map_err(|error| refuse(error.to_string()))?;
    let parsed: Lock = toml::from_str(&text).map_err(|error| refuse(error.to_string()))?;
    let known = parsed.package.into_iter().filter_map(|one| Some(((one.name, one.version), one.checksum?)));
    Ok(known.collect())
}

fn document(source: &Source, program: &Program, version: &Version, crates: &Crates) -> Value {
    let mut packages: Vec<Value> =
        crates.packages().iter().map(|(key, package)| package_entry(key, package, crates.checksums.get(key))).collect();
    packages.extend(libraries(program));
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": format!("{}-{version}", source.component),
        "documentNamespace": format!("https://flowclient.io/spdx/{}-{version}-{}", source.component, program.target),
        "creationInfo": { "created": source.committed_text(), "creators": ["Tool: flowctl"] },
        "packages": packages,
        "relationships": relationships(source.component, crates),
    })
}

fn package_entry(key: &Key, package: &Package, checksum: Option<&String>) -> Value {
    let (name, version) = key;
    let licence = package.license.as_deref().map(|licence| licence.replace('/', " OR "));
    let mut entry = json!({
        "SPDXID": id(key),
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": licence.unwrap_or_else(|| "NOASSERTION".to_owned()),
        "copyrightText": "NOASSERTION",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": format!("pkg:cargo/{name}@{version}"),
        }],
    });
    if let Some(checksum) = checksum {
        entry["checksums"] = json!([{ "algorithm": "SHA256", "checksumValue": checksum }]);
    }
    entry
}

/// What no crate brings. glibc is under the LGPL, whose terms for linking with the archive the source of flowclient meets.
fn libraries(program: &Program) -> [Value; 2] {
    let std = format!("Rust's standard library for {}", program.target);
    let libc = ("SPDXRef-Package-libc", "the C library", &program.c_library, "LGPL-2.1-or-later");
    [("SPDXRef-Package-std", std.as_str(), &program.compiler, "MIT OR Apache-2.0"), libc].map(library)
}

fn library((id, name, version, licence): (&str, &str, &String, &str)) -> Value {
    json!({
        "SPDXID": id,
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
    })
}

fn relationships(component: Component, crates: &Crates) -> Vec<Value> {
    let packages = crates.packages();
    let ids: BTreeMap<_, _> = packages.iter().map(|(key, package)| (&package.id, id(key))).collect();
    let root = packages.keys().find(|(name, _)| name == component.package()).map(id).unwrap_or_default();
    let nodes = crates.metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let edges = nodes.flat_map(|node| node.dependencies.iter().map(move |dependency| (&node.id, dependency)));
    let edges: BTreeSet<_> = edges.filter_map(|(from, to)| Some((ids.get(from)?, ids.get(to)?))).collect();
    let mut all = vec![
        relationship("SPDXRef-DOCUMENT", "DESCRIBES", &root),
        relationship(&root, "DEPENDS_ON", "SPDXRef-Package-std"),
        relationship(&root, "DEPENDS_ON", "SPDXRef-Package-libc"),
    ];
    all.extend(edges.into_iter().map(|(from, to)| relationship(from, "DEPENDS_ON", to)));
    all
}

fn relationship(from: &str, kind: &str, to: &str) -> Value {
    json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to })
}

/// An identifier may have letters, digits, dots and dashes (SPDX 2.3, 7.2).
fn id((name, version): &Key) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    format!("SPDXRef-Package-{}", format!("{name}-{version}").chars().map(plain).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_cargo_tree_names_a_crate() {
        let key = |name: &str, version: &str| Some((name.to_owned(), version.to_owned()));
        assert_eq!(tree_line("libc v0.2.191"), key("libc", "0.2.191"));
        assert_eq!(tree_line("serde v1.0.229 (*)"), key("serde", "1.0.229"));
        assert_eq!(tree_line(""), None);
    }

    #[test]
    fn an_identifier_has_no_character_that_spdx_does_not_know() {
        let key = ("serde_json".to_owned(), "1.0.0+x".to_owned());
        assert_eq!(id(&key), "SPDXRef-Package-serde-json-1.0.0-x");
    }
}
