//! What is known of a flow.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// What was on air and well last: a change that fails goes back to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<Proven>,
    /// How far a change of version or configuration is, or why the last one was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<FlowRollout>,
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

/// A revision that has passed, with all that it takes to make it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proven {
    /// Its hash.
    pub revision: String,
    /// Image that it runs.
    pub image: String,
    /// The specification that it was made of.
    #[schemars(schema_with = "any_object")]
    pub spec: Value,
    /// The handler that it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<LastHandler>,
}

fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

/// A change from one revision to another, under way or taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowRollout {
    /// Revision that it goes back to when it fails.
    pub from: String,
    /// Revision that is to be.
    pub to: String,
    /// Image of that.
    pub image: String,
    /// What is being done.
    #[schemars(with = "String")]
    pub phase: Phase,
    /// When it began.
    pub begun: Time,
    /// Since when it is in this phase.
    pub since: Time,
    /// Counters of the instances when the phase began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// Since when the instance on air has counted more errors or loss than those of before, of which one may not have been asked again yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Time>,
    /// Why it is taken back, in a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// How far a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// The new instances get ready, beside the old ones.
    Starting,
    /// They stand by, and what they make is compared with what is on air.
    Shadowing,
    /// The air passes to one of them.
    HandingOver,
    /// One of them is on air, and the old ones stand by.
    Watching,
    /// It has failed, and the air goes back.
    RollingBack,
    /// It has failed, and all is as before; it is not tried again until the flow is changed.
    RolledBack,
}

impl Phase {
    /// Whether there is still something to do.
    pub const fn is_under_way(self) -> bool {
        !matches!(self, Self::RolledBack)
    }

    /// Whether it has failed.
    pub const fn has_failed(self) -> bool {
        matches!(self, Self::RollingBack | Self::RolledBack)
    }
}

/// Counters of an instance at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// Its pod.
    pub pod: String,
    /// Datagrams made here that were on air, too.
    pub equal: i64,
    /// Datagrams of which that is not so.
    pub different: i64,
    /// Errors of the first and second priority (ETSI TR 101 290).
    pub errors: i64,
    /// Transport packets lost.
    pub lost: i64,
}
