//! What is written at the end: the input, and the report of the inspection.

use relay::stage::inspect::report::Report;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

/// A stream that was inspected.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "flowclient inspect --json")]
pub(super) struct Document {
    /// What was inspected.
    pub(super) input: InputReport,
    /// What was found.
    #[serde(flatten)]
    pub(super) report: Report,
}

/// What was inspected.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(super) struct InputReport {
    /// As it was asked for.
    pub(super) name: String,
    /// What it is: ts, m2ts, ts204, pcap or pcapng for captures; udp, rtp, file or test for what was played or received.
    pub(super) kind: &'static str,
    /// Where the datagrams of a capture of network traffic go to.
    pub(super) destination: Option<String>,
    /// UTC of the first frame of a capture of network traffic.
    pub(super) started: Option<String>,
    /// How long it was inspected in seconds, by the times of a capture's packets.
    pub(super) seconds: f64,
    /// Datagrams; 0 in a file of transport packets.
    pub(super) datagrams: u64,
    /// Bytes that were no transport packets.
    pub(super) skipped_bytes: u64,
    /// What was left out of the counts, or lost before they were taken, in words.
    pub(super) notes: Vec<String>,
    /// Why a capture was not read to its end.
    pub(super) damage: Option<String>,
}

impl Document {
    /// In JSON, after [`schema`].
    pub(super) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

/// The JSON Schema of what `--json` writes.
pub(super) fn schema() -> serde_json::Result<String> {
    let schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Document>();
    serde_json::to_string_pretty(&schema).map(|text| text + "\n")
}
