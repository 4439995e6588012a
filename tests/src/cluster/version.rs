//! Versions of flowclient in the lab's registry: this one by several names, and others made by a change of the code.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{Cluster, Image};
use crate::lab::Process;

/// Image of flowclient in the registry.
pub const IMAGE: &str = "flowclient";
/// Version that flows run unless they name one.
pub const VERSION: &str = "1.0.0";
/// Root of the repository.
const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A change of the code: something put in after a line.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// Path in the repository.
    pub file: &'static str,
    /// Line that is in there once, with its end.
    pub after: &'static str,
    /// What to have behind it.
    pub insert: &'static str,
}

/// Pushes flowclient's image as `version`.
pub fn push(cluster: &Cluster, version: &str) {
    push_unless_there(cluster, version, || static_flowclient().to_owned());
}

/// Pushes the image of flowclient with a change of its code as `version`.
///
/// # Panics
/// When the code is not as the change wants it, or does not compile with it.
pub fn push_changed(cluster: &Cluster, version: &str, change: &Change) {
    push_unless_there(cluster, version, || {
        let sources = tempfile::tempdir().unwrap();
        copy_sources(sources.path());
        let file = sources.path().join(change.file);
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches(change.after).count(), 1, "{} does not have once: {}", change.file, change.after);
        fs::write(&file, text.replace(change.after, &[change.after, change.insert].concat())).unwrap();
        // In a folder of its own: to cargo, the same files of two workspaces are one.
        build_static(sources.path(), &target_folder().0.join("changed"))
    });
}

/// Builds the program only for a version that the registry does not have.
fn push_unless_there(cluster: &Cluster, version: &str, build: impl FnOnce() -> PathBuf) {
    let name = format!("{IMAGE}:{version}");
    if cluster.has_image(&name) {
        return;
    }
    let folder = cluster.folder().join("images").join(version);
    let image = Image::from_scratch(&folder, &name, &build(), &["/flowclient"]);
    cluster.push(&image, &name).expect_success();
}

/// flowclient with its libraries in it, as an image without any needs it: `FLOWCLIENT_STATIC_BIN`, a file of the name
/// `flowclient`, or built now.
pub fn static_flowclient() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let build = || build_static(Path::new(REPOSITORY), &target_folder().0);
    PROGRAM.get_or_init(|| env::var_os("FLOWCLIENT_STATIC_BIN").map_or_else(build, PathBuf::from))
}

/// What git knows of the repository, as it is in the folder now.
fn copy_sources(to: &Path) {
    let listed = Process::run(Command::new("git").args(["-C", REPOSITORY, "ls-files"])).expect_success().stdout;
    for path in listed.lines() {
        let target = to.join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(Path::new(REPOSITORY).join(path), target).unwrap();
    }
}

/// Builds the program from `sources` in the target directory `folder`.
fn build_static(sources: &Path, folder: &Path) -> PathBuf {
    let target = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    let (_, profile) = target_folder();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--locked", "--quiet", "--package", "flowclient", "--target", &target, "--target-dir"]);
    cargo.arg(folder).env("RUSTFLAGS", "-C target-feature=+crt-static").current_dir(sources);
    if profile == "release" {
        cargo.arg("--release");
    }
    Process::run_long(&mut cargo).expect_success();
    folder.join(target).join(profile).join(IMAGE)
}

/// The target directory that this program was built into, and the folder of its profile in there.
fn target_folder() -> (PathBuf, &'static str) {
    let me = env::current_exe().unwrap();
    let of = |profile| me.ancestors().find(|folder| folder.ends_with(profile)).and_then(Path::parent);
    let found = ["debug", "release"].into_iter().find_map(|profile| Some((of(profile)?.to_owned(), profile)));
    found.expect("a program of a target directory")
}
