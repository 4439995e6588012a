//! A change of version of many flows.

#![expect(clippy::duplicated_attributes, reason = "columns may have a type in common")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Flows that change at the same time, unless said otherwise.
pub const DEFAULT_AT_A_TIME: u16 = 10;

/// One version of flowclient for many flows of a namespace, a few at a time, until all have it or one fails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "flowclient.io",
    version = "v1alpha1",
    kind = "Rollout",
    namespaced,
    status = "RolloutStatus",
    doc = "A version of flowclient for many flows of a namespace, some at a time, each only kept when it proves itself.",
    category = "flowclient",
    derive = "PartialEq",
    printcolumn(name = "Version", type_ = "string", json_path = ".spec.version"),
    printcolumn(name = "Digest", type_ = "string", json_path = ".spec.digest", priority = 1),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Done", type_ = "integer", json_path = ".status.done"),
    printcolumn(name = "Of", type_ = "integer", json_path = ".status.total"),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.message", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct RolloutSpec {
    /// Version of flowclient: a tag of its image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9._-]*$"))]
    pub version: Option<String>,
    /// The image of flowclient by its digest, as `sha256:` and 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 71), regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Option<String>,
    /// Names of the flows, in the order in which they change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(max = 40)))]
    pub flows: Vec<String>,
    /// All flows that the namespace has when it begins, by name.
    #[serde(default, skip_serializing_if = "is_false")]
    pub all: bool,
    /// So many flows go first; the others begin when all of these have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1000), extend("format" = "int32"))]
    pub canary: Option<u16>,
    /// How many flows change at the same time (by default 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000), extend("format" = "int32"))]
    pub at_a_time: Option<u16>,
    /// No other flow begins while this is so; those under way go on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub paused: bool,
    /// No other flow begins any more, and those under way go back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub abort: bool,
    /// All flows that it has changed go back to the version that they had.
    #[serde(default, skip_serializing_if = "is_false")]
    pub undo: bool,
    /// Takes `spec.version` of flows from whoever else has written it, a Git repository for example.
    #[serde(default, skip_serializing_if = "is_false")]
    pub force: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// How far a rollout is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolloutStatus {
    /// Generation of the specification that this is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What is being done.
    #[schemars(with = "String")]
    pub phase: RolloutPhase,
    /// Why, in a sentence.
    pub message: String,
    /// Flows that have the version and keep it.
    #[schemars(extend("format" = "int32"))]
    pub done: u16,
    /// Flows in all.
    #[schemars(extend("format" = "int32"))]
    pub total: u16,
    /// The flows, in the order in which they change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flows: Vec<FlowChange>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Time>,
    /// When nothing was left to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Time>,
}

/// What a rollout does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RolloutPhase {
    /// Another rollout of the namespace goes first.
    #[default]
    Waiting,
    /// The first flows change.
    Canary,
    /// Flows change.
    Rolling,
    /// A person has paused it.
    Paused,
    /// A flow has failed; no other begins.
    Failed,
    /// All flows have the version.
    Done,
    /// Flows go back.
    GoingBack,
    /// A person has ended it before all flows had the version.
    Aborted,
    /// All flows have the version that they had before.
    Undone,
}

impl RolloutPhase {
    /// Whether nothing is left to do.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Failed | Self::Done | Self::Aborted | Self::Undone)
    }
}

/// A flow of a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowChange {
    /// Its name.
    pub name: String,
    /// How far it is.
    #[schemars(with = "String")]
    pub state: FlowState,
    /// What it does, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Version that it was to have before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_version: Option<String>,
    /// Digest that it was to have before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_digest: Option<String>,
}

/// How far a flow of a rollout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlowState {
    /// Its turn has not come.
    Waiting,
    /// It is told, and proves itself.
    Changing,
    /// It has the version and keeps it.
    Done,
    /// It has gone back by itself.
    Failed,
    /// Its version belongs to somebody else.
    Refused,
    /// It goes back to what it had.
    GoingBack,
    /// It has what it had before.
    Undone,
    /// There is no such flow.
    Gone,
}
