//! Container images made FROM scratch, of one program, without a daemon.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::lab::Process;

/// Name of the image that holds a pod's namespaces.
pub(super) const PAUSE: &str = "lab/pause:1";
/// A static program that is many: a shell, `sleep`, `httpd`...
pub const BUSYBOX: &str = "/bin/busybox";

/// An image in a folder, as the OCI image layout 1.0 has it.
#[derive(Debug)]
pub struct Image {
    folder: PathBuf,
}

impl Image {
    /// Makes the image `name` in `folder`: one layer with `program`, which runs as `command` says.
    ///
    /// # Panics
    /// When the program cannot be read.
    pub fn from_scratch(folder: &Path, name: &str, program: &Path, command: &[&str]) -> Self {
        let image = Self { folder: folder.to_owned() };
        let layer = image.add_blob(&layer(program), "application/vnd.oci.image.layer.v1.tar");
        let config = json!({
            "architecture": architecture(),
            "os": "linux",
            "config": {"Entrypoint": command},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        });
        let config = image.add_blob(config.to_string().as_bytes(), "application/vnd.oci.image.config.v1+json");
        let manifest_type = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({"schemaVersion": 2, "mediaType": manifest_type, "config": config, "layers": [layer]});
        let mut manifest = image.add_blob(manifest.to_string().as_bytes(), manifest_type);
        manifest["annotations"] = json!({"io.containerd.image.name": format!("docker.io/{name}")});
        image.write("index.json", json!({"schemaVersion": 2, "manifests": [manifest]}).to_string().as_bytes());
        image.write("oci-layout", br#"{"imageLayoutVersion": "1.0.0"}"#);
        image
    }

    /// The folder that it is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts it into one file.
    pub(super) fn archive(&self, path: &Path) {
        tar(Command::new("tar").arg("-cf").arg(path).arg("-C").arg(&self.folder).arg("."));
    }

    /// Adds content under the name of its digest; returns what refers to it.
    fn add_blob(&self, content: &[u8], media_type: &str) -> Value {
        let digest = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.write(&format!("blobs/sha256/{digest}"), content);
        json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": content.len()})
    }

    fn write(&self, path: &str, content: &[u8]) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
}

/// A layer with `program` in its root, the same whenever it is made.
fn layer(program: &Path) -> Vec<u8> {
    let (folder, name) = (program.parent().expect("a folder"), program.file_name().expect("a name"));
    let archive = tempfile::NamedTempFile::new().expect("a temporary file");
    let mut command = Command::new("tar");
    command.arg("-cf").arg(archive.path()).args(["--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"]);
    tar(command.arg("--mode=0755").arg("-C").arg(folder).arg(name));
    fs::read(archive.path()).expect("the archive")
}

fn tar(command: &mut Command) {
    Process::run(command).expect_success();
}

/// The processor's name, as images have it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
