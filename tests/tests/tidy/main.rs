//! Habits that neither the compiler nor clippy watches: sizes, arrows between crates, one place for each version, licences,
//! links, the table of indicators.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a file that cannot be read is a failed test")]

mod dependencies;
mod documents;
mod indicators;
mod manifests;
mod source;
mod watching;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's root.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The files of the repository that exist and end with `suffix`, by their paths from the root.
fn files(suffix: &str) -> Vec<PathBuf> {
    let mut git = Command::new("git");
    let listing = git.arg("-C").arg(root()).args(["ls-files", "-z", "-co", "--exclude-standard"]).output().unwrap();
    assert!(listing.status.success(), "git lists no files: {}", String::from_utf8_lossy(&listing.stderr));
    let listing = String::from_utf8(listing.stdout).unwrap();
    let names = listing.split('\0').filter(|name| !name.is_empty() && name.ends_with(suffix)).map(PathBuf::from);
    names.filter(|name| root().join(name).is_file()).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Fails with all of `complaints`, if there are any.
#[track_caller]
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
