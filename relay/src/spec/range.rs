//! What each part of a flow may be.

use std::time::Duration;

use super::{FlowSpec, MOST_PACKETS_PER_DATAGRAM, SpecError};

const LONGEST_FLOW_NAME: usize = 64;
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const RECEIVE_BUFFER_BYTES: std::ops::RangeInclusive<usize> = 4 << 10..=1 << 30;

/// What is out of its range in `flow`.
pub(super) fn problems(flow: &FlowSpec) -> impl Iterator<Item = SpecError> {
    let name = (!is_name(&flow.name)).then(|| SpecError::Name(flow.name.clone()));
    let outputs = flow.outputs.is_empty().then(|| SpecError::NoOutput(flow.name.clone()));
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
    [name, outputs, packets, buffer].into_iter().chain(waits).flatten()
}

fn is_name(name: &str) -> bool {
    let wrong = |character: char| character.is_whitespace() || character.is_control();
    (1..=LONGEST_FLOW_NAME).contains(&name.chars().count()) && !name.contains(wrong)
}
