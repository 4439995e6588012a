//! The programs of a cluster: Kubernetes and etcd, built once, and Debian's.

use std::path::Path;
use std::process::{Command, Stdio};

/// What the lab runs of Debian's, a line each: a program and the package that has it.
const DEBIAN: &str = include_str!("../../kubernetes/debian");
const DEBIAN_FOLDERS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The folders to look for programs in, separated by colons. Kubernetes and etcd are built first if they were not: that takes
/// minutes, and says so.
///
/// # Panics
/// When a program of Debian's is missing or the build fails.
pub(super) fn search_path() -> String {
    let wanted = DEBIAN.lines().filter_map(|line| line.split_once(' '));
    let missing: Vec<_> = wanted.filter(|(program, _)| !exists(program)).map(|(_, package)| package.trim()).collect();
    assert!(missing.is_empty(), "programs are missing: apt-get install --no-install-recommends {}", missing.join(" "));
    build().lines().chain([DEBIAN_FOLDERS]).collect::<Vec<_>>().join(":")
}

/// Whether there is such a program; `join` leaves absolute paths as they are.
fn exists(program: &str) -> bool {
    DEBIAN_FOLDERS.split(':').any(|folder| Path::new(folder).join(program).exists())
}

/// Folders of the programs that are built here, one a line.
fn build() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("kubernetes/build");
    let output = Command::new(&script).stderr(Stdio::inherit()).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    assert!(output.status.success(), "{} failed; it needs Go and its module proxy", script.display());
    String::from_utf8(output.stdout).expect("the script prints paths")
}
