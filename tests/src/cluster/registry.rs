//! The private registry: TLS, and a login for whoever pushes or pulls.

use std::process::Command;

use serde_json::json;

use super::certificates::Authority;
use super::hosts::REGISTRY_NAME;
use super::machine::Machine;
use crate::lab::Process;

/// The service.
pub const REGISTRY: &str = "docker-registry";
/// Who may push and pull.
pub const USER: &str = "flowclient";
/// The user's password.
pub const PASSWORD: &str = "on-air";

/// Puts the service, its certificate and its one user on `machine`.
pub(super) fn install(machine: &Machine, authority: &Authority) {
    let identity = authority.server(REGISTRY_NAME, None, &[REGISTRY_NAME, machine.name()], &[machine.host().address]);
    machine.write("etc/registry/server.crt", &identity.certificate);
    machine.write("etc/registry/server.key", &identity.key);
    machine.write("etc/registry/users", &users());
    let config = json!({
        "version": 0.1,
        "log": {"level": "info"},
        "storage": {"filesystem": {"rootdirectory": "/var/lib/registry"}, "delete": {"enabled": true}},
        "http": {"addr": ":443", "tls": {"certificate": "/etc/registry/server.crt", "key": "/etc/registry/server.key"}},
        "auth": {"htpasswd": {"realm": REGISTRY_NAME, "path": "/etc/registry/users"}},
    });
    machine.write("etc/registry/config.yml", &config.to_string());
    machine.add_service(REGISTRY, "exec docker-registry serve /etc/registry/config.yml");
}

/// The registry takes no other hash than bcrypt; at its least cost, for each pull pays it.
fn users() -> String {
    let hashed = Process::run(Command::new("htpasswd").args(["-nbBC4", USER, PASSWORD]));
    hashed.expect_success().stdout
}
