//! What is asked of the cluster, and what is put into the registry.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::hosts::REGISTRY_NAME;
use super::image::Image;
use super::registry::{PASSWORD, USER};
use super::{Cluster, Machine};
use crate::lab::{Ended, Process, until};

impl Cluster {
    /// A kubectl command by the cluster's administrator, in the caller's working directory.
    pub fn kubectl_command(&self) -> Command {
        let mut command = self.viewer.command("kubectl");
        command.env("PATH", self.control_plane().search_path());
        command.env("KUBECONFIG", self.control_plane().file("etc/kubernetes/admin.conf"));
        command
    }

    /// Runs kubectl to its end.
    pub fn kubectl(&self, arguments: &[&str]) -> Ended {
        Process::run(self.kubectl_command().args(arguments))
    }

    /// Gets an object, or a list, as JSON; `Null` if there is none.
    pub fn get(&self, arguments: &[&str]) -> Value {
        let answer = self.kubectl(&[&["get", "--output=json"], arguments].concat());
        serde_json::from_str(&answer.stdout).unwrap_or_default()
    }

    /// Makes or changes an object.
    ///
    /// # Panics
    /// With what kubectl wrote, when it is refused.
    pub fn apply(&self, object: &Value) {
        self.try_apply(object).expect_success();
    }

    pub(super) fn try_apply(&self, object: &Value) -> Ended {
        let file = tempfile::Builder::new().suffix(".json").tempfile().expect("a temporary file");
        fs::write(file.path(), object.to_string()).expect("a temporary file");
        let path = file.path().to_str().expect("a path in UTF-8");
        self.kubectl(&["apply", "--filename", path])
    }

    /// Waits until the node is Ready, or is not.
    pub fn wait_for_node(&self, node: &str, ready: bool) {
        until(&format!("Ready of {node} is {ready}"), || {
            let object = self.get(&["node", node]);
            let condition = object["status"]["conditions"].as_array()?.iter().find(|one| one["type"] == "Ready")?;
            ((condition["status"] == "True") == ready).then_some(())
        });
    }

    /// Pushes `image` as `name` (`ch7:1.0`, say) with the registry's login.
    pub fn push(&self, image: &Image, name: &str) -> Ended {
        let login = format!("{USER}:{PASSWORD}");
        self.skopeo(&["--dest-creds", &login], image, name)
    }

    /// Pushes `image` as `name` without a login, which the registry is to refuse.
    pub fn push_without_login(&self, image: &Image, name: &str) -> Ended {
        self.skopeo(&["--dest-no-creds"], image, name)
    }

    /// Names of the images in the registry, a line each; empty while it does not answer.
    pub fn images(&self) -> String {
        let login = format!("{USER}:{PASSWORD}");
        let catalog = self.ask_registry(&login, "_catalog");
        let repositories = catalog["repositories"].as_array().into_iter().flatten().filter_map(|name| name.as_str());
        let tags_of = |repository: &str| {
            let list = self.ask_registry(&login, &format!("{repository}/tags/list"));
            let tags = list["tags"].as_array().into_iter().flatten().filter_map(|tag| tag.as_str());
            tags.map(|tag| format!("{repository}:{tag}\n")).collect::<String>()
        };
        repositories.map(tags_of).collect()
    }

    fn ask_registry(&self, login: &str, path: &str) -> Value {
        let mut command = self.control_plane().command("curl");
        command.args(["--silent", "--user", login, "--cacert"]).arg(self.registry_certificate());
        let answer = Process::run(command.arg(format!("https://{REGISTRY_NAME}/v2/{path}")));
        serde_json::from_str(&answer.stdout).unwrap_or_default()
    }

    /// From a machine that knows the registry's name.
    fn skopeo(&self, login: &[&str], image: &Image, name: &str) -> Ended {
        let mut command = self.control_plane().command("skopeo");
        command
            .args(["copy", "--insecure-policy", "--quiet", "--dest-cert-dir"])
            .arg(self.registry_certificate().parent().expect("a folder"));
        command.args(login).arg(format!("oci:{}", image.folder().display()));
        Process::run(command.arg(format!("docker://{REGISTRY_NAME}/{name}")))
    }

    /// What each machine is doing, a line each.
    pub fn status(&self) -> String {
        let line = |machine: &Machine| {
            let power = if machine.is_frozen() {
                "frozen"
            } else if machine.is_on() {
                "on"
            } else {
                "off"
            };
            let link = if self.switch.is_cut(machine.name()) { "cut" } else { "up" };
            let stopped = machine.stopped().join(", ");
            format!("{:<10} {}  {power:<6}  link {link:<3}  {stopped}\n", machine.name(), machine.host().address)
        };
        self.machines().map(line).collect()
    }
}
