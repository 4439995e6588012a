//! Options for recording on alarm.

use std::path::PathBuf;

use clap::ValueHint;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use humantime::Duration;
use relay::spec::{
    DEFAULT_RECORD_AFTER, DEFAULT_RECORD_BEFORE, DEFAULT_RECORD_MEMORY_BYTES, DEFAULT_RECORD_MOST_BYTES,
    DEFAULT_RECORD_MOST_FILES, Record, RecordFormat,
};

/// Recording on alarm; with a file of flows, all this is in the file.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Recording on alarm")]
pub(crate) struct RecordArgs {
    /// Folder for what comes around each alarm of priority 1 (TR 101 290) [default: nothing is recorded]
    #[arg(long = "record", value_name = "FOLDER", value_hint = ValueHint::DirPath, conflicts_with = "config")]
    folder: Option<PathBuf>,
    /// What recordings are saved as: transport packets, or datagrams with their times
    #[arg(long = "record-format", value_name = "FORMAT", requires = "folder", default_value_t, value_parser = format())]
    format: RecordFormat,
    /// How long before the alarm a recording begins
    #[arg(long = "record-before", value_name = "DURATION", requires = "folder")]
    #[arg(default_value_t = DEFAULT_RECORD_BEFORE.into())]
    before: Duration,
    /// How long after the alarm it goes on
    #[arg(long = "record-after", value_name = "DURATION", requires = "folder")]
    #[arg(default_value_t = DEFAULT_RECORD_AFTER.into())]
    after: Duration,
    /// Recordings kept; of more, the oldest are deleted
    #[arg(long = "record-most-files", value_name = "COUNT", requires = "folder")]
    #[arg(default_value_t = DEFAULT_RECORD_MOST_FILES)]
    most_files: usize,
    /// Bytes that they may take up together; of more, the oldest are deleted
    #[arg(long = "record-most-bytes", value_name = "BYTES", requires = "folder")]
    #[arg(default_value_t = DEFAULT_RECORD_MOST_BYTES)]
    most_bytes: u64,
    /// Memory for the last seconds in bytes; with too little, recordings are shorter
    #[arg(long = "record-memory", value_name = "BYTES", requires = "folder")]
    #[arg(default_value_t = DEFAULT_RECORD_MEMORY_BYTES)]
    memory_bytes: usize,
}

fn format() -> impl TypedValueParser<Value = RecordFormat> {
    PossibleValuesParser::new(RecordFormat::ALL.map(RecordFormat::as_str)).try_map(|text| text.parse::<RecordFormat>())
}

impl RecordArgs {
    /// What is to be recorded, if anything.
    pub(crate) fn record(&self) -> Option<Record> {
        Some(Record {
            folder: self.folder.clone()?,
            format: self.format,
            before: self.before.into(),
            after: self.after.into(),
            most_files: self.most_files,
            most_bytes: self.most_bytes,
            memory_bytes: self.memory_bytes,
        })
    }
}
