//! The private registry (TLS, and a login for whoever pushes or pulls), and what is in it.

use std::process::Command;

use serde_json::{Value, json};

use super::Cluster;
use super::certificates::Authority;
use super::hosts::REGISTRY_NAME;
use super::image::Image;
use super::machine::Machine;
use crate::lab::{Ended, Process};

/// The service.
pub const REGISTRY: &str = "docker-registry";
/// Who may push and pull.
pub const USER: &str = "flowclient";
/// The user's password.
pub const PASSWORD: &str = "on-air";

/// A certificate of the registry's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// One that holds.
    Valid,
    /// One that ended long ago.
    Expired,
}

impl Certificate {
    const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
        }
    }
}

/// Puts the service, its certificates and its one user on `machine`.
pub(super) fn install(machine: &Machine, authority: &Authority) {
    let (names, addresses) = ([REGISTRY_NAME, machine.name()], [machine.host().address]);
    let valid = authority.server(REGISTRY_NAME, None, &names, &addresses);
    let expired = authority.expired_server(REGISTRY_NAME, &names, &addresses);
    for (certificate, identity) in [(Certificate::Valid, valid), (Certificate::Expired, expired)] {
        machine.write(&format!("etc/registry/{}.crt", certificate.name()), &identity.certificate);
        machine.write(&format!("etc/registry/{}.key", certificate.name()), &identity.key);
    }
    machine.write("etc/registry/users", &users());
    configure(machine, Certificate::Valid);
    machine.add_service(REGISTRY, "exec docker-registry serve /etc/registry/config.yml");
}

fn configure(machine: &Machine, certificate: Certificate) {
    let file = |kind: &str| format!("/etc/registry/{}.{kind}", certificate.name());
    let config = json!({
        "version": 0.1,
        "log": {"level": "info"},
        "storage": {"filesystem": {"rootdirectory": "/var/lib/registry"}, "delete": {"enabled": true}},
        "http": {"addr": ":443", "tls": {"certificate": file("crt"), "key": file("key")}},
        "auth": {"htpasswd": {"realm": REGISTRY_NAME, "path": "/etc/registry/users"}},
    });
    machine.write("etc/registry/config.yml", &config.to_string());
}

/// The registry takes no other hash than bcrypt; at its least cost, for each pull pays it.
fn users() -> String {
    let hashed = Process::run(Command::new("htpasswd").args(["-nbBC4", USER, PASSWORD]));
    hashed.expect_success().stdout
}

impl Cluster {
    /// Pushes `image` as `name` (`ch7:1.0`, say) with the registry's login.
    pub fn push(&self, image: &Image, name: &str) -> Ended {
        let login = format!("{USER}:{PASSWORD}");
        self.skopeo(&["--dest-creds", &login], image, name)
    }

    /// Pushes `image` as `name` without a login, which the registry is to refuse.
    pub fn push_without_login(&self, image: &Image, name: &str) -> Ended {
        self.skopeo(&["--dest-no-creds"], image, name)
    }

    /// Starts the registry again with that certificate, and waits until it answers.
    pub fn show_certificate(&self, certificate: Certificate) {
        let machine = self.registry();
        machine.stop(REGISTRY);
        configure(machine, certificate);
        machine.start(REGISTRY);
        self.wait_for_port("the registry's", machine, 443);
    }

    /// Whether the registry answers and has an image of this name (`ch7:1.0`, say).
    pub fn has_image(&self, name: &str) -> bool {
        let (repository, tag) = name.split_once(':').expect("REPOSITORY:TAG");
        let mut command = self.control_plane().command("curl");
        command
            .args(["--silent", "--user", &format!("{USER}:{PASSWORD}"), "--cacert"])
            .arg(self.registry_certificate());
        let answer = Process::run(command.arg(format!("https://{REGISTRY_NAME}/v2/{repository}/tags/list")));
        let answer: Value = serde_json::from_str(&answer.stdout).unwrap_or_default();
        answer["tags"].as_array().is_some_and(|tags| tags.iter().any(|known| known == tag))
    }

    /// From a machine that knows the registry's name.
    fn skopeo(&self, login: &[&str], image: &Image, name: &str) -> Ended {
        let certificate = self.registry_certificate();
        let mut command = self.control_plane().command("skopeo");
        command.args(["copy", "--insecure-policy", "--quiet", "--dest-cert-dir"]).args(certificate.parent());
        command.args(login).arg(format!("oci:{}", image.folder().display()));
        Process::run(command.arg(format!("docker://{REGISTRY_NAME}/{name}")))
    }
}
