//! Loss and recovery of sync.

use super::*;
use proptest::prelude::*;

/// Not the sync byte.
const WRONG: u8 = 0xB8;

fn damaged(packets_in_all: u32, bad: &[usize]) -> Vec<u8> {
    let mut bytes = packets(0..packets_in_all);
    for number in bad {
        bytes[number * PACKET_LEN] = WRONG;
    }
    bytes
}

#[test]
fn one_wrong_sync_byte_is_reported_and_nothing_is_lost() {
    let reading = Reading::of(&damaged(20, &[3, 5, 19]));
    let bad = [3, 5, 19].map(|number| {
        let mut packet = packet(number);
        packet[0] = WRONG;
        Got::BadSync(Time(0), packet)
    });
    assert_eq!(reading.events(), bad);
    let kept = (0..20).filter(|number| ![3, 5, 19].contains(number));
    assert_eq!(reading.numbers(), kept.collect::<Vec<_>>());
    assert_eq!(reading.counters, Counters { packets: 17, bad_syncs: 3, ..Counters::default() });
}

#[test]
fn two_wrong_sync_bytes_in_a_row_lose_sync_until_five_are_right() {
    let reading = Reading::of(&damaged(20, &[8, 9]));
    let skipped = 2 * PACKET_LEN as u64;
    assert_eq!(reading.events(), [Got::SyncLost(Time(0)), Got::SyncFound(Time(0), skipped)]);
    assert_eq!(reading.numbers(), (0..8).chain(10..20).collect::<Vec<_>>());
    let counters = Counters { packets: 18, sync_losses: 1, skipped_bytes: skipped, ..Counters::default() };
    assert_eq!(reading.counters, counters);
}

#[test]
fn four_right_sync_bytes_are_not_enough() {
    let reading = Reading::of(&damaged(20, &[8, 9, 14]));
    assert_eq!(reading.numbers(), (0..8).chain(15..20).collect::<Vec<_>>());
    assert_eq!(reading.counters.skipped_bytes, 7 * PACKET_LEN as u64);
}

#[test]
fn bytes_that_came_in_between_are_skipped() {
    let bytes = [&packets(0..10)[..], &[0x11; 77], &packets(10..30)].concat();
    let reading = Reading::of(&bytes);
    assert_eq!((reading.numbers(), reading.counters.skipped_bytes), ((0..30).collect(), 77));
    assert_eq!(reading.counters.sync_losses, 1);
}

#[test]
fn bytes_that_are_missing_cost_the_packet_after_them() {
    let mut bytes = packets(0..30);
    bytes.drain(10 * PACKET_LEN + 50..10 * PACKET_LEN + 60);
    let reading = Reading::of(&bytes);
    // Packet 10 ends with the first bytes of packet 11.
    assert_eq!(reading.numbers(), (0..30).filter(|number| *number != 11).collect::<Vec<_>>());
    assert_eq!(reading.counters.sync_losses, 1);
}

#[test]
fn junk_up_to_the_end_is_counted_in_the_time_it_takes_to_look_at_it() {
    let junk = vec![0; 10 << 20];
    let reading = Reading::of(&[packets(0..10), junk.clone()].concat());
    assert_eq!(reading.counters.packets, 10);
    assert_eq!(reading.counters.skipped_bytes, junk.len() as u64);
}

proptest! {
    /// Damage costs neighbours, and all else comes in order.
    #[test]
    fn every_byte_is_in_a_packet_or_counted(
        count in 10_u32..60,
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0_usize..3), 0..12),
    ) {
        let mut bytes = packets(0..count);
        for (place, byte, what) in edits {
            let place = 5 * PACKET_LEN + place.index(bytes.len() - 5 * PACKET_LEN);
            match what {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ => drop(bytes.remove(place)),
            }
        }
        let Reading { counters, items, .. } = Reading::of(&bytes);
        let packets = counters.packets + counters.bad_syncs;
        prop_assert_eq!(packets * PACKET_LEN as u64 + counters.skipped_bytes, bytes.len() as u64);
        let lost = items.iter().filter(|item| matches!(item, Got::SyncLost(_))).count() as u64;
        prop_assert_eq!(lost, counters.sync_losses);
    }
}

#[test]
fn wrong_sync_bytes_at_the_very_start_are_reported_too() {
    let reading = Reading::of(&damaged(20, &[0, 2, 4]));
    assert_eq!(reading.counters, Counters { packets: 17, bad_syncs: 3, ..Counters::default() });
}
