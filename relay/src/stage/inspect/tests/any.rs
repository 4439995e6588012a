//! Any bytes as packets, at any times: no panic, and the sums are right.

use proptest::prelude::*;

use super::super::Inspector;
use crate::time::Time;
use crate::wire::ids;
use crate::wire::psi::{Head, long_section};
use crate::wire::ts::{PACKET_LEN, Packet, SYNC_BYTE};

/// PIDs that mean something, so that any bytes reach all there is.
const PIDS: [u16; 12] = [
    ids::PAT_PID,
    ids::CAT_PID,
    ids::NIT_PID,
    ids::SDT_PID,
    ids::EIT_PID,
    ids::RST_PID,
    ids::TDT_PID,
    0x100,
    0x101,
    0x102,
    0x1FFB,
    0x1FFF,
];
const TABLES: [u8; 12] = [ids::PAT, ids::CAT, ids::PMT, 0x40, 0x42, 0x46, 0x4A, 0x4E, 0x50, ids::RST, ids::TOT, 0xFC];

#[derive(Clone, Debug)]
enum Step {
    Bytes(usize, Vec<u8>),
    /// A section with the right CRC.
    Section(usize, usize, Vec<u8>),
    Wait(u64),
    At(u64),
    SyncLost,
    BadSyncByte,
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = |len| proptest::collection::vec(any::<u8>(), 0..len);
    prop_oneof![
        6 => (0..PIDS.len(), bytes(PACKET_LEN)).prop_map(|(pid, bytes)| Step::Bytes(pid, bytes)),
        6 => (0..PIDS.len(), 0..TABLES.len(), bytes(170)).prop_map(|(pid, table, body)| Step::Section(pid, table, body)),
        3 => (0..3_000_000_000_u64).prop_map(Step::Wait),
        1 => any::<u64>().prop_map(Step::At),
        1 => Just(Step::SyncLost),
        1 => Just(Step::BadSyncByte),
    ]
}

fn packet(pid: u16, bytes: &[u8]) -> [u8; PACKET_LEN] {
    let mut packet = [0xFF; PACKET_LEN];
    packet[..bytes.len()].copy_from_slice(bytes);
    let [high, low] = pid.to_be_bytes();
    (packet[0], packet[1], packet[2]) = (SYNC_BYTE, packet[1] & 0xC0 | high, low);
    packet
}

fn section_packet(pid: u16, table_id: u8, counter: u8, body: &[u8]) -> [u8; PACKET_LEN] {
    let section = long_section(Head::first(table_id, 7), body).unwrap();
    packet(pid, &[&[0, 0x40, 0, 0x10 | counter & 0x0F, 0], &section[..]].concat())
}

fn run(steps: Vec<Step>) -> Inspector {
    let (mut inspector, mut now, mut packets) = (Inspector::default(), Time(0), 0);
    for (number, step) in (0_u8..=255).cycle().zip(steps) {
        let mut show = |packet: &[u8; PACKET_LEN]| {
            packets += 1;
            inspector.packet(now, Packet::new(packet).unwrap());
        };
        match step {
            Step::Bytes(pid, bytes) => show(&packet(PIDS[pid], &bytes)),
            Step::Section(pid, table, body) => show(&section_packet(PIDS[pid], TABLES[table], number, &body)),
            Step::Wait(nanos) => now = Time(now.0.saturating_add(nanos)),
            Step::At(nanos) => now = Time(nanos),
            Step::SyncLost => inspector.sync_lost(now),
            Step::BadSyncByte => inspector.bad_sync_byte(now, None),
        }
        inspector.tick(now);
    }
    assert_eq!(inspector.packets, packets);
    inspector
}

proptest! {
    #[test]
    fn any_packets_at_any_times_are_counted(steps in proptest::collection::vec(step(), 0..150)) {
        let mut inspector = run(steps);
        let report = inspector.report(Time(u64::MAX));
        prop_assert_eq!(report.pids.iter().map(|pid| pid.packets).sum::<u64>(), report.ts.packets);
        prop_assert_eq!(report.ts.continuity_errors, inspector.continuity_errors());
        prop_assert_eq!(report.ts.missing_packets, inspector.missing_packets());
        for (name, indicator) in &report.tr101290 {
            prop_assert_eq!(indicator.errors > 0, indicator.last.is_some(), "{}", name);
            prop_assert!(!indicator.raised || indicator.errors > 0);
        }
        let json: serde_json::Value = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
        prop_assert_eq!(&json["ts"]["packets"], report.ts.packets);
        prop_assert!(inspector.drain_events().all(|event| !event.to_string().is_empty()));
    }

    #[test]
    fn what_is_over_is_cleared(steps in proptest::collection::vec(step(), 0..80)) {
        // Time runs on in this one.
        let mut inspector = run(steps.into_iter().filter(|step| !matches!(step, Step::At(_))).collect());
        // An association that names nothing: nothing is missing then but DVB's tables, if they ever came.
        let mut now = inspector.last_tick;
        for n in 0..200_u8 {
            now = Time(now.0 + 100_000_000);
            inspector.packet(now, Packet::new(&section_packet(ids::PAT_PID, ids::PAT, n, &[])).unwrap());
            inspector.tick(now);
        }
        let dvb = ["nit_actual_error", "sdt_actual_error", "eit_actual_error", "tdt_error"];
        let report = inspector.report(now);
        let raised: Vec<_> = report.tr101290.iter().filter(|(_, state)| state.raised).map(|(name, _)| *name).collect();
        prop_assert!(raised.iter().all(|name| dvb.contains(name)), "{raised:?}");
    }
}
