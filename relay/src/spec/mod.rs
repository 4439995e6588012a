//! What a flow is: one schema for configuration files, Kubernetes objects and the command line.
//!
//! Sources and outputs are written as URLs, everywhere the same:
//!
//! | URL | what it is |
//! |---|---|
//! | `udp://[SOURCE@]ADDRESS:PORT[?iface=NAME]` | UDP datagrams to a group, or to an address of this host |
//! | `rtp://[SOURCE@]ADDRESS:PORT[?iface=NAME]` | the same in RTP (RFC 2250) |
//! | `file:PATH[?loop=true]` | a transport stream file, once or for ever |
//! | `test:[PATTERN][?bitrate=8M&label=CH+7&name=Channel+7]` | a synthetic channel |
//! | `[udp://\|rtp://]ADDRESS:PORT[?iface=&ttl=&dscp=&src=&loop=]` | an output |
//!
//! `%41` is a byte by its code, and in an option's value `+` is a space. A [`FlowEntry`] is a flow as written; resolved,
//! it is a [`FlowSpec`]; [`validate()`] looks at the flows of one process together.

mod bitrate;
mod duration;
mod engine;
mod entry;
mod error;
mod file;
mod handler;
mod input;
mod inspect;
mod interface;
mod keyword;
mod nearest;
mod output;
mod outputs;
mod pace;
mod pair;
mod pairing;
mod range;
mod record;
mod socket;
mod source;
mod string_form;
mod synthetic;

#[cfg(test)]
mod tests;
mod url;
mod validate;

use std::time::Duration;

use serde::Serialize;

pub use bitrate::{Bitrate, NoBitrate};
pub use engine::{Engine, UnknownEngine};
pub use entry::{EntryError, FlowEntry};
pub use error::{UrlError, UrlProblem};
pub use file::FileInput;
pub use handler::Handler;
pub use input::Input;
pub use inspect::{Inspect, UnknownInspection};
pub use interface::Interface;
pub use nearest::nearest;
pub use output::Output;
pub use pace::{Pace, UnknownPace};
pub use pair::{DEFAULT_PAIR_MOST_PATIENCE, DEFAULT_PAIR_PATIENCE, LegNumber, Pair, PairSpec, UnknownPairing};
pub use pairing::PairProblem;
pub use record::{
    DEFAULT_RECORD_AFTER, DEFAULT_RECORD_BEFORE, DEFAULT_RECORD_MEMORY_BYTES, DEFAULT_RECORD_MOST_BYTES,
    DEFAULT_RECORD_MOST_FILES, Record, RecordFormat, UnknownRecordFormat,
};
pub use socket::Transport;
pub use source::Source;
pub use synthetic::{Pattern, TestInput};
pub use validate::{SpecError, validate};

/// Transport packets in a datagram unless said otherwise: as many as fit an Ethernet frame.
pub const DEFAULT_PACKETS_PER_DATAGRAM: usize = 7;
/// The most transport packets in a datagram: what fits 65,507 bytes of UDP over IPv4 with an RTP header.
pub const MOST_PACKETS_PER_DATAGRAM: usize = 348;
/// How long an RTP input waits for a datagram that is out of order, unless said otherwise.
pub const DEFAULT_REORDER_WINDOW: Duration = Duration::from_millis(10);
/// Receive buffer asked for unless said otherwise, in bytes: half a second at 134 Mb/s.
pub const DEFAULT_RECEIVE_BUFFER_BYTES: usize = 8 << 20;
/// How long after its arrival a packet leaves when paced, unless said otherwise: more than the 40 ms between two PCRs
/// (ISO/IEC 13818-1 allows 100 ms, which few encoders use) and a network's jitter.
pub const DEFAULT_PACE_DELAY: Duration = Duration::from_millis(100);

/// A flow: one source, sent to one or more outputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowSpec {
    /// What it is called in logs, metrics and the API: 1 to 64 characters without spaces, unique in a process.
    pub name: String,
    /// Where it comes from.
    #[serde(rename = "in")]
    pub source: Source,
    /// Where it goes; a flow without outputs is only looked at.
    #[serde(rename = "out")]
    pub outputs: Vec<Output>,
    /// When its datagrams leave.
    pub pace: Pace,
    /// How closely it is looked at.
    pub inspect: Inspect,
    /// How other instances of the flow stand by, or it does for them, if there are to be any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<PairSpec>,
    /// Which of its outputs this instance sends, if others send the others at the same time.
    #[serde(rename = "pair_leg", skip_serializing_if = "Option::is_none")]
    pub leg: Option<LegNumber>,
    /// Transport packets in each datagram sent, `1..=348`.
    pub packets_per_datagram: usize,
    /// How long an RTP input waits for a datagram that is out of order, up to 10 s.
    #[serde(serialize_with = "duration::serialize")]
    pub reorder_window: Duration,
    /// Receive buffer to ask the kernel for, in bytes, 4 KiB to 1 GiB.
    pub receive_buffer_bytes: usize,
    /// With [`Pace::Pcr`], how long after its arrival a packet leaves, up to 10 s.
    #[serde(serialize_with = "duration::serialize")]
    pub pace_delay: Duration,
    /// Whether what came around an alarm is saved, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
}

impl FlowSpec {
    /// A flow with everything else as it is by default.
    pub fn new(name: impl Into<String>, source: Source, outputs: Vec<Output>) -> Self {
        Self {
            name: name.into(),
            source,
            outputs,
            pace: Pace::default(),
            inspect: Inspect::default(),
            pair: None,
            leg: None,
            packets_per_datagram: DEFAULT_PACKETS_PER_DATAGRAM,
            reorder_window: DEFAULT_REORDER_WINDOW,
            receive_buffer_bytes: DEFAULT_RECEIVE_BUFFER_BYTES,
            pace_delay: DEFAULT_PACE_DELAY,
            record: None,
        }
    }
}
