//! Recording on alarm.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration;
use super::keyword::keyword;

keyword! {
    /// What a recording is saved as.
    RecordFormat: "format", UnknownRecordFormat;
    /// Transport packets, in order and without RTP headers: plays anywhere.
    #[default]
    Ts = "ts",
    /// Datagrams as they came, with their times and RTP headers; for what comes from the network.
    Pcapng = "pcapng",
}

/// How long before an alarm a recording begins, unless said otherwise.
pub const DEFAULT_RECORD_BEFORE: Duration = Duration::from_secs(10);
/// How long after an alarm a recording goes on, unless said otherwise.
pub const DEFAULT_RECORD_AFTER: Duration = Duration::from_secs(5);
/// Recordings kept of a flow, unless said otherwise.
pub const DEFAULT_RECORD_MOST_FILES: usize = 20;
/// Bytes that the recordings of a flow may take up together, unless said otherwise.
pub const DEFAULT_RECORD_MOST_BYTES: u64 = 1 << 30;
/// Memory for the last seconds, unless said otherwise, in bytes: 15 s at 35 Mb/s. Only what is needed is used.
pub const DEFAULT_RECORD_MEMORY_BYTES: usize = 64 << 20;

/// Recording on alarm: when an alarm of priority 1 (TR 101 290) is raised, what came shortly before and after it is saved.
///
/// A recording is a file `FLOW-UTC.ts` or `.pcapng`; characters of the flow's name that are neither letters, digits, `.`,
/// `_` nor `-` are `_` in it. When there are too many of a flow, the oldest are deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The folder that recordings are written to.
    pub folder: PathBuf,
    /// What they are saved as.
    #[serde(default)]
    pub format: RecordFormat,
    /// How long before the alarm a recording begins, up to 10 minutes.
    #[serde(default = "default_before", with = "duration")]
    #[schemars(with = "String")]
    pub before: Duration,
    /// How long after the alarm it goes on, up to 10 minutes.
    #[serde(default = "default_after", with = "duration")]
    #[schemars(with = "String")]
    pub after: Duration,
    /// Recordings kept of the flow, at least 1.
    #[serde(default = "default_most_files")]
    pub most_files: usize,
    /// Bytes that the recordings of the flow may take up together, at least as many as `memory_bytes`.
    #[serde(default = "default_most_bytes")]
    pub most_bytes: u64,
    /// Memory for the last seconds, 1 MiB to 4 GiB: if it is too little for the flow's rate, recordings are shorter.
    #[serde(default = "default_memory")]
    pub memory_bytes: usize,
}

impl Record {
    /// Recordings in `folder`, with everything else as it is by default.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            format: RecordFormat::default(),
            before: DEFAULT_RECORD_BEFORE,
            after: DEFAULT_RECORD_AFTER,
            most_files: DEFAULT_RECORD_MOST_FILES,
            most_bytes: DEFAULT_RECORD_MOST_BYTES,
            memory_bytes: DEFAULT_RECORD_MEMORY_BYTES,
        }
    }
}

const fn default_before() -> Duration {
    DEFAULT_RECORD_BEFORE
}

const fn default_after() -> Duration {
    DEFAULT_RECORD_AFTER
}

const fn default_most_files() -> usize {
    DEFAULT_RECORD_MOST_FILES
}

const fn default_most_bytes() -> u64 {
    DEFAULT_RECORD_MOST_BYTES
}

const fn default_memory() -> usize {
    DEFAULT_RECORD_MEMORY_BYTES
}
