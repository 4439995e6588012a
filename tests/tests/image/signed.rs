//! Signatures: made, believed, doubted; by flowctl and by skopeo.

use std::fs;
use std::process::Command;

use serde_json::Value;
use tests::lab::{Ended, Process};

use crate::flowctl::Flowctl;
use crate::images::{keep, version};
use crate::registry::{PASSWORD, Registry, USER};

/// A registry with an image, and a key.
struct Lab {
    registry: Registry,
    flowctl: Flowctl,
    image: String,
}

impl Lab {
    fn new() -> Self {
        let registry = Registry::start();
        let flowctl = Flowctl::at(&registry);
        keep(flowctl.layout(), [1, 2]);
        let image = format!("{}:{}", registry.repository(), version(1));
        flowctl.says(&["push", &image, "--version", &version(1)]);
        let lab = Self { registry, flowctl, image };
        lab.flowctl.says(&["key", &lab.path("key")]);
        lab
    }

    fn path(&self, name: &str) -> String {
        self.registry.folder().join(name).to_str().unwrap().to_owned()
    }

    fn sign(&self) {
        self.flowctl.says(&["sign", &self.image, "--key", &self.path("key")]);
    }

    fn verify(&self, key: &str) -> Ended {
        self.flowctl.run(&["verify", &self.image, "--key", &self.path(key), "--platform", "linux/amd64"])
    }

    fn doubts(&self, key: &str) -> String {
        self.flowctl.refuses(&["verify", &self.image, "--key", &self.path(key)])
    }
}

#[test]
fn a_signed_image_is_believed_and_an_unsigned_one_is_not() {
    let lab = Lab::new();
    assert!(lab.doubts("key.pub").contains("it is not signed"));
    lab.sign();
    assert!(lab.verify("key.pub").expect_success().stdout.contains("signed by a key that is trusted"));
}

#[test]
fn a_signature_by_another_key_is_not_believed_until_this_key_signs_too() {
    let lab = Lab::new();
    lab.flowctl.says(&["key", &lab.path("other")]);
    lab.sign();
    assert!(lab.doubts("other.pub").contains("it is not signed by this key"));
    lab.flowctl.says(&["sign", &lab.image, "--key", &lab.path("other")]);
    lab.verify("other.pub").expect_success();
    lab.verify("key.pub").expect_success();
    assert_eq!(lab.flowctl.tells(&["show", &lab.image, "--json"])["signatures"], 2);
}

#[test]
fn a_tag_that_was_given_to_another_image_is_not_believed() {
    let lab = Lab::new();
    lab.sign();
    lab.flowctl.says(&["push", &lab.image, "--version", &version(2)]);
    assert!(lab.doubts("key.pub").contains("it is not signed"));
}

#[test]
fn an_image_altered_in_the_registry_is_not_believed() {
    let lab = Lab::new();
    lab.sign();
    let digest = k8s::image::Layout::at(lab.flowctl.layout()).get(&version(1)).unwrap().digest;
    let blob = format!("images/docker/registry/v2/blobs/sha256/{}/{}/data", &digest.hex()[..2], digest.hex());
    let blob = lab.registry.folder().join(blob);
    let altered = fs::read_to_string(&blob).unwrap().replace("schemaVersion\":2", "schemaVersion\":2 ");
    fs::write(&blob, altered).unwrap();
    let by_digest = format!("{}@{digest}", lab.registry.repository());
    let said = lab.flowctl.refuses(&["verify", &by_digest, "--key", &lab.path("key.pub")]);
    assert!(said.contains("altered") || said.contains("igest"), "{said}");
    assert!(!lab.verify("key.pub").status.success());
}

#[test]
fn an_image_for_another_processor_is_refused() {
    let lab = Lab::new();
    lab.sign();
    let key = lab.path("key.pub");
    let said = lab.flowctl.refuses(&["verify", &lab.image, "--key", &key, "--platform", "linux/arm64"]);
    assert!(said.contains("it is for linux/amd64, and linux/arm64 is wanted"), "{said}");
}

