//! Files of transport packets: the three layouts, whole, short, behind junk.

use super::*;

fn m2ts(packets: &[u8], stamp: impl Fn(u32) -> u32) -> Vec<u8> {
    let numbered = (0..).zip(packets.chunks(PACKET_LEN));
    numbered.flat_map(|(number, packet)| [&stamp(number).to_be_bytes(), packet].concat()).collect()
}

fn with_parity(packets: &[u8]) -> Vec<u8> {
    packets.chunks(PACKET_LEN).flat_map(|packet| [packet, &[0x99; 16]].concat()).collect()
}

#[test]
fn each_layout_gives_the_same_packets() {
    let plain = packets(0..100);
    let captures = [
        (Kind::TransportStream, plain.clone()),
        (Kind::M2ts, m2ts(&plain, |number| number * 2_700)),
        (Kind::Parity204, with_parity(&plain)),
    ];
    for (kind, bytes) in captures {
        let reading = Reading::of(&bytes);
        assert_eq!((reading.kind, reading.numbers()), (kind, (0..100).collect()));
        assert_eq!(reading.counters, Counters { packets: 100, ..Counters::default() });
    }
}

#[test]
fn a_file_longer_than_the_window_comes_whole() {
    let count = 60_000;
    for bytes in [packets(0..count), with_parity(&packets(0..count)), m2ts(&packets(0..count), |number| number)] {
        let reading = Reading::of(&bytes);
        assert!(reading.numbers().into_iter().eq(0..count), "packets of a {} are missing", reading.kind);
        assert_eq!((reading.counters.packets, reading.events()), (u64::from(count), vec![]));
    }
}

#[test]
fn one_packet_is_a_capture() {
    assert_eq!(Reading::of(&packet(7)).numbers(), [7]);
    assert_eq!(Reading::of(&m2ts(&packet(7), |_| 0)).numbers(), [7]);
    assert_eq!(Reading::of(&with_parity(&packet(7))).numbers(), [7]);
}

#[test]
fn the_last_packet_may_be_cut_short() {
    let reading = Reading::of(&packets(0..10)[..9 * PACKET_LEN + 100]);
    assert_eq!((reading.numbers(), reading.counters.skipped_bytes), ((0..9).collect(), 100));
}

#[test]
fn the_last_packet_may_lack_its_parity() {
    let bytes = with_parity(&packets(0..10));
    let reading = Reading::of(&bytes[..bytes.len() - 16]);
    assert_eq!((reading.numbers(), reading.counters.skipped_bytes), ((0..10).collect(), 0));
}

#[test]
fn junk_before_the_first_packet_is_left_out_and_counted() {
    let bytes = [&[0x47; 333][..], &[0x12; 500], &packets(0..20)].concat();
    let reading = Reading::of(&bytes);
    assert_eq!((reading.numbers(), reading.counters.skipped_bytes), ((0..20).collect(), 833));
    assert_eq!(reading.events(), []);
}

#[test]
fn what_is_no_capture_is_refused() {
    for bytes in [&[][..], b"RIFF and so on", &[0x47; 100], &[0; 5_000]] {
        let refused = Reading::try_of(bytes, None).err().map(|error| error.to_string());
        assert!(refused.unwrap().starts_with("a test is no capture that can be read: it is neither pcap nor pcapng"));
    }
}

#[test]
fn arrival_stamps_are_unwrapped_and_never_run_backwards() {
    const MODULUS: u32 = 1 << 30;
    let stamps = [MODULUS - 27, 0, 27, 13, 27_000_013];
    let bytes = m2ts(&packets(0..5), |number| stamps[number as usize] | 3 << 30);
    assert_eq!(Reading::of(&bytes).times(), [0, 1_000, 2_000, 2_000, 1_000_002_000].map(Time));
}

#[test]
fn an_m2ts_without_stamps_has_the_times_of_its_pcrs() {
    let plain = [&pcr_packet(9, 0)[..], &packets(0..9), &pcr_packet(9, 270_000), &packets(10..12)].concat();
    let times = Reading::of(&m2ts(&plain, |_| 0)).times();
    assert_eq!((times[5], times[10], times[12]), (Time(5_000_000), Time(10_000_000), Time(12_000_000)));
}
