//! The counts against those of a counter that knows nothing of the inspector, on a clean stream with faults thrown in.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::Inspector;
use super::naive::{NaiveCounter, NaivePid};
use crate::io::Generator;
use crate::io::synthetic::SyntheticChannel;
use crate::spec::TestInput;
use crate::time::{Time, Utc};
use crate::wire::ts::{PACKET_LEN, PACKETS_PER_DATAGRAM, Packet};

type Bytes = [u8; PACKET_LEN];

/// Packets that come before the first fault, so that all tables are known.
const UNHARMED: usize = 200;
const PACKETS: usize = 1_400;

static CLEAN: LazyLock<Vec<Bytes>> = LazyLock::new(|| {
    let input = TestInput { bitrate: 1_000_000, ..TestInput::default() };
    let mut channel = SyntheticChannel::new(&input, PACKETS_PER_DATAGRAM).unwrap();
    channel.seek(Utc(0));
    let mut stream = Vec::new();
    while stream.len() < PACKETS {
        let mut datagram = [0; PACKETS_PER_DATAGRAM * PACKET_LEN];
        channel.fill(&mut datagram).unwrap();
        stream.extend(datagram.as_chunks().0);
    }
    stream
});

/// What happens to a stream, at a place that is a part of its length.
#[derive(Clone, Debug)]
enum Fault {
    Drop(f64, usize),
    Duplicate(f64, usize),
    Swap(f64, usize),
    /// A bit that is not in the sync byte changes.
    Corrupt(f64, usize),
    /// So does one of the header or of the adaptation field's first bytes.
    CorruptHead(f64, usize),
}

fn fault() -> impl Strategy<Value = Fault> {
    let place = 0.0..1.0_f64;
    prop_oneof![
        (place.clone(), 1..20_usize).prop_map(|(place, count)| Fault::Drop(place, count)),
        (place.clone(), 0..4_usize).prop_map(|(place, later)| Fault::Duplicate(place, later)),
        (place.clone(), 1..30_usize).prop_map(|(place, away)| Fault::Swap(place, away)),
        (place.clone(), 8..PACKET_LEN * 8).prop_map(|(place, bit)| Fault::Corrupt(place, bit)),
        (place, 8..7 * 8_usize).prop_map(|(place, bit)| Fault::CorruptHead(place, bit)),
    ]
}

fn apply(stream: &mut Vec<Bytes>, fault: &Fault) {
    let at = |part: f64| UNHARMED + (part * (stream.len() - UNHARMED - 40) as f64) as usize;
    match *fault {
        Fault::Drop(place, count) => {
            let start = at(place);
            stream.drain(start..start + count);
        }
        Fault::Duplicate(place, later) => {
            let start = at(place);
            stream.insert(start + later, stream[start]);
        }
        Fault::Swap(place, away) => {
            let start = at(place);
            stream.swap(start, start + away);
        }
        Fault::Corrupt(place, bit) | Fault::CorruptHead(place, bit) => {
            let start = at(place);
            stream[start][bit / 8] ^= 0x80 >> (bit % 8);
        }
    }
}

fn inspect(stream: &[Bytes]) -> BTreeMap<u16, NaivePid> {
    let mut inspector = Inspector::default();
    for (n, bytes) in (0..).zip(stream) {
        let at = Time(n * 1_500_000);
        inspector.packet(at, Packet::new(bytes).unwrap());
        if n % 60 == 0 {
            inspector.tick(at);
        }
    }
    let report = inspector.report(Time(0));
    assert_eq!(report.ts.packets, stream.len() as u64);
    assert_eq!(report.ts.continuity_errors, inspector.continuity_errors());
    let counted = report.pids.iter().filter(|pid| pid.packets > 0).map(|pid| {
        let counts = NaivePid {
            packets: pid.packets,
            continuity_errors: pid.continuity_errors,
            repeated: pid.repeated,
            transport_errors: pid.transport_errors,
            scrambled: pid.scrambled,
            pcr: pid.pcr_count,
            pts: pid.pts_count,
        };
        (pid.pid, counts)
    });
    counted.collect()
}

#[test]
fn the_counts_of_a_clean_stream_are_those_of_the_naive_counter() {
    let counts = inspect(&CLEAN);
    assert_eq!(counts, NaiveCounter::count(&CLEAN));
    assert!(counts.values().all(|pid| pid.continuity_errors == 0));
    assert!(counts.values().any(|pid| pid.pcr > 70) && counts.values().filter(|pid| pid.pts > 10).count() == 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_counts_of_a_stream_with_faults_are_those_of_the_naive_counter(
        faults in proptest::collection::vec(fault(), 1..25),
    ) {
        let mut stream = CLEAN.clone();
        faults.iter().for_each(|fault| apply(&mut stream, fault));
        prop_assert_eq!(inspect(&stream), NaiveCounter::count(&stream));
    }

    #[test]
    fn the_counts_of_few_pids_and_counters_are_those_of_the_naive_counter(
        packets in proptest::collection::vec((0..3_u8, 0..4_u8, any::<u8>(), 0..4_u8, any::<bool>()), 0..200),
    ) {
        let stream: Vec<Bytes> = packets.into_iter().map(|(pid, counter, flags, fill, flagged)| {
            let mut bytes = [fill; PACKET_LEN];
            let control = [0x10, 0x10, 0x10, 0x30, 0x30, 0x20, 0x00, 0x90][usize::from(flags & 7)];
            let broken = if flags >> 3 == 0 { 0x80 } else { 0 };
            bytes[..4].copy_from_slice(&[0x47, 0x01 | broken, pid, control | counter]);
            if control & 0x20 != 0 {
                let discontinuity = if flagged && flags & 0x40 != 0 { 0x80 } else { 0 };
                let pcr = if flags & 0x80 != 0 { 0x10 } else { 0 };
                bytes[4..6].copy_from_slice(&[if control & 0x10 == 0 { 183 } else { 7 }, discontinuity | pcr]);
            }
            bytes
        }).collect();
        prop_assert_eq!(inspect(&stream), NaiveCounter::count(&stream));
    }
}
