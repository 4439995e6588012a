//! The tables that are needed for decoding: 1.3.a, 1.5.a, 2.2 and 2.6.

use std::time::Duration;

use super::super::indicator::Indicator;
use super::packet::TsPacket;
use super::program::{AUDIO_PID, MAP_PID, PROGRAM, Part, VIDEO_PID, association, map, play, play_without, service};
use super::stream::Stream;
use crate::wire::ids;
use crate::wire::psi::{self, Head};
use crate::wire::ts::NULL_PID;

const SECOND: Duration = Duration::from_secs(1);

/// A stream that has played for a second.
fn played() -> Stream {
    let mut stream = Stream::new();
    play(&mut stream, SECOND);
    stream
}

/// A stream of this section on this PID every so many milliseconds, after a second of the channel without `part`.
fn errors_of_rhythm(indicator: Indicator, pid: u16, section: &[u8], millis: u64) -> u64 {
    let mut stream = Stream::new();
    stream.section(ids::PAT_PID, &association());
    stream.section(MAP_PID, &map());
    for _ in 0..10 {
        stream.section(pid, section);
        stream.wait_millis(millis);
    }
    stream.section(pid, section);
    stream.errors(indicator)
}

fn broken(mut section: Vec<u8>) -> Vec<u8> {
    section[10] ^= 0x01;
    section
}

fn cat() -> Vec<u8> {
    psi::long_section(Head::first(ids::CAT, 0xFFFF), &[]).unwrap()
}

#[test]
fn clause_1_3_a_500_ms_from_pat_to_pat_are_right() {
    assert_eq!(errors_of_rhythm(Indicator::PatError, ids::PAT_PID, &association(), 500), 0);
}

#[test]
fn clause_1_3_a_501_ms_from_pat_to_pat_are_an_error_each_time() {
    assert_eq!(errors_of_rhythm(Indicator::PatError, ids::PAT_PID, &association(), 501), 10);
}

#[test]
fn clause_1_3_a_a_stream_without_pat_is_one_error_that_lasts() {
    let mut stream = Stream::new();
    play_without(&[Part::Association], &mut stream, 60 * SECOND);
    assert_eq!(stream.all_errors(), [(Indicator::PatError, 1)]);
    assert!(stream.is_raised(Indicator::PatError));
}

#[test]
fn clause_1_3_a_nothing_is_expected_before_the_first_packet() {
    let mut stream = Stream::new();
    stream.wait(60 * SECOND);
    play(&mut stream, SECOND);
    assert_eq!(stream.all_errors(), []);
}

#[test]
fn clause_1_3_a_another_table_on_pid_0_is_an_error() {
    let mut stream = played();
    stream.section(ids::PAT_PID, &map());
    assert_eq!(stream.all_errors(), [(Indicator::PatError, 1)]);
}

#[test]
fn clause_1_3_a_pid_0_scrambled_is_an_error() {
    let mut stream = played();
    for packet in TsPacket::of_section(ids::PAT_PID, &association()) {
        stream.send(packet.scrambled());
    }
    assert_eq!(stream.all_errors(), [(Indicator::PatError, 1)]);
}

#[test]
fn clause_1_3_a_a_pat_of_two_sections_that_changes_its_version_is_right() {
    let mut stream = Stream::new();
    for version in 0..8 {
        for number in 0..2 {
            let head = Head { version, number, last_number: 1, ..Head::first(ids::PAT, 1) };
            let program = [0, PROGRAM as u8, 0xE1, 0x00];
            let body: &[u8] = if number == 0 { &program } else { &[0, 8, 0xE1, 0x10] };
            stream.section(ids::PAT_PID, &psi::long_section(head, body).unwrap());
        }
        stream.section(MAP_PID, &map());
        stream.section(0x110, &psi::program_map(8, NULL_PID, &[]).unwrap());
        stream.wait_millis(400);
    }
    assert_eq!(stream.errors(Indicator::PatError) + stream.errors(Indicator::PmtError), 0);
}

#[test]
fn clause_1_5_a_500_ms_from_pmt_to_pmt_are_right() {
    assert_eq!(errors_of_rhythm(Indicator::PmtError, MAP_PID, &map(), 500), 0);
}

