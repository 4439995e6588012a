//! A flow as it is written.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    Bitrate, DEFAULT_PACE_DELAY, DEFAULT_PACKETS_PER_DATAGRAM, DEFAULT_PAIR_MOST_PATIENCE, DEFAULT_PAIR_PATIENCE,
    DEFAULT_RECEIVE_BUFFER_BYTES, DEFAULT_REORDER_WINDOW, FlowSpec, Inspect, LegNumber, Output, Pace, Pair, PairSpec,
    Record, Source, duration, outputs,
};

/// A flow as it is written in a file, on the command line or in a Kubernetes object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowEntry {
    /// What it is called; by default as its handler, or else as its first output, or its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The channel of the catalog that it comes from; either this or `in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// Where it comes from.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Where it goes; an empty list is a flow that is only looked at.
    #[serde(rename = "out", with = "outputs")]
    #[schemars(schema_with = "outputs::schema")]
    pub outputs: Vec<Output>,
    /// When its datagrams leave.
    #[serde(default)]
    pub pace: Pace,
    /// How closely it is looked at.
    #[serde(default)]
    pub inspect: Inspect,
    /// Whether other instances of the flow stand by, or it does for them, or each sends an output of its own.
    #[serde(default)]
    pub pair: Pair,
    /// With pair `active-active`: which of the outputs this instance sends, from 1; all else is the same on all instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub pair_leg: Option<u16>,
    /// In a pair: of two instances whose input is as good, the one of higher rank goes on air first.
    #[serde(default)]
    pub pair_rank: u16,
    /// In a pair: file with the secret that all instances share, so that nobody else can talk them off the air.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair_key_file: Option<PathBuf>,
    /// In a pair: how long the air is silent at least before a standby takes it, 1 ms to 10 s.
    #[serde(default = "default_pair_patience", with = "duration")]
    #[schemars(with = "String")]
    pub pair_patience: Duration,
    /// In a pair: how long the air is silent at most before a standby takes it, at least `pair_patience` and up to 10 s.
    #[serde(default = "default_pair_most_patience", with = "duration")]
    #[schemars(with = "String")]
    pub pair_most_patience: Duration,
    /// In a pair: an input of less than this is bad, and one that is good goes before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair_least_bitrate: Option<Bitrate>,
    /// Transport packets in each datagram sent.
    #[serde(default = "default_packets")]
    #[schemars(range(min = 1, max = 348))]
    pub packets_per_datagram: usize,
    /// How long an RTP input waits for a datagram that is out of order.
    #[serde(default = "default_reorder_window", with = "duration")]
    #[schemars(with = "String")]
    pub reorder_window: Duration,
    /// Receive buffer to ask the kernel for, in bytes.
    #[serde(default = "default_receive_buffer")]
    pub receive_buffer_bytes: usize,
    /// With pace `pcr`, how long after its arrival a packet leaves.
    #[serde(default = "default_pace_delay", with = "duration")]
    #[schemars(with = "String")]
    pub pace_delay: Duration,
    /// Whether what came around an alarm is saved, and how; by default it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
}

const fn default_packets() -> usize {
    DEFAULT_PACKETS_PER_DATAGRAM
}

const fn default_reorder_window() -> Duration {
    DEFAULT_REORDER_WINDOW
}

const fn default_receive_buffer() -> usize {
    DEFAULT_RECEIVE_BUFFER_BYTES
}

const fn default_pace_delay() -> Duration {
    DEFAULT_PACE_DELAY
}

const fn default_pair_patience() -> Duration {
    DEFAULT_PAIR_PATIENCE
}

const fn default_pair_most_patience() -> Duration {
    DEFAULT_PAIR_MOST_PATIENCE
}

/// Why an entry gives no flow.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EntryError<E> {
    /// The catalog has no such handler.
    #[error(transparent)]
    Handler(E),
    /// It comes from nowhere.
    #[error("flow {0:?} comes from nowhere: give it a handler or in")]
    NoSource(String),
    /// It comes from two places.
    #[error("flow {0:?} has both handler and in: leave out one")]
    TwoSources(String),
    /// Nobody knows what it sends.
    #[error(
        "flow {0:?} has pair active-active: say with pair_leg which of its outputs this instance sends, the first being 1"
    )]
    NoLeg(String),
    /// It has a setting of another pairing.
    #[error("flow {flow:?} has pair {pair}, and {field} means nothing then: leave it out")]
    OtherPairing {
        /// Name of the flow.
        flow: String,
        /// How it is paired.
        pair: Pair,
        /// The setting.
        field: &'static str,
    },
}

