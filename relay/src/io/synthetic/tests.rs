//! A channel seen from outside, as packets.

use std::collections::BTreeMap;

use mpeg2ts::ts::{ReadTsPacket, TsPacketReader, TsPayload};
use proptest::prelude::*;

use super::*;
use crate::wire::ids;
use crate::wire::pes::{PesHead, STAMP_MODULUS};
use crate::wire::ts::{NULL_PID, Packet};

const SECOND: u64 = 1_000_000_000;
/// The start of a period in which PCR and PTS wrap: 1.7 s later, 18,516 times 2^33 ticks of 90 kHz have passed.
const BEFORE_WRAP: Utc = Utc(1_767_235_875 * SECOND);

fn ch7(bitrate: u64) -> TestInput {
    TestInput { label: "CH 7".into(), name: "Channel 7".into(), bitrate, ..TestInput::default() }
}

fn channel(input: &TestInput, from: Utc) -> SyntheticChannel {
    let mut channel = SyntheticChannel::new(input, 7).unwrap();
    channel.seek(from);
    channel
}

/// The next `count` datagrams with their moments.
fn datagrams(channel: &mut SyntheticChannel, count: usize) -> Vec<(Utc, Vec<u8>)> {
    let mut next = || {
        let mut buffer = [0; 1_316];
        let due = channel.due().unwrap();
        let len = channel.fill(&mut buffer).unwrap();
        (due, buffer[..len].to_vec())
    };
    (0..count).map(|_| next()).collect()
}

/// All bytes that leave in `seconds` seconds from `from`.
fn stream(input: &TestInput, from: Utc, seconds: u64) -> Vec<u8> {
    let mut channel = channel(input, from);
    let count = u64::from(channel.schedule.datagrams()) * seconds / PERIOD_SECONDS;
    datagrams(&mut channel, count as usize).into_iter().flat_map(|(_, bytes)| bytes).collect()
}

fn packets(stream: &[u8]) -> impl Iterator<Item = Packet<'_>> {
    stream.chunks_exact(PACKET_LEN).map(|bytes| Packet::new(bytes).unwrap())
}

