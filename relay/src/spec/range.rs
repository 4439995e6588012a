//! What each part of a flow may be.

use std::time::Duration;

use super::{FlowSpec, Inspect, MOST_PACKETS_PER_DATAGRAM, PairSpec, Record, RecordFormat, Source, SpecError};

const LONGEST_FLOW_NAME: usize = 64;
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const SHORTEST_PATIENCE: Duration = Duration::from_millis(1);
const LONGEST_RECORDED: Duration = Duration::from_secs(600);
const RECORD_MEMORY_BYTES: std::ops::RangeInclusive<usize> = 1 << 20..=4 << 30;
const RECEIVE_BUFFER_BYTES: std::ops::RangeInclusive<usize> = 4 << 10..=1 << 30;

/// What is out of its range in `flow`.
pub(super) fn problems(flow: &FlowSpec) -> impl Iterator<Item = SpecError> {
    let name = (!is_name(&flow.name)).then(|| SpecError::Name(flow.name.clone()));
    let out_of_range =
        |field, value: String, range| SpecError::OutOfRange { flow: flow.name.clone(), field, value, range };
    let packets = flow.packets_per_datagram;
    let packets = (!(1..=MOST_PACKETS_PER_DATAGRAM).contains(&packets))
        .then(|| out_of_range("packets_per_datagram", packets.to_string(), "1 to 348"));
    let buffer = flow.receive_buffer_bytes;
    let buffer = (!RECEIVE_BUFFER_BYTES.contains(&buffer))
        .then(|| out_of_range("receive_buffer_bytes", buffer.to_string(), "4096 (4 KiB) to 1073741824 (1 GiB)"));
    let wait = |field, wait: Duration| {
        (wait > LONGEST_WAIT).then(|| out_of_range(field, humantime::format_duration(wait).to_string(), "0s to 10s"))
    };
    let waits = [wait("reorder_window", flow.reorder_window), wait("pace_delay", flow.pace_delay)];
    let record = flow.record.iter().flat_map(|record| record_problems(flow, record));
    let pair = flow.pair.iter().flat_map(|pair| pair_problems(flow, pair));
    [name, packets, buffer].into_iter().chain(waits).flatten().chain(record).chain(pair)
}

fn pair_problems(flow: &FlowSpec, pair: &PairSpec) -> impl Iterator<Item = SpecError> {
    let outside = |field, span: Duration, range: std::ops::RangeInclusive<Duration>, words| {
        (!range.contains(&span)).then(|| {
            let value = humantime::format_duration(span).to_string();
            SpecError::OutOfRange { flow: flow.name.clone(), field, value, range: words }
        })
    };
    let least = outside("pair_patience", pair.patience, SHORTEST_PATIENCE..=LONGEST_WAIT, "1ms to 10s");
    let most = pair.patience.min(LONGEST_WAIT)..=LONGEST_WAIT;
    let most = outside("pair_most_patience", pair.most_patience, most, "pair_patience to 10s");
    [least, most].into_iter().flatten()
}

fn record_problems(flow: &FlowSpec, record: &Record) -> impl Iterator<Item = SpecError> {
    let out_of_range =
        |field, value: String, range| SpecError::OutOfRange { flow: flow.name.clone(), field, value, range };
    let long = |field, span: Duration| {
        (span > LONGEST_RECORDED)
            .then(|| out_of_range(field, humantime::format_duration(span).to_string(), "0s to 10m"))
    };
    let memory = (!RECORD_MEMORY_BYTES.contains(&record.memory_bytes)).then(|| {
        let range = "1048576 (1 MiB) to 4294967296 (4 GiB)";
        out_of_range("record.memory_bytes", record.memory_bytes.to_string(), range)
    });
    let files = (record.most_files == 0).then(|| out_of_range("record.most_files", "0".to_owned(), "1 or more"));
    let bytes = (record.most_bytes < record.memory_bytes as u64).then(|| {
        out_of_range(
            "record.most_bytes",
            record.most_bytes.to_string(),
            "memory_bytes or more, as one recording may be so long",
        )
    });
    let spans = [long("record.before", record.before), long("record.after", record.after)];
    let cannot = cannot_record(flow, record).map(|reason| SpecError::CannotRecord { flow: flow.name.clone(), reason });
    [memory, files, bytes, cannot].into_iter().chain(spans).flatten()
}

fn cannot_record(flow: &FlowSpec, record: &Record) -> Option<&'static str> {
    if flow.inspect != Inspect::Full {
        Some("without full inspection there are no alarms; leave inspect as it is by default")
    } else if record.format == RecordFormat::Pcapng && !matches!(flow.source, Source::Network(_)) {
        Some("pcapng is for datagrams from the network; record this source as ts")
    } else {
        None
    }
}

fn is_name(name: &str) -> bool {
    let wrong = |character: char| character.is_whitespace() || character.is_control();
    (1..=LONGEST_FLOW_NAME).contains(&name.chars().count()) && !name.contains(wrong)
}