#[test]
fn clause_1_5_a_501_ms_from_pmt_to_pmt_are_an_error_each_time() {
    assert_eq!(errors_of_rhythm(Indicator::PmtError, MAP_PID, &map(), 501), 10);
}

#[test]
fn clause_1_5_a_a_pmt_that_never_comes_is_an_error() {
    let mut stream = Stream::new();
    play_without(&[Part::Map], &mut stream, 60 * SECOND);
    assert_eq!(stream.all_errors(), [(Indicator::PmtError, 1)]);
}

#[test]
fn clause_1_5_a_a_pmt_that_the_pat_names_no_more_need_not_come() {
    let mut stream = Stream::new();
    play_without(&[Part::Map], &mut stream, SECOND);
    assert_eq!(stream.errors(Indicator::PmtError), 1);
    stream.section(ids::PAT_PID, &psi::program_association(1, &[]).unwrap());
    play_without(&[Part::Map, Part::Association], &mut stream, 10 * SECOND);
    assert_eq!(stream.errors(Indicator::PmtError), 1);
    assert!(!stream.is_raised(Indicator::PmtError));
}

#[test]
fn clause_1_5_a_a_program_that_comes_back_with_its_old_pmt_is_known_again() {
    let mut stream = played();
    stream.section(ids::PAT_PID, &psi::program_association(1, &[]).unwrap());
    play(&mut stream, SECOND);
    assert_eq!(stream.all_errors(), []);
    assert_eq!(stream.inspector.report(stream.now).services[0].streams.len(), 2);
}

#[test]
fn clause_1_5_a_private_sections_on_its_pid_are_right() {
    let mut stream = played();
    stream.section(MAP_PID, &psi::long_section(Head::first(0x80, 1), &[1, 2, 3]).unwrap());
    assert_eq!(stream.all_errors(), []);
}

#[test]
fn clause_1_5_a_its_pid_scrambled_is_an_error() {
    let mut stream = played();
    stream.send(TsPacket::new(MAP_PID, 0).scrambled());
    assert_eq!(stream.all_errors(), [(Indicator::PmtError, 1)]);
}

#[test]
fn clause_1_5_a_a_map_may_lie_where_dvb_has_its_tables() {
    let mut stream = Stream::new();
    let pids = [0x11, 0x12];
    let streams = pids.map(|pid| psi::ElementaryStream { stream_type: 0x02, pid });
    for _ in 0..20 {
        stream.section(ids::PAT_PID, &psi::program_association(1, &[(1, ids::NIT_PID)]).unwrap());
        stream.section(ids::NIT_PID, &psi::program_map(1, NULL_PID, &streams).unwrap());
        pids.iter().for_each(|&pid| stream.send(TsPacket::of_pts(pid, 0)));
        stream.wait_millis(400);
    }
    assert_eq!(stream.all_errors(), []);
    assert_eq!(stream.inspector.report(stream.now).services[0].streams.len(), 2);
}

#[test]
fn clause_2_2_a_wrong_crc_is_an_error_and_its_section_is_not_read() {
    for (pid, section) in
        [(ids::PAT_PID, association()), (MAP_PID, map()), (ids::SDT_PID, service()), (ids::CAT_PID, cat())]
    {
        let mut stream = played();
        let before = serde_json::to_value(&stream.inspector.report(stream.now).services).unwrap();
        let mut section = section;
        *section.last_mut().unwrap() ^= 0x80;
        stream.section(pid, &section);
        assert_eq!(stream.all_errors(), [(Indicator::CrcError, 1)], "PID {pid}");
        assert_eq!(serde_json::to_value(&stream.inspector.report(stream.now).services).unwrap(), before);
    }
}

#[test]
fn clause_2_2_a_section_with_a_wrong_crc_does_not_count_as_one_that_came() {
    let mut stream = Stream::new();
    for _ in 0..10 {
        stream.section(ids::PAT_PID, &broken(association()));
        stream.wait_millis(100);
    }
    assert_eq!(stream.all_errors(), [(Indicator::PatError, 1), (Indicator::CrcError, 10)]);
}

