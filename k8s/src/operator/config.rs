//! What the operator is told once, for all flows.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::crd::FlowSpec;

/// Settings of the operator that are the same for all flows.
#[derive(Clone, Debug)]
pub struct OperatorConfig {
    /// Image of flowclient without tag or digest, as `docker-registry.example.com/flowclient`.
    pub image: String,
    /// Version of the flows that name none.
    pub default_version: String,
    /// Secrets with logins to the registry, in the namespace of each flow.
    pub pull_secrets: Vec<String>,
    /// Ports for the flows' HTTP on the network of the nodes.
    pub ports: RangeInclusive<u16>,
    /// Class of the pods' priority, if there is one.
    pub priority_class: Option<String>,
    /// Folder of every node with channels as files, if there is one: flows read it under the same path.
    pub media_folder: Option<PathBuf>,
}

impl OperatorConfig {
    /// The image that a flow is to run.
    pub(super) fn image_of(&self, flow: &FlowSpec) -> String {
        match (&flow.digest, &flow.version) {
            (Some(digest), _) => format!("{}@{digest}", self.image),
            (None, version) => format!("{}:{}", self.image, version.as_deref().unwrap_or(&self.default_version)),
        }
    }
}

#[cfg(test)]
pub(super) fn for_tests() -> OperatorConfig {
    OperatorConfig {
        image: "docker-registry.example.com/flowclient".to_owned(),
        default_version: "1.0.0".to_owned(),
        pull_secrets: vec!["registry".to_owned()],
        ports: 20_000..=20_003,
        priority_class: Some("flowclient-on-air".to_owned()),
        media_folder: Some("/clusterfs".into()),
    }
}