/// Writes what is at `source` in the registry into a folder, by skopeo.
fn copy(lab: &Lab, source: &str, folder: &str) {
    let mut skopeo = Command::new("skopeo");
    skopeo.args(["--insecure-policy", "copy", "--src-creds", &format!("{USER}:{PASSWORD}"), "--src-cert-dir"]);
    skopeo.arg(lab.registry.trust()).args([format!("docker://{source}"), format!("dir:{}", lab.path(folder))]);
    Process::run(&mut skopeo).expect_success();
}

#[test]
fn others_find_the_signature_where_cosign_puts_it_and_openssl_believes_it() {
    let lab = Lab::new();
    lab.sign();
    let digest = k8s::image::Layout::at(lab.flowctl.layout()).get(&version(1)).unwrap().digest;
    copy(&lab, &format!("{}:sha256-{}.sig", lab.registry.repository(), digest.hex()), "signatures");
    let manifest = fs::read(lab.path("signatures/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let layer = &manifest["layers"][0];
    assert_eq!(layer["mediaType"], "application/vnd.dev.cosign.simplesigning.v1+json");
    let payload = lab.path(&format!("signatures/{}", layer["digest"].as_str().unwrap().replace("sha256:", "")));
    let signed: Value = serde_json::from_slice(&fs::read(&payload).unwrap()).unwrap();
    assert_eq!(signed["critical"]["type"], "cosign container image signature");
    assert_eq!(signed["critical"]["image"]["docker-manifest-digest"], digest.as_str());
    assert_eq!(signed["critical"]["identity"]["docker-reference"], lab.registry.repository());
    fs::write(lab.path("base64"), layer["annotations"]["dev.cosignproject.cosign/signature"].as_str().unwrap())
        .unwrap();
    let decode = ["base64", "-d", "-A", "-in", &lab.path("base64"), "-out", &lab.path("signature")];
    Process::run(Command::new("openssl").args(decode)).expect_success();
    let verify = ["dgst", "-sha256", "-verify", &lab.path("key.pub"), "-signature", &lab.path("signature"), &payload];
    assert_eq!(Process::run(Command::new("openssl").args(verify)).expect_success().stdout.trim(), "Verified OK");
}

#[test]
fn a_key_that_openssl_made_signs_too() {
    let lab = Lab::new();
    let make = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &lab.path("made")];
    Process::run(Command::new("openssl").args(make)).expect_success();
    let public = ["pkey", "-in", &lab.path("made"), "-pubout", "-out", &lab.path("made.pub")];
    Process::run(Command::new("openssl").args(public)).expect_success();
    lab.flowctl.says(&["sign", &lab.image, "--key", &lab.path("made")]);
    lab.verify("made.pub").expect_success();
}

#[test]
fn an_image_as_docker_writes_it_is_shown_signed_and_believed_too() {
    let lab = Lab::new();
    let docker = format!("{}:docker", lab.registry.repository());
    let mut skopeo = Command::new("skopeo");
    skopeo.args(["--insecure-policy", "copy", "--format", "v2s2", "--src-creds", &format!("{USER}:{PASSWORD}")]);
    skopeo.args(["--dest-creds", &format!("{USER}:{PASSWORD}"), "--src-cert-dir"]).arg(lab.registry.trust());
    skopeo.arg("--dest-cert-dir").arg(lab.registry.trust());
    Process::run(skopeo.args([format!("docker://{}", lab.image), format!("docker://{docker}")])).expect_success();
    assert_eq!(lab.flowctl.tells(&["show", &docker, "--json"])["platform"], "linux/amd64");
    lab.flowctl.says(&["sign", &docker, "--key", &lab.path("key")]);
    lab.flowctl.says(&["verify", &docker, "--key", &lab.path("key.pub")]);
}

#[test]
fn a_key_is_never_written_over() {
    let lab = Lab::new();
    assert!(lab.flowctl.refuses(&["key", &lab.path("key")]).contains("File exists"));
}