impl FlowEntry {
    /// An entry with everything else as it is by default.
    pub const fn new(outputs: Vec<Output>) -> Self {
        Self {
            name: None,
            handler: None,
            source: None,
            outputs,
            pace: Pace::Arrival,
            inspect: Inspect::Full,
            pair: Pair::Off,
            pair_leg: None,
            pair_rank: 0,
            pair_key_file: None,
            pair_patience: DEFAULT_PAIR_PATIENCE,
            pair_most_patience: DEFAULT_PAIR_MOST_PATIENCE,
            pair_least_bitrate: None,
            packets_per_datagram: DEFAULT_PACKETS_PER_DATAGRAM,
            reorder_window: DEFAULT_REORDER_WINDOW,
            receive_buffer_bytes: DEFAULT_RECEIVE_BUFFER_BYTES,
            pace_delay: DEFAULT_PACE_DELAY,
            record: None,
        }
    }

    /// The flow that this is; `look_up` finds the source of a handler.
    ///
    /// # Errors
    /// [`EntryError`] says why there is not one source.
    pub fn resolve<E>(self, look_up: impl FnOnce(&str) -> Result<Source, E>) -> Result<FlowSpec, EntryError<E>> {
        let name = self.effective_name();
        self.refuse_other_pairing(&name)?;
        let (pair, leg) = (self.pair_spec(), self.pair_leg.map(LegNumber));
        let source = match (&self.handler, self.source) {
            (Some(handler), None) => look_up(handler).map_err(EntryError::Handler)?,
            (None, Some(source)) => source,
            (None, None) => return Err(EntryError::NoSource(name)),
            (Some(_), Some(_)) => return Err(EntryError::TwoSources(name)),
        };
        Ok(FlowSpec {
            name,
            source,
            outputs: self.outputs,
            pace: self.pace,
            inspect: self.inspect,
            pair,
            leg,
            packets_per_datagram: self.packets_per_datagram,
            reorder_window: self.reorder_window,
            receive_buffer_bytes: self.receive_buffer_bytes,
            pace_delay: self.pace_delay,
            record: self.record,
        })
    }

    fn pair_spec(&self) -> Option<PairSpec> {
        match self.pair {
            Pair::Off | Pair::ActiveActive => None,
            Pair::Standby => Some(PairSpec {
                rank: self.pair_rank,
                key_file: self.pair_key_file.clone(),
                patience: self.pair_patience,
                most_patience: self.pair_most_patience,
                least_bitrate: self.pair_least_bitrate,
            }),
        }
    }

    /// Refuses settings of another pairing where they would be missed, or thought to do something.
    fn refuse_other_pairing<E>(&self, name: &str) -> Result<(), EntryError<E>> {
        let field = match self.pair {
            Pair::Off | Pair::Standby => self.pair_leg.map(|_| "pair_leg"),
            Pair::ActiveActive if self.pair_leg.is_none() => return Err(EntryError::NoLeg(name.to_owned())),
            Pair::ActiveActive => self.standby_setting(),
        };
        let other = |field| EntryError::OtherPairing { flow: name.to_owned(), pair: self.pair, field };
        field.map_or(Ok(()), |field| Err(other(field)))
    }

    /// A setting for instances that stand by, if one is not as it is by default.
    fn standby_setting(&self) -> Option<&'static str> {
        let settings = [
            ("pair_rank", self.pair_rank != 0),
            ("pair_key_file", self.pair_key_file.is_some()),
            ("pair_patience", self.pair_patience != DEFAULT_PAIR_PATIENCE),
            ("pair_most_patience", self.pair_most_patience != DEFAULT_PAIR_MOST_PATIENCE),
            ("pair_least_bitrate", self.pair_least_bitrate.is_some()),
        ];
        settings.into_iter().find_map(|(field, is_set)| is_set.then_some(field))
    }

    fn effective_name(&self) -> String {
        let first_output = || self.outputs.first().map(|output| output.address.to_string());
        let source = || self.source.as_ref().map(ToString::to_string);
        self.name.clone().or_else(|| self.handler.clone()).or_else(first_output).or_else(source).unwrap_or_default()
    }
}
