//! Times from PCRs.

use super::*;

const MS: u64 = Ticks27::HZ / 1_000;
const PID: u16 = 100;

/// A stream of `(ticks, packets)`: a PCR, then so many packets.
fn stream(parts: &[(u64, u32)]) -> Vec<u8> {
    parts.iter().flat_map(|(ticks, count)| [&pcr_packet(PID, *ticks)[..], &packets(0..*count)].concat()).collect()
}

fn millis(reading: &Reading) -> Vec<u64> {
    reading.times().iter().map(|time| time.0.div_ceil(1_000_000)).collect()
}

#[test]
fn packets_lie_between_two_pcrs_at_their_own_rate() {
    let reading = Reading::of(&stream(&[(5 * MS, 9), (15 * MS, 4), (25 * MS, 1)]));
    assert_eq!(millis(&reading), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 22]);
}

#[test]
fn packets_before_the_first_pcr_take_their_time() {
    let bytes = [packets(0..5), stream(&[(0, 9), (10 * MS, 3)])].concat();
    assert_eq!(millis(&Reading::of(&bytes)), (0..19).collect::<Vec<_>>());
}

#[test]
fn the_wrap_is_no_jump() {
    let reading = Reading::of(&stream(&[(Ticks27::MODULUS - 5 * MS, 9), (5 * MS, 9), (15 * MS, 0)]));
    assert_eq!(millis(&reading), (0..=20).collect::<Vec<_>>());
}

#[test]
fn over_a_jump_time_goes_on_at_the_rate_before_it() {
    let reading = Reading::of(&stream(&[(0, 9), (10 * MS, 9), (9_000 * MS, 4), (8_000 * MS, 4), (8_010 * MS, 0)]));
    let expected: Vec<u64> = (0..=25).chain([27, 29, 31, 33, 35]).collect();
    assert_eq!(millis(&reading), expected);
}

#[test]
fn other_pids_with_pcrs_change_nothing() {
    let bytes = [
        &pcr_packet(PID, 0)[..],
        &packets(0..4),
        &pcr_packet(PID + 1, 77_000 * MS),
        &packets(0..4),
        &pcr_packet(PID, 10 * MS),
    ];
    assert_eq!(millis(&Reading::of(&bytes.concat())), (0..=10).collect::<Vec<_>>());
}

#[test]
fn another_pid_is_followed_when_ours_has_gone() {
    let ours = stream(&[(0, 9), (10 * MS, 9)]);
    let others = (0..60).flat_map(|number| [&pcr_packet(PID + 1, number * 10 * MS)[..], &packets(0..9)].concat());
    let reading = Reading::of(&ours.into_iter().chain(others).collect::<Vec<_>>());
    assert_eq!(millis(&reading), (0..620).collect::<Vec<_>>());
}

#[test]
fn junk_takes_its_time_too() {
    let mut bytes = stream(&[(0, 9), (10 * MS, 9), (20 * MS, 9)]);
    bytes[12 * PACKET_LEN] = 0;
    bytes[13 * PACKET_LEN] = 0;
    let reading = Reading::of(&bytes);
    assert_eq!(reading.events(), [Got::SyncLost(Time(12_000_000)), Got::SyncFound(Time(14_000_000), 376)]);
    assert_eq!(*millis(&reading).last().unwrap(), 29);
}

#[test]
fn without_pcrs_time_stands_still() {
    assert!(Reading::of(&packets(0..100)).times().iter().all(|time| *time == Time(0)));
}

#[test]
fn a_pcr_that_comes_later_than_the_window_reaches_puts_time_right() {
    let far = 20_000;
    let reading = Reading::of(&stream(&[(0, 999), (MS, far), (900 * MS, 9), (901 * MS, 0)]));
    let times = reading.times();
    assert!(times.is_sorted());
    assert_eq!(*times.last().unwrap(), Time(901_000_000));
}

#[test]
fn a_part_is_never_before_the_packets_counted_up_to_it() {
    let mut bytes = stream(&[(0, 8), (1, 30), (2, 0)]);
    bytes[20 * PACKET_LEN] = 0;
    bytes.splice(30 * PACKET_LEN..30 * PACKET_LEN, [0; 300]);
    let reading = Reading::of(&bytes);
    assert_eq!((reading.counters.bad_syncs, reading.counters.sync_losses), (1, 1));
    assert!(reading.times().is_sorted());
}
