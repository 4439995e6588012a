//! The indicators of ETSI TR 101 290 v1.4.1 (tables 5.0a to 5.0c): one table that everything else is derived from.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

macro_rules! indicators {
    ($($(#[$doc:meta])* $variant:ident: $name:literal, $priority:literal, $clause:literal;)*) => {
        /// What can be wrong with a transport stream.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Indicator {
            $($(#[$doc])* $variant,)*
        }

        impl Indicator {
            /// All indicators, in the order of the document.
            pub const ALL: [Self; [$($clause),*].len()] = [$(Self::$variant),*];

            /// Name as in the document, in lower case: a label of metrics and a key of reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Priority: 1 is needed for decoding, 2 is recommended to be watched, 3 depends on the application.
            pub const fn priority(self) -> u8 {
                match self { $(Self::$variant => $priority,)* }
            }

            /// Number of the indicator in the document.
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$variant => $clause,)* }
            }
        }
    };
}

indicators! {
    /// Synchronisation is lost: two sync bytes in a row are wrong.
    TsSyncLoss: "ts_sync_loss", 1, "1.1";
    /// A sync byte is not 0x47.
    SyncByteError: "sync_byte_error", 1, "1.2";
    /// No section of table 0 on PID 0 for 0.5 s, another table there, or PID 0 is scrambled.
    PatError: "pat_error_2", 1, "1.3.a";
    /// A packet is lost, out of order, or comes more than twice.
    ContinuityCountError: "continuity_count_error", 1, "1.4";
    /// No section of table 2 on the PID of a program map for 0.5 s, or that PID is scrambled.
    PmtError: "pmt_error_2", 1, "1.5.a";
    /// A PID that a program map names as video, audio or PCR does not come for 5 s.
    PidError: "pid_error", 1, "1.6";
    /// The transport_error_indicator is set.
    TransportError: "transport_error", 2, "2.1";
    /// A section on the PIDs of PAT, CAT, PMT, NIT, SDT, BAT, EIT or TOT has a wrong CRC.
    CrcError: "crc_error", 2, "2.2";
    /// More than 100 ms between two PCRs of a program.
    PcrRepetitionError: "pcr_repetition_error", 2, "2.3.a";
    /// A PCR steps by more than 100 ms, or back, without the discontinuity indicator.
    PcrDiscontinuityError: "pcr_discontinuity_indicator_error", 2, "2.3.b";
    /// A PCR is off by more than 500 ns, measured against the positions of its neighbours in the stream.
    PcrAccuracyError: "pcr_accuracy_error", 2, "2.4";
    /// More than 700 ms between two PTS of a stream.
    PtsError: "pts_error", 2, "2.5";
    /// Something is scrambled for 0.5 s and there is no CAT, or another table is on PID 1.
    CatError: "cat_error", 2, "2.6";
    /// No NIT of this network for 10 s, two within 25 ms, or another table on its PID.
    NitActualError: "nit_actual_error", 3, "3.1.a";
    /// A PID comes that is not reserved, and neither PAT nor PMT nor CAT names it within 0.5 s.
    UnreferencedPid: "unreferenced_pid", 3, "3.4.a";
    /// No SDT of this transport stream for 2 s, two within 25 ms, or another table on its PID.
    SdtActualError: "sdt_actual_error", 3, "3.5.a";
    /// No present or no following event of this transport stream for 2 s, the same section twice within 25 ms, or another
    /// table on its PID.
    EitActualError: "eit_actual_error", 3, "3.6.a";
    /// Of present and following event of a service, one comes and the other does not for 2 s.
    EitPfError: "eit_pf_error", 3, "3.6.c";
    /// Two running status sections within 25 ms, or another table on their PID.
    RstError: "rst_error", 3, "3.7";
    /// No TDT for 30 s, two within 25 ms, or another table on its PID.
    TdtError: "tdt_error", 3, "3.8";
}

/// Number of indicators.
pub const INDICATORS: usize = Indicator::ALL.len();