fn pts_of(packet: Packet<'_>) -> Option<u64> {
    packet.unit_start().then(|| PesHead::parse(packet.payload()))?.and_then(|head| head.pts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn two_that_start_at_different_moments_emit_the_same_at_the_same_moment(
        start in 0..1_u64 << 61,
        later in 0..4 * SECOND,
        bitrate in 1_000_000..20_000_000_u64,
        packets_per_datagram in 1..=7_usize,
    ) {
        let start_at = |moment| {
            let mut channel = SyntheticChannel::new(&ch7(bitrate), packets_per_datagram).unwrap();
            channel.seek(Utc(moment));
            channel
        };
        let of_second = datagrams(&mut start_at(start + later), 300);
        prop_assert!(of_second[0].0 >= Utc(start + later));
        let mut first = start_at(start);
        while first.due() < Some(of_second[0].0) {
            datagrams(&mut first, 1);
        }
        prop_assert_eq!(datagrams(&mut first, 300), of_second);
    }

    #[test]
    fn the_first_datagram_is_the_next_one_due(start in 0..1_u64 << 61) {
        let mut channel = channel(&ch7(2_000_000), Utc(start));
        let due = channel.due().unwrap();
        prop_assert!(due >= Utc(start));
        prop_assert!(due.since(Utc(start)).as_nanos() * 1_996_810 <= 7 * 1_504 * 1_000_000_001);
        channel.seek(due);
        prop_assert_eq!(channel.due(), Some(due));
    }
}

#[test]
fn continuity_counters_go_on_over_periods_and_are_the_same_when_joined_late() {
    let whole = stream(&ch7(2_000_000), BEFORE_WRAP, 12);
    let mut last = BTreeMap::new();
    for packet in packets(&whole).filter(|packet| packet.pid() != NULL_PID) {
        assert!(packet.has_payload() && !packet.payload().is_empty());
        if let Some(before) = last.insert(packet.pid(), packet.continuity()) {
            assert_eq!(packet.continuity(), (before + 1) & 15, "PID {:#x}", packet.pid());
        }
    }
    assert_eq!(last.len(), 7);
    let late = stream(&ch7(2_000_000), Utc(BEFORE_WRAP.0 + PERIOD_NANOS), 9);
    assert!(whole.ends_with(&late));
}

#[test]
fn each_pcr_is_the_packets_place_and_none_is_40_ms_after_another() {
    for bitrate in [1_000_000, 1_996_810, 8_000_000, 19_390_000] {
        let whole = stream(&ch7(bitrate), BEFORE_WRAP, 6);
        let slots = (whole.len() / PACKET_LEN / 2) as u128;
        let start = u128::from(BEFORE_WRAP.0) * 27 / 1_000;
        let clocks: Vec<_> = (0..)
            .zip(packets(&whole))
            .filter_map(|(place, packet): (u128, _)| Some((place, packet.adaptation()?.pcr()?)))
            .collect();
        for &(place, pcr) in &clocks {
            let exact = (start * slots + place * 81_000_000) / slots;
            let error = pcr.signed_since(Ticks27::wrapping((exact % u128::from(Ticks27::MODULUS)) as u64));
            assert!((0..=1).contains(&error), "{error} ticks");
        }
        let gaps = clocks.windows(2).map(|pair| pair[1].1.signed_since(pair[0].1));
        assert!(gaps.into_iter().all(|gap| (0..27_000 * 40).contains(&gap)));
    }
}

#[test]
fn time_stamps_rise_by_a_picture_or_an_audio_unit_and_stay_ahead_of_the_clock() {
    let whole = stream(&ch7(1_000_000), BEFORE_WRAP, 6);
    let (mut clock, mut last, mut wraps) = (0, BTreeMap::new(), 0);
    for packet in packets(&whole) {
        clock = packet.adaptation().and_then(|field| field.pcr()).map_or(clock, |pcr| pcr.get() / 300);
        let Some(pts) = pts_of(packet) else { continue };
        let ahead = pts.wrapping_sub(clock) & (STAMP_MODULUS - 1);
        assert!((40 * 90..=428 * 90).contains(&ahead), "{} ms", ahead / 90);
        if let Some(before) = last.insert(packet.pid(), pts) {
            let step = if packet.pid() == schedule::VIDEO_PID { 40 * 90 } else { 120 * 90 };
            assert_eq!(pts, (before + step) & (STAMP_MODULUS - 1));
            wraps += u32::from(pts < before);
        }
    }
    assert_eq!((last.len(), wraps), (2, 2));
}

#[test]
fn every_packet_of_a_picture_leaves_before_the_picture_is_due() {
    let channel = SyntheticChannel::new(&ch7(1_000_000), 7).unwrap();
    for planned in &channel.schedule.planned {
        if let Load::Video { second, picture, .. } = planned.load {
            let due = (u64::from(second) * 1_000 + u64::from(picture) * 40 + 400) * 27_000;
            assert!(channel.schedule.slot_ticks(planned.slot + 1) < due);
        }
    }
}

#[test]
fn the_bitrate_is_what_it_says_and_no_more_than_asked_for() {
    for (bitrate, packets_per_datagram) in [(1_000_000, 7), (2_000_000, 1), (8_000_000, 7), (50_000_000, 5)] {
        let mut channel = SyntheticChannel::new(&ch7(bitrate), packets_per_datagram).unwrap();
        let count = channel.schedule.datagrams() as usize;
        let sent = datagrams(&mut channel, count);
        assert_eq!(channel.due(), Some(Utc(PERIOD_NANOS)));
        let bits = sent.iter().map(|(_, bytes)| bytes.len() as u64 * 8).sum::<u64>();
        assert_eq!(channel.bitrate(), bits / 3);
        assert!(bits / 3 <= bitrate && bitrate - bits / 3 <= packets_per_datagram as u64 * 1_504);
    }
}

#[test]
fn what_is_out_of_range_is_refused_with_the_range() {
    let refusal = |input: TestInput| SyntheticChannel::new(&input, 7).unwrap_err();
    let widest = |bitrate| TestInput { label: "888888888888".into(), name: "8".repeat(100), bitrate, ..ch7(0) };
    let SyntheticError::Bitrate { lowest, .. } = refusal(widest(0)) else { panic!() };
    assert!(lowest <= 1_000_000, "{lowest}");
    assert!(SyntheticChannel::new(&widest(lowest), 7).is_ok());
    for bitrate in [lowest - 1, TestInput::HIGHEST_BITRATE + 1, u64::MAX] {
        assert_eq!(refusal(widest(bitrate)), SyntheticError::Bitrate { bitrate, lowest });
    }
    for packets in [0, 349] {
        let error = SyntheticChannel::new(&ch7(2_000_000), packets).unwrap_err();
        assert_eq!(error, SyntheticError::PacketsPerDatagram(packets));
    }
    assert_eq!(refusal(TestInput { label: String::new(), ..ch7(0) }), SyntheticError::Label(0));
    assert_eq!(refusal(TestInput { label: "8".repeat(13), ..ch7(0) }), SyntheticError::Label(13));
    assert_eq!(refusal(TestInput { name: "x".repeat(101), ..ch7(0) }), SyntheticError::Name(101));
}

#[test]
fn a_buffer_too_small_is_an_error_and_loses_no_datagram() {
    let mut channel = channel(&ch7(2_000_000), Utc(0));
    let due = channel.due();
    assert_eq!(channel.fill(&mut [0; 1_315]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    assert_eq!(channel.due(), due);
}

#[test]
fn another_parser_reads_the_program_and_both_streams() {
    let whole = stream(&ch7(2_000_000), BEFORE_WRAP, 3);
    // The oracle knows no tables of DVB.
    let known: Vec<u8> = packets(&whole)
        .filter(|packet| !matches!(packet.pid(), ids::NIT_PID | ids::SDT_PID | ids::TDT_PID))
        .flat_map(|packet| *packet.bytes())
        .collect();
    let (mut associations, mut maps, mut units) = (0, 0, 0);
    let mut reader = TsPacketReader::new(known.as_slice());
    while let Some(packet) = reader.read_ts_packet().unwrap() {
        match packet.payload {
            Some(TsPayload::Pat(pat)) => {
                assert_eq!(pat.table.len(), 2);
                assert_eq!((pat.table[1].program_num, pat.table[1].program_map_pid.as_u16()), (7, 0x100));
                associations += 1;
            }
            Some(TsPayload::Pmt(pmt)) => {
                assert_eq!((pmt.program_num, pmt.pcr_pid.map(|pid| pid.as_u16())), (7, Some(0x101)));
                let pids: Vec<_> = pmt.es_info.iter().map(|stream| stream.elementary_pid.as_u16()).collect();
                assert_eq!(pids, [0x101, 0x102]);
                maps += 1;
            }
            Some(TsPayload::PesStart(pes)) => {
                assert!(pes.header.pts.is_some());
                units += 1;
            }
            _ => {}
        }
    }
    assert_eq!((associations, maps, units), (36, 36, 75 + 25));
}

#[test]
fn the_program_number_is_the_labels() {
    for (label, number) in [("CH 7", 7), ("12", 12), ("NEWS", 1), ("0", 1), ("70000", 1), ("A1B2", 1)] {
        assert_eq!(program_number(label), number);
    }
}
