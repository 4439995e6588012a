//! What is known of a flow.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a flow stands, as the operator last saw it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowStatus {
    /// Generation of the specification that this is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What is true of it: Ready, OnAir, Redundant, ImageVerified, Conflict, Progressing, Quality.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// Port on the nodes at which its instances answer HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "int32"))]
    pub port: Option<u16>,
    /// The outputs that it holds: no other flow gets them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<String>,
    /// The handler as it was when it was last there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handler: Option<LastHandler>,
    /// The secret that its instances share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair_key: Option<String>,
    /// What the cluster was last told to run: the hash of image and configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Version that is on air.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Node that is on air; of several, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_air_node: Option<String>,
    /// Nodes that could go on at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby_node: Option<String>,
    /// Its instances, by the names of their pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<Instance>,
    /// What is measured on air.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// How far a change of version or configuration is; none when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
}

/// A handler as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastHandler {
    /// Its name.
    pub name: String,
    /// What it is called for people.
    pub title: String,
    /// Where it comes from.
    pub source: String,
}

/// An instance of the flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// Its pod.
    pub pod: String,
    /// The node that it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Hash of the image and configuration that it runs.
    pub revision: String,
    /// Version that it says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it says it does: `on air`, `standby`, `no input`...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Whether it is on air.
    pub on_air: bool,
    /// Whether it could go on, or is on air and all is well.
    pub ready: bool,
    /// Whether all that it makes is what is on air; unknown when there is nothing to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow_equal: Option<bool>,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// What is measured on air. Small changes are not written, so that a flow that is as it was makes no work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// Bitrate of the output, for people.
    pub bitrate: String,
    /// The same in bits a second.
    pub bits_per_second: i64,
    /// Continuity errors since the instance on air began.
    pub continuity_errors: i64,
    /// When that was.
    pub at: Time,
}

/// A change from one revision to another that is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// Revision that was on air when it began.
    pub from: String,
    /// Revision that is to be.
    pub to: String,
    /// What is being done.
    pub step: String,
    /// Since when.
    pub since: Time,
}
