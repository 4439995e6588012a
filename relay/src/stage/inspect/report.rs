//! What an inspection has found, as a snapshot: for reports, the page and the metrics. Its JSON form is the schema of
//! `flowclient inspect --json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::indicator::Offence;
use crate::time::Utc;
use crate::wire::scte35::SpliceInfo;
use crate::wire::si::{Event, StreamKind, serialize_utc};

/// What an inspection has found.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Report {
    /// The stream as a whole.
    pub ts: TsReport,
    /// Its PIDs that came or are named, by number.
    pub pids: Vec<PidReport>,
    /// Its services (programs), by number.
    pub services: Vec<ServiceReport>,
    /// The tables that came.
    pub tables: Vec<TableReport>,
    /// The indicators of TR 101 290 by name.
    pub tr101290: BTreeMap<&'static str, IndicatorReport>,
    /// The newest splices (SCTE 35), oldest first.
    pub splices: Vec<SpliceReport>,
    /// The stream's clocks, by PID.
    pub clocks: Vec<ClockReport>,
    /// How its datagrams arrive; `None` for what does not come from the network.
    pub arrival: Option<ArrivalReport>,
}

/// The stream as a whole.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct TsReport {
    /// Transport packets.
    pub packets: u64,
    /// Null packets among them.
    pub null_packets: u64,
    /// Rate in bits a second, packets of 188 bytes: by the PCR if there is one, else as they came.
    pub bitrate: u64,
    /// Rate in bits a second over the last second, as they came.
    pub bitrate_now: u64,
    /// Wrong sync bytes and losses of synchronisation.
    pub sync_errors: u64,
    /// Continuity errors, all PIDs together.
    pub continuity_errors: u64,
    /// Packets missing by the continuity counters: at most 15 can be told a gap.
    pub missing_packets: u64,
    /// transport_stream_id.
    pub transport_stream_id: Option<u16>,
    /// Name of the network.
    pub network: Option<String>,
    /// UTC of the last time table.
    #[serde(serialize_with = "serialize_utc")]
    #[schemars(with = "Option<String>")]
    pub utc: Option<Utc>,
    /// Sections whose CRC is right, of the tables that are read.
    pub sections: u64,
    /// Sections that could not be read, though their CRC is right, or that were cut short.
    pub unreadable_sections: u64,
    /// Sections of which `tables` knows nothing, because there are more different ones than it has room for.
    pub unlisted_sections: u64,
}

/// A PID.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PidReport {
    /// The PID.
    pub pid: u16,
    /// Packets.
    pub packets: u64,
    /// Rate in bits a second: its part of the stream's.
    pub bitrate: u64,
    /// Rate in bits a second over the last second.
    pub bitrate_now: u64,
    /// Continuity errors.
    pub continuity_errors: u64,
    /// Packets missing by the continuity counter: at most 15 can be told a gap.
    pub missing_packets: u64,
    /// Packets that came twice.
    pub repeated: u64,
    /// Packets whose payload is scrambled.
    pub scrambled: u64,
    /// Packets with transport_error_indicator.
    pub transport_errors: u64,
    /// PCRs.
    pub pcr_count: u64,
    /// PTS.
    pub pts_count: u64,
    /// Whether nothing names it.
    pub unreferenced: bool,
    /// What it carries.
    pub description: String,
}

/// A service: what the program map and the service description say of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ServiceReport {
    /// program_number and service_id.
    pub id: u16,
    /// Name.
    pub name: Option<String>,
    /// Provider.
    pub provider: Option<String>,
    /// What kind of service.
    pub service_type: Option<&'static str>,
    /// PID of its program map.
    pub map_pid: Option<u16>,
    /// PID of its PCR.
    pub pcr_pid: Option<u16>,
    /// Whether the service description says that it is scrambled.
    pub scrambled: bool,
    /// Its streams.
    pub streams: Vec<StreamReport>,
    /// The present event.
    pub present: Option<Event>,
    /// The following event.
    pub following: Option<Event>,
}

/// An elementary stream.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StreamReport {
    /// Its PID.
    pub pid: u16,
    /// What it is for.
    pub kind: StreamKind,
    /// How it is coded.
    pub codec: String,
    /// ISO 639-2 codes of its languages.
    pub languages: Vec<String>,
}

/// A table.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TableReport {
    /// The PID it comes on.
    pub pid: u16,
    /// table_id.
    pub table_id: u8,
    /// table_id_extension: program_number, transport_stream_id or another, by table.
    pub extension: u16,
    /// version_number.
    pub version: u8,
    /// Its sections that came, of so many.
    pub sections: u16,
    /// Sections it has.
    pub sections_announced: u16,
    /// Times that one of its sections came.
    pub count: u64,
    /// Longest time between two of the same section, in seconds.
    pub longest_interval_seconds: f64,
}

/// An indicator of TR 101 290.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IndicatorReport {
    /// Number in the document.
    pub clause: &'static str,
    /// Priority, 1 to 3.
    pub priority: u8,
    /// Errors counted.
    pub errors: u64,
    /// Whether the alarm is raised.
    pub raised: bool,
    /// Seconds since it was raised.
    pub raised_for_seconds: Option<f64>,
    /// PID of the last error, if it was on one.
    pub last_pid: Option<u16>,
    /// What the last error was.
    pub last: Option<Offence>,
}

/// A splice.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SpliceReport {
    /// The PID it came on.
    pub pid: u16,
    /// Seconds ago that it came.
    pub seconds_ago: f64,
    /// What it says.
    #[serde(flatten)]
    pub splice: SpliceInfo,
}

/// A clock of the stream: the PCRs of one PID.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClockReport {
    /// The PID.
    pub pid: u16,
    /// Longest time between two PCRs, in seconds.
    pub longest_interval_seconds: f64,
    /// Largest error of a PCR in the last window, in seconds; `None` while the rate is not constant.
    pub accuracy_seconds: Option<f64>,
    /// Spread of arrival against PCR in the last second, in seconds.
    pub jitter_seconds: Option<f64>,
    /// How much faster it runs than this host's clock, in parts per million.
    pub drift_ppm: Option<f64>,
}

/// How datagrams arrive.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ArrivalReport {
    /// Delay factor of the Media Delivery Index (RFC 4445) over the last second, in seconds.
    pub delay_factor_seconds: Option<f64>,
    /// Media loss rate of the Media Delivery Index: transport packets lost or out of order in the last second.
    pub media_loss_rate: Option<f64>,
    /// Time-stamped delay factor (EBU Tech 3337) over the last second, in seconds; RTP only.
    pub time_stamped_delay_factor_seconds: Option<f64>,
    /// Interarrival jitter (RFC 3550, 6.4.1), in seconds; RTP only.
    pub rtp_jitter_seconds: Option<f64>,
    /// Times between datagrams: how many were at most as long as each of
    /// [`INTERVAL_BOUNDS`](super::arrival::INTERVAL_BOUNDS) and longer than the one before; the last is for all longer ones.
    pub intervals: Vec<u64>,
    /// Sum of the times between datagrams, in seconds.
    pub intervals_sum_seconds: f64,
}

impl Report {
    /// Whether an error of priority 1 was found.
    pub fn has_priority_1_errors(&self) -> bool {
        self.tr101290.values().any(|indicator| indicator.priority == 1 && indicator.errors > 0)
    }
}