/// Indicators of TR 101 290 that are not measured here, each with its reason.
pub const NOT_MEASURED: [(&str, &str, &str); 9] = [
    ("1.3, 1.5", "PAT_error, PMT_error", "1.3.a and 1.5.a take their place in the document itself"),
    ("2.3", "PCR_error", "2.3.a and 2.3.b take its place in the document itself"),
    (
        "3.1, 3.4, 3.5, 3.6",
        "NIT_error, Unreferenced_PID, SDT_error, EIT_error",
        "those with a letter take their place in the document itself",
    ),
    ("3.1.b", "NIT_other_error", "how often other networks' tables must come is a value that the operator sets"),
    (
        "3.2",
        "SI_repetition_error",
        "the limits are those of 3.1 to 3.8, counted there; for other tables they are regional",
    ),
    ("3.3", "buffer_error", "needs the decoder's buffer model, and for it the stream decoded"),
    ("3.5.b, 3.6.b", "SDT_other_error, EIT_other_error", "as 3.1.b"),
    ("3.9", "empty_buffer_error", "as 3.3"),
    ("3.10", "data_delay_error", "as 3.3"),
];

/// The limits that the document gives.
pub mod limits {
    use super::Duration;

    /// Longest time between two sections of the PAT, and of a PMT (1.3.a, 1.5.a).
    pub const PROGRAM_TABLES: Duration = Duration::from_millis(500);
    /// Longest absence of a PID that a program map names (1.6, where the user is to specify it; 5 s is usual).
    pub const PID_ABSENCE: Duration = Duration::from_secs(5);
    /// Longest time between two PCRs, and largest step (2.3.a, 2.3.b).
    pub const PCR_INTERVAL: Duration = Duration::from_millis(100);
    /// Largest error of a PCR (2.4), in nanoseconds.
    pub const PCR_ACCURACY_NANOS: i64 = 500;
    /// Longest time between two PTS (2.5).
    pub const PTS_INTERVAL: Duration = Duration::from_millis(700);
    /// Longest time that something may be scrambled before the CAT comes (2.6 gives no time: that of the other tables).
    pub const SCRAMBLED_WITHOUT_CAT: Duration = PROGRAM_TABLES;
    /// Time in which a PID that comes is to be named (3.4.a).
    pub const UNREFERENCED: Duration = Duration::from_millis(500);
    /// Shortest time between two sections of a DVB table (3.1.a and others).
    pub const SI_SPACING: Duration = Duration::from_millis(25);
    /// Longest time between two NIT sections (3.1.a).
    pub const NIT: Duration = Duration::from_secs(10);
    /// Longest time between two SDT sections, and two EIT sections of one kind (3.5.a, 3.6.a, 3.6.c).
    pub const SDT_AND_EIT: Duration = Duration::from_secs(2);
    /// Longest time between two TDT sections (3.8).
    pub const TDT: Duration = Duration::from_secs(30);
}

/// What was seen when an error was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Offence {
    /// It was absent, or came too late: the time in nanoseconds.
    AbsentNanos(u64),
    /// It came again too soon: the time in nanoseconds.
    TooSoonNanos(u64),
    /// This continuity counter came where another was expected.
    Counter {
        /// The counter that would have been right, `0..16`.
        expected: u8,
        /// The one that came.
        found: u8,
    },
    /// Two values of the stream's clock are this far apart, in nanoseconds.
    StepNanos(i64),
    /// A value is off by so much, in nanoseconds.
    ErrorNanos(i64),
    /// This table has no place on the PID.
    Table(u8),
    /// A byte that should be another.
    Byte(u8),
    /// The packet is scrambled and should not be, or cannot be descrambled.
    Scrambled,
    /// The fact is all there is to say.
    Found,
}

impl Offence {
    pub(super) fn absent(span: Duration) -> Self {
        Self::AbsentNanos(nanos(span))
    }

    pub(super) fn too_soon(span: Duration) -> Self {
        Self::TooSoonNanos(nanos(span))
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

impl Serialize for Indicator {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::AbsentNanos(nanos) => write!(f, "absent for {:?}", Duration::from_nanos(nanos)),
            Self::TooSoonNanos(nanos) => write!(f, "again after {:?}", Duration::from_nanos(nanos)),
            Self::Counter { expected, found } => write!(f, "counter {found} where {expected} was expected"),
            Self::StepNanos(nanos) => write!(f, "step of {:.3} ms", nanos as f64 * 1e-6),
            Self::ErrorNanos(nanos) => write!(f, "off by {nanos} ns"),
            Self::Table(table_id) => write!(f, "table {table_id:#04x}"),
            Self::Byte(byte) => write!(f, "{byte:#04x}"),
            Self::Scrambled => write!(f, "scrambled"),
            Self::Found => write!(f, "found"),
        }
    }
}
