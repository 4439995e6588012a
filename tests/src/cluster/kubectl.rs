//! What is asked of the cluster.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::Cluster;
use crate::lab::{Ended, Process, until};

impl Cluster {
    /// A kubectl command by the cluster's administrator, in the caller's working directory.
    pub fn kubectl_command(&self) -> Command {
        let mut command = self.viewer.command("kubectl");
        command.env("PATH", self.control_plane().search_path());
        command.env("KUBECONFIG", self.kubeconfig());
        command
    }

    /// The administrator's file for clients of the API server, which answers in the networks of the lab.
    pub fn kubeconfig(&self) -> PathBuf {
        self.control_plane().file("etc/kubernetes/admin.conf")
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
}
