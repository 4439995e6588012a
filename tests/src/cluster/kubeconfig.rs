//! Who a client of the API server is, in files beside each other.

use std::net::Ipv4Addr;

use serde_json::json;

use super::certificates::Identity;
use super::machine::Machine;

/// Where the API server answers, and whose certificate it has.
pub(super) struct Server<'a> {
    pub(super) address: Ipv4Addr,
    pub(super) authority: &'a str,
}

impl Server<'_> {
    /// Writes `etc/kubernetes/NAME.conf` of `machine`, by which its programs are `identity`.
    pub(super) fn introduce(&self, machine: &Machine, name: &str, identity: &Identity) {
        machine.write("etc/kubernetes/ca.crt", self.authority);
        machine.write(&format!("etc/kubernetes/{name}.crt"), &identity.certificate);
        machine.write(&format!("etc/kubernetes/{name}.key"), &identity.key);
        machine.write(&format!("etc/kubernetes/{name}.conf"), &self.config(name));
    }

    /// The file names in it are relative to itself.
    fn config(&self, name: &str) -> String {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {
                "server": format!("https://{}:6443", self.address), "certificate-authority": "ca.crt"}}],
            "users": [{"name": name, "user": {
                "client-certificate": format!("{name}.crt"), "client-key": format!("{name}.key")}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": name}}],
        });
        format!("{config:#}\n")
    }
}
