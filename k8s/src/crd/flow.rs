//! A flow that the cluster keeps on air.

#![expect(clippy::duplicated_attributes, reason = "columns may have a type in common")]

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::ResourceRequirements;
use kube::CustomResource;
use relay::spec::{Engine, FlowEntry, Interface, Output, Pair};
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::status::FlowStatus;
use super::written::{InObjects, Written};

/// Instances of a flow of which one is on air, unless said otherwise.
pub const DEFAULT_INSTANCES: u16 = 2;

/// What is to be on air, and how. What a flow can have in a file it can have here, under names `likeThis`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "flowclient.io",
    version = "v1alpha1",
    kind = "Flow",
    namespaced,
    status = "FlowStatus",
    doc = "A channel that is received on workers and sent as multicast, without ever going off air.",
    category = "flowclient",
    derive = "PartialEq",
    printcolumn(name = "Handler", type_ = "string", json_path = ".spec.handler"),
    printcolumn(name = "In", type_ = "string", json_path = ".spec.in", priority = 1),
    printcolumn(name = "Out", type_ = "string", json_path = ".spec.out[*]"),
    printcolumn(name = "On-Air", type_ = "string", json_path = ".status.onAirNode", description = "node on air"),
    printcolumn(
        name = "Standby",
        type_ = "string",
        json_path = ".status.standbyNode",
        description = "node that would go on"
    ),
    printcolumn(name = "Version", type_ = "string", json_path = ".status.version", description = "version on air"),
    printcolumn(name = "Bitrate", type_ = "string", json_path = ".status.measured.bitrate"),
    printcolumn(
        name = "Errors",
        type_ = "integer",
        json_path = ".status.measured.continuityErrors",
        description = "continuity errors since the instance on air began"
    ),
    printcolumn(
        name = "Why",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].reason",
        priority = 1
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct FlowSpec {
    /// What a flow in a file has too.
    #[serde(flatten)]
    pub entry: Written<FlowEntry>,
    /// Network interface of the outputs that name none; as the routes of the node say if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub interface: Option<String>,
    /// Version of flowclient: a tag of its image. The operator's own default if neither this nor `digest` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9._-]*$"))]
    pub version: Option<String>,
    /// The image of flowclient by its digest, as `sha256:` and 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 71), regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Option<String>,
    /// With pair `standby`: how many instances there are, each on a node of its own (by default 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 8), extend("format" = "int32"))]
    pub instances: Option<u16>,
    /// How datagrams get from the network to the flow (by default auto).
    #[serde(default, skip_serializing_if = "is_default")]
    pub engine: Engine,
    /// Labels of the nodes that it may run on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: BTreeMap<String, String>,
    /// Memory and processors of each instance; the operator's own defaults if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
    /// What the flow must keep to.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quality: Quality,
    /// How another version proves itself before it is kept.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rollout: RolloutPolicy,
}

/// Limits of quality.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// An input of less is bad, and an instance with more goes on air instead: bits a second, as 2500K or 8M.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub least_bitrate: Option<String>,
}

/// How a change of a flow proves itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolloutPolicy {
    /// How long the new instances must make just what is on air before they go on (by default 10 s).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400), extend("format" = "int32"))]
    pub shadow_seconds: Option<u32>,
    /// How long they are watched on air before the old ones end (by default 20 s).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400), extend("format" = "int32"))]
    pub watch_seconds: Option<u32>,
    /// How long they may take to get ready (by default 120 s).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400), extend("format" = "int32"))]
    pub deadline_seconds: Option<u32>,
}

impl RolloutPolicy {
    /// How long the shadow must equal the air.
    pub fn shadow_for(&self) -> Duration {
        Duration::from_secs(self.shadow_seconds.unwrap_or(10).into())
    }

    /// How long the new instances are watched on air.
    pub fn watch_for(&self) -> Duration {
        Duration::from_secs(self.watch_seconds.unwrap_or(20).into())
    }

    /// How long they may take to get ready.
    pub fn deadline(&self) -> Duration {
        Duration::from_secs(self.deadline_seconds.unwrap_or(120).into())
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Most outputs of a flow in an object: the API server must know a bound for what its rules cost.
const MOST_OUTPUTS: usize = 8;
/// Most letters of a URL in an object.
const LONGEST_URL: usize = 200;

impl InObjects for FlowEntry {
    /// The operator names the flow, tells the instances apart and gives them their key; a container has no folder to record to.
    const HIDDEN: &'static [&'static str] =
        &["name", "pair_leg", "pair_rank", "pair_key_file", "pair_least_bitrate", "record"];

    /// In a file one output may stand alone; a schema of Kubernetes has no such choice.
    fn adapt(properties: &mut Map<String, Value>) {
        let output = Output::json_schema(&mut SchemaGenerator::default());
        properties["pair"]["description"] =
            "What its instances are to each other (by default standby; YAML takes off for false: write \"off\")."
                .into();
        let output = json!({"type": "string", "description": output.get("description"), "maxLength": LONGEST_URL});
        properties.insert(
            "out".to_owned(),
            json!({
                "type": "array", "description": "Where it goes.", "minItems": 1, "maxItems": MOST_OUTPUTS, "items": output,
            }),
        );
    }
}

impl FlowSpec {
    /// The entry of a file that says the same for the flow called `name`, with what is left out as it is in a cluster.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn entry(&self, name: &str) -> Result<FlowEntry, String> {
        let mut fields = self.entry.fields().clone();
        fields.insert("name".to_owned(), name.into());
        fields.entry("pair").or_insert_with(|| Pair::Standby.as_str().into());
        if let Some(rate) = &self.quality.least_bitrate {
            fields.insert("pairLeastBitrate".to_owned(), Value::from(rate.as_str()));
        }
        let mut entry = Written::<FlowEntry>::from(fields).read()?;
        if let Some(name) = &self.interface {
            let interface: Interface = match name.parse() {
                Ok(interface) => interface,
                Err(never) => match never {},
            };
            entry.outputs.iter_mut().for_each(|output| {
                output.interface.get_or_insert_with(|| interface.clone());
            });
        }
        Ok(entry)
    }

    /// How many instances of the flow there are to be, if they stand by for each other.
    pub fn standing_by(&self) -> u16 {
        self.instances.unwrap_or(DEFAULT_INSTANCES)
    }
}
