//! The real image: made by flowctl, and in another folder by buildah.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, iter};

use k8s::image::tree::Tree;
use k8s::image::{Image, Layout, layer};
use serde_json::Value;
use tempfile::TempDir;
use tests::lab::{Ended, Process};

use crate::flowctl::binary;

/// What an image may be to pull, in bytes.
const SIZE_MAX: u64 = 8 << 20;

/// A clone of this repository in a folder called `name`.
struct Clone {
    folder: TempDir,
    name: &'static str,
}

impl Clone {
    fn new(name: &'static str) -> Self {
        let clone = Self { folder: tempfile::tempdir().unwrap(), name };
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        Process::run(Command::new("git").args(["clone", "--quiet"]).arg(here).arg(clone.root())).expect_success();
        clone
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }

    /// Runs `flowctl image arguments` as somebody who has nothing set that would lead to another folder.
    fn flowctl(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(binary());
        command.arg("image").args(arguments).current_dir(self.root());
        command.env_remove("CARGO_TARGET_DIR").env_remove("FLOWCTL_LAYOUT");
        Process::run_long(&mut command)
    }

    fn build(&self) -> (Value, Image) {
        let built: Value = serde_json::from_str(&self.flowctl(&["build", "--json"]).expect_success().stdout).unwrap();
        let layout = Layout::at(self.root().join("target/image/flowclient"));
        let image = layout.get(built["tag"].as_str().unwrap()).unwrap();
        (built, image)
    }
}

/// Permissions and content by path; a folder has no content.
type Files = BTreeMap<String, (u32, Vec<u8>)>;

fn files_of(image: &Image) -> Files {
    let packed = &image.blobs[&image.manifest.layers[0].digest];
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&packed[..]));
    let mut files = Files::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let path = entry.path().unwrap().to_str().unwrap().trim_end_matches('/').to_owned();
        files.insert(path, (entry.header().mode().unwrap(), bytes));
    }
    files
}

fn files_in(root: &Path) -> Files {
    let mut files = Files::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let found = fs::symlink_metadata(&path).unwrap();
            let bytes = if found.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, (found.permissions().mode() & 0o7777, bytes));
            open.extend(found.is_dir().then_some(path));
        }
    }
    files
}

fn tree_of(files: &Files) -> Tree {
    let mut tree = Tree::default();
    for (path, (mode, bytes)) in files.iter().filter(|(_, (_, bytes))| !bytes.is_empty()) {
        tree.add_file(path, *mode, bytes.clone());
    }
    tree
}

/// The files of the image that buildah makes of `clone` by our Dockerfile. No registry can be asked for a base image here:
/// the build stage begins with an empty one, into which Rust and Debian of this machine are mounted.
fn by_buildah(clone: &Clone) -> Files {
    let scratch = tempfile::tempdir().unwrap();
    let folder = |name: &str| {
        fs::create_dir_all(scratch.path().join(name)).unwrap();
        scratch.path().join(name)
    };
    let mut buildah = Command::new("buildah");
    buildah.arg("--root").arg(folder("root")).arg("--runroot").arg(folder("run")).args(["--storage-driver", "vfs"]);
    buildah.args(["build", "--isolation", "chroot", "--build-arg", "RUST=scratch", "--output"]).arg(folder("out"));
    buildah.arg("--file").arg(clone.root().join("dockerfiles/flowclient.Dockerfile"));
    let machine = [("/usr", "/usr"), ("/usr/bin", "/bin"), ("/usr/lib", "/lib"), ("/usr/lib64", "/lib64")];
    for (from, to) in machine.into_iter().chain(iter::once(("/etc/alternatives", "/etc/alternatives"))) {
        buildah.args(["--volume", &format!("{from}:{to}:ro")]);
    }
    let rust = Process::run(Command::new("rustc").args(["--print", "sysroot"])).expect_success().stdout;
    buildah.args(["--volume", &format!("{}:/usr/local:ro", rust.trim())]);
    // What cargo has fetched already: the home folder is / there.
    for (from, to) in [(&cargo_home(), "/.cargo"), (&folder("tmp"), "/tmp")] {
        buildah.arg("--volume").arg(format!("{}:{to}", from.display()));
    }
    Process::run_long(buildah.arg(clone.root())).expect_success();
    files_in(&scratch.path().join("out"))
}

fn cargo_home() -> PathBuf {
    env::var_os("CARGO_HOME").map_or_else(|| env::home_dir().unwrap().join(".cargo"), PathBuf::from)
}

/// A program is built twice only: that is what takes the time. All of an image but its layer follows from the commit.
#[test]
fn two_clones_make_one_layer_by_flowctl_and_by_buildah() {
    let (one, other) = (Clone::new("here"), Clone::new("somewhere-else"));
    let (built, image) = one.build();
    assert!(image.summary().size_bytes < SIZE_MAX, "{} bytes", image.summary().size_bytes);
    let files = files_of(&image);
    is_a_good_list(&files["usr/share/doc/flowclient/sbom.spdx.json"].1, built["tag"].as_str().unwrap());
    let mine = by_buildah(&other);
    assert_eq!(mine.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());
    for (path, file) in &files {
        assert!(mine[path] == *file, "{path} differs");
    }
    assert_eq!(image.config.rootfs.diff_ids, [layer::pack(&tree_of(&mine)).unwrap().diff_id]);
    runs_as_nobody(&one);
    a_changed_tree_is_refused_unless_forced(&one);
}

/// The program runs where there is nothing else, by the user that the image names.
fn runs_as_nobody(clone: &Clone) {
    let tree = clone.folder.path().join("tree");
    clone.flowctl(&["tree", tree.to_str().unwrap()]).expect_success();
    let said = clone.flowctl(&["tree", tree.to_str().unwrap()]).stderr;
    assert!(said.contains("there is something in it"), "{said}");
    fs::set_permissions(clone.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut chroot = Command::new("chroot");
    chroot.arg("--userspec=65532:65532").arg(&tree).args(["/usr/bin/flowclient", "handlers"]);
    assert!(Process::run(&mut chroot).expect_success().stdout.contains("ch7"));
}

fn a_changed_tree_is_refused_unless_forced(clone: &Clone) {
    fs::write(clone.root().join("note.txt"), "changed").unwrap();
    let said = clone.flowctl(&["build"]).stderr;
    assert!(said.contains("changes that are in no commit: ?? note.txt; commit them, or build with --force"), "{said}");
    let forced: Value =
        serde_json::from_str(&clone.flowctl(&["build", "--force", "--json"]).expect_success().stdout).unwrap();
    assert!(forced["tag"].as_str().unwrap().contains(".dirty-"), "{forced}");
}

/// The list names what is linked in, and not what only builds it.
fn is_a_good_list(bytes: &[u8], version: &str) {
    let list: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(list["spdxVersion"], "SPDX-2.3");
    assert_eq!(list["name"], format!("flowclient-{version}").as_str());
    let packages = list["packages"].as_array().unwrap();
    let names: Vec<_> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    for linked in ["flowclient", "relay", "tokio", "libc", "the C library"] {
        assert!(names.contains(&linked), "{linked} is missing");
    }
    for not_linked in ["serde_derive", "syn", "proptest", "k8s"] {
        assert!(!names.contains(&not_linked), "{not_linked} is not linked in");
    }
    let ids: Vec<_> = packages.iter().map(|package| &package["SPDXID"]).collect();
    for relationship in list["relationships"].as_array().unwrap() {
        assert!(ids.contains(&&relationship["relatedSpdxElement"]), "{relationship}");
    }
}