#[test]
fn clause_2_2_tables_without_crc_are_right() {
    let mut stream = played();
    stream.section(ids::TDT_PID, &psi::time_and_date(crate::time::Utc(0)));
    stream.section(ids::RST_PID, &[ids::RST, 0x70, 0]);
    stream.section(ids::SDT_PID, &[ids::ST, 0x70, 4, 1, 2, 3, 4]);
    assert_eq!(stream.errors(Indicator::CrcError), 0);
}

#[test]
fn clause_2_2_a_section_cut_by_a_lost_packet_is_no_error_of_crc() {
    let mut stream = played();
    let head = Head { version: 1, ..Head::first(ids::PMT, PROGRAM) };
    let packets = TsPacket::of_section(MAP_PID, &psi::long_section(head, &[0; 600]).unwrap());
    assert_eq!(packets.len(), 4);
    for left_out in 1..4 {
        for (number, packet) in packets.iter().enumerate() {
            if number == left_out { stream.lose(MAP_PID, 1) } else { stream.send(packet.clone()) }
        }
    }
    stream.section(MAP_PID, &map());
    assert_eq!(stream.all_errors(), [(Indicator::ContinuityCountError, 3)]);
}

#[test]
fn clause_2_2_a_section_with_a_transport_error_or_a_scrambled_part_is_no_error_of_crc() {
    let head = Head { version: 1, ..Head::first(ids::PMT, PROGRAM) };
    let packets = TsPacket::of_section(MAP_PID, &psi::long_section(head, &[0; 600]).unwrap());
    for spoil in [TsPacket::transport_error, TsPacket::scrambled] {
        let mut stream = played();
        for (number, packet) in packets.iter().cloned().enumerate() {
            stream.send(if number == 2 { spoil(packet) } else { packet });
        }
        assert_eq!(stream.errors(Indicator::CrcError), 0);
    }
}

#[test]
fn clause_2_6_scrambled_packets_without_cat_are_an_error_after_500_ms() {
    for (millis, errors) in [(500, 0), (700, 1)] {
        let mut stream = played();
        for _ in 0..millis / 10 {
            stream.send(TsPacket::new(AUDIO_PID, 0).scrambled());
            stream.wait_millis(10);
        }
        assert_eq!(stream.errors(Indicator::CatError), errors, "{millis} ms");
    }
}

#[test]
fn clause_2_6_scrambled_packets_with_cat_are_right() {
    let mut stream = played();
    stream.section(ids::CAT_PID, &cat());
    for _ in 0..1_000 {
        stream.send(TsPacket::new(AUDIO_PID, 0).scrambled());
        stream.wait_millis(1);
    }
    assert_eq!(stream.errors(Indicator::CatError), 0);
}

#[test]
fn clause_2_6_the_alarm_ends_when_the_cat_comes_or_nothing_is_scrambled_any_more() {
    for with_cat in [true, false] {
        let mut stream = played();
        for _ in 0..70 {
            stream.send(TsPacket::new(VIDEO_PID, 0).scrambled());
            stream.wait_millis(10);
        }
        assert!(stream.is_raised(Indicator::CatError));
        if with_cat {
            stream.section(ids::CAT_PID, &cat());
        }
        play(&mut stream, 7 * SECOND);
        assert!(!stream.is_raised(Indicator::CatError));
    }
}

#[test]
fn clause_2_6_another_table_on_pid_1_is_an_error_and_stuffing_too() {
    let mut stream = played();
    stream.section(ids::CAT_PID, &map());
    stream.section(ids::CAT_PID, &[ids::ST, 0x70, 0]);
    assert_eq!(stream.all_errors(), [(Indicator::CatError, 2)]);
}

#[test]
fn clause_2_6_null_packets_with_scrambling_bits_are_right() {
    let mut stream = Stream::new();
    for _ in 0..200 {
        play_without(&[Part::Null], &mut stream, Duration::from_millis(1));
        stream.send(TsPacket::new(NULL_PID, 0xFF).scrambled());
        stream.wait_millis(9);
    }
    assert_eq!(stream.errors(Indicator::CatError), 0);
}
