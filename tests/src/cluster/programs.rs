//! The programs of a cluster: Kubernetes and etcd, built once, and Debian's.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

/// What the lab runs of Debian's, and the package that has it.
const DEBIAN: [(&str, &str); 9] = [
    ("containerd", "containerd"),
    ("runc", "runc"),
    ("docker-registry", "docker-registry"),
    ("htpasswd", "apache2-utils"),
    ("skopeo", "skopeo"),
    ("iptables", "iptables"),
    ("busybox", "busybox-static"),
    ("nsenter", "util-linux"),
    ("ip", "iproute2"),
];

/// The folders to look for programs in, separated by colons. Kubernetes and etcd are built first if they were not: that takes
/// minutes, and says so.
///
/// # Panics
/// When a program of Debian's is missing or the build fails.
pub(super) fn search_path() -> String {
    let debian = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let is_missing = |program: &str| !debian.split(':').any(|folder| Path::new(folder).join(program).exists());
    let missing: Vec<_> =
        DEBIAN.iter().filter(|(program, _)| is_missing(program)).map(|(_, package)| *package).collect();
    assert!(missing.is_empty(), "programs are missing: apt-get install --no-install-recommends {}", missing.join(" "));
    let built = build();
    format!("{}:{debian}", built.lines().collect::<Vec<_>>().join(":"))
}

/// Folders of the programs that are built here, one a line.
fn build() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("kubernetes/build");
    let go = format!("{}:/usr/local/go/bin", env::var("PATH").unwrap_or_default());
    let output = Command::new(&script).env("PATH", go).stderr(Stdio::inherit()).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    assert!(output.status.success(), "{} failed; it needs Go and its module proxy", script.display());
    String::from_utf8(output.stdout).expect("the script prints paths")
}
