//! What is saved reads back as what came.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::io::capture::{self, Item, Kind};
use crate::spec::Inspect;
use crate::stage::inspect::alarm::{AlarmChange, AlarmEvent};
use crate::stage::inspect::indicator::{Indicator, Offence};
use crate::stage::tape::Tape;
use crate::time::{Time, Utc};
use crate::wire::ts::{NULL_PACKET, PACKET_LEN};

const NOW: Moment = Moment { mono: Time(5_000_000_000), utc: Utc(1_700_000_000_000_000_000) };

fn spec(source: &str, record: Record) -> FlowSpec {
    let mut spec = FlowSpec::new("ch7", source.parse().unwrap(), Vec::new());
    (spec.inspect, spec.record) = (Inspect::Full, Some(record));
    spec
}

/// 100 datagrams of 7 packets, 10 ms apart, and an alarm at the last.
fn cut(record: &Record) -> Cut {
    let mut tape = Tape::new(record);
    let at = |number: u64| Time(number * 10_000_000);
    for number in 0..100 {
        let mut payload = NULL_PACKET.repeat(7);
        payload[PACKET_LEN - 1] = number as u8;
        tape.packets(at(number), &payload);
        tape.datagram(at(number), &payload);
    }
    let change = AlarmChange::Raised(Offence::Found);
    tape.alarm(AlarmEvent { indicator: Indicator::TsSyncLoss, pid: None, at: at(99), change });
    tape.cut(at(99), true).unwrap()
}

fn save(folder: &Path, format: RecordFormat, source: &str) -> Saved {
    let record = Record { format, before: Duration::from_millis(500), ..Record::new(folder) };
    let saved = Recordings::new(&spec(source, record.clone()), &record).save(&cut(&record), NOW).unwrap();
    assert_eq!(std::fs::metadata(&saved.path).unwrap().len(), saved.bytes);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
    saved
}

#[test]
fn packets_are_saved_as_they_came() {
    let folder = tempfile::tempdir().unwrap();
    let saved = save(folder.path(), RecordFormat::Ts, "test:");
    // From 0.49 s to 0.99 s.
    assert_eq!(saved.path.file_name().unwrap(), "ch7-20231114T221315.990Z.ts");
    let stream = std::fs::read(&saved.path).unwrap();
    let numbers: Vec<u8> = stream.chunks(7 * PACKET_LEN).map(|datagram| datagram[PACKET_LEN - 1]).collect();
    assert_eq!(numbers, (49..100).collect::<Vec<_>>());
}

#[test]
fn datagrams_are_saved_with_their_times_and_addresses() {
    let folder = tempfile::tempdir().unwrap();
    for (source, destination) in
        [("udp://239.9.9.9:5000", "239.9.9.9:5000"), ("udp://[fd00::1]@[ff3e::9]:5000?iface=eth0", "[ff3e::9]:5000")]
    {
        let saved = save(folder.path(), RecordFormat::Pcapng, source);
        let mut read = capture::open(&saved.path, None).unwrap();
        assert_eq!((read.kind(), read.destination()), (Kind::Pcapng, destination.parse().ok()));
        assert_eq!(read.started(), Some(Utc(1_699_999_995_490_000_000)));
        let mut times = Vec::new();
        let mut take = |item: Item<'_>| {
            if let Item::Datagram(datagram) = item {
                times.push(datagram.at);
            }
        };
        while read.read(&mut take).unwrap() {}
        assert_eq!(times, (0..=50).map(|number| Time(number * 10_000_000)).collect::<Vec<_>>());
        std::fs::remove_file(saved.path).unwrap();
    }
}

#[test]
fn a_folder_that_is_gone_is_told() {
    let record = Record::new("/nowhere/recordings");
    let refusal = Recordings::new(&spec("test:", record.clone()), &record).save(&cut(&record), NOW).unwrap_err();
    assert!(refusal.to_string().starts_with("/nowhere/recordings: "), "{refusal}");
}
