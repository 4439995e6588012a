//! What comes on a PID, and whether it does: 1.6, 2.1, 2.5 and 3.4.a.

use std::time::Duration;

use super::super::indicator::Indicator;
use super::packet::TsPacket;
use super::program::{AUDIO_PID, MAP_PID, PROGRAM, Part, VIDEO_PID, association, play, play_without};
use super::stream::Stream;
use crate::wire::ids;
use crate::wire::psi::{self, ElementaryStream, Head};

const SECOND: Duration = Duration::from_secs(1);
/// A PID that nothing names.
const STRANGER: u16 = 0x777;

fn played() -> Stream {
    let mut stream = Stream::new();
    play(&mut stream, SECOND);
    stream
}

#[test]
fn clause_1_6_a_named_stream_that_stays_away_for_5_s_is_an_error() {
    let mut stream = played();
    play_without(&[Part::AudioStamp], &mut stream, Duration::from_millis(4_800));
    assert_eq!(stream.errors(Indicator::PidError), 0);
    play_without(&[Part::AudioStamp], &mut stream, Duration::from_millis(400));
    assert_eq!(stream.errors(Indicator::PidError), 1);
    play_without(&[Part::AudioStamp], &mut stream, 60 * SECOND);
    assert_eq!(stream.errors(Indicator::PidError), 1);
}

#[test]
fn clause_1_6_a_named_stream_that_never_comes_is_an_error() {
    let mut stream = Stream::new();
    play_without(&[Part::AudioStamp], &mut stream, 6 * SECOND);
    assert_eq!(stream.all_errors(), [(Indicator::PidError, 1)]);
}

#[test]
fn clause_1_6_the_alarm_ends_when_the_stream_comes() {
    let mut stream = Stream::new();
    play_without(&[Part::AudioStamp], &mut stream, 6 * SECOND);
    play(&mut stream, 6 * SECOND);
    assert!(!stream.is_raised(Indicator::PidError));
}

#[test]
fn clause_1_6_the_alarm_ends_when_the_stream_is_named_no_more() {
    let mut stream = Stream::new();
    play_without(&[Part::AudioStamp], &mut stream, 6 * SECOND);
    let video_only = [ElementaryStream { stream_type: 0x1B, pid: VIDEO_PID }];
    for _ in 0..200 {
        stream.section(MAP_PID, &psi::program_map(PROGRAM, VIDEO_PID, &video_only).unwrap());
        play_without(&[Part::AudioStamp, Part::Map], &mut stream, Duration::from_millis(40));
    }
    assert!(!stream.is_raised(Indicator::PidError));
    assert_eq!(stream.all_errors(), [(Indicator::PidError, 1)]);
}

#[test]
fn clause_1_6_a_pcr_pid_that_never_comes_is_an_error() {
    let mut stream = Stream::new();
    for _ in 0..60 {
        stream.section(ids::PAT_PID, &association());
        stream.section(MAP_PID, &psi::program_map(PROGRAM, 0x1F0, &[]).unwrap());
        stream.wait_millis(100);
    }
    assert_eq!(stream.all_errors(), [(Indicator::PidError, 1), (Indicator::PcrRepetitionError, 1)]);
}

#[test]
fn clause_1_6_subtitles_and_data_may_rest() {
    let mut stream = Stream::new();
    // DVB subtitles: private data with a subtitling_descriptor, and SCTE 35.
    let streams =
        [0x06, 0xE1, 0x20, 0xF0, 0x0A, 0x59, 8, b'e', b'n', b'g', 0x10, 0, 1, 0, 1, 0x86, 0xE1, 0x30, 0xF0, 0];
    let body = [&[0xFF, 0xFF, 0xF0, 0x00], &streams[..]].concat();
    for _ in 0..100 {
        stream.section(ids::PAT_PID, &association());
        stream.section(MAP_PID, &psi::long_section(Head::first(ids::PMT, PROGRAM), &body).unwrap());
        stream.wait_millis(100);
    }
    assert_eq!(stream.all_errors(), []);
    assert_eq!(stream.inspector.report(stream.now).services[0].streams.len(), 2);
}

#[test]
fn clause_2_1_each_packet_with_a_transport_error_is_an_error_and_nothing_else_of_it_is() {
    let mut stream = played();
    for pid in [ids::PAT_PID, MAP_PID, VIDEO_PID, STRANGER] {
        stream.send(TsPacket::new(pid, 0x47).scrambled().discontinuity().transport_error());
    }
    play(&mut stream, 20 * SECOND);
    assert_eq!(stream.all_errors(), [(Indicator::TransportError, 4)]);
}

#[test]
fn clause_2_1_packets_without_the_indicator_are_right() {
    assert_eq!(played().errors(Indicator::TransportError), 0);
}

/// Errors of 2.5 when a PTS comes every so many milliseconds.
fn stamp_errors(millis: u64) -> u64 {
    let mut stream = Stream::new();
    stream.section(ids::PAT_PID, &association());
    stream.section(MAP_PID, &super::program::map());
    for _ in 0..10 {
        stream.send(TsPacket::of_pts(AUDIO_PID, 0));
        stream.wait_millis(millis);
    }
    stream.send(TsPacket::of_pts(AUDIO_PID, 0));
    stream.errors(Indicator::PtsError)
}

#[test]
fn clause_2_5_700_ms_from_pts_to_pts_are_right() {
    assert_eq!(stamp_errors(700), 0);
}

#[test]
fn clause_2_5_701_ms_from_pts_to_pts_are_an_error_each_time() {
    assert_eq!(stamp_errors(701), 10);
}

#[test]
fn clause_2_5_pts_that_stop_are_an_error_and_their_coming_ends_it() {
    let mut stream = played();
    play_without(&[Part::AudioStamp], &mut stream, SECOND);
    assert_eq!(stream.all_errors(), [(Indicator::PtsError, 1)]);
    play(&mut stream, 6 * SECOND);
    assert!(!stream.is_raised(Indicator::PtsError));
}

#[test]
fn clause_2_5_a_stream_that_becomes_scrambled_shows_no_pts_and_is_right() {
    let mut stream = played();
    for _ in 0..100 {
        stream.send(TsPacket::of_pts(AUDIO_PID, 0).scrambled());
        play_without(&[Part::AudioStamp], &mut stream, Duration::from_millis(20));
    }
    assert_eq!(stream.errors(Indicator::PtsError), 0);
}

#[test]
fn clause_2_5_data_may_have_pts_as_rarely_as_it_likes() {
    let mut stream = Stream::new();
    for _ in 0..10 {
        stream.send(TsPacket::of_pts(STRANGER, 0));
        stream.wait(2 * SECOND);
    }
    assert_eq!(stream.errors(Indicator::PtsError), 0);
}

/// Errors of 3.4.a when a PID comes for so long and is not named.
fn stranger_errors(pid: u16, millis: u64) -> u64 {
    let mut stream = played();
    for _ in 0..millis / 10 {
        stream.send(TsPacket::new(pid, 0));
        play(&mut stream, Duration::from_millis(10));
    }
    stream.errors(Indicator::UnreferencedPid)
}

#[test]
fn clause_3_4_a_a_pid_that_nothing_names_is_an_error_after_500_ms() {
    assert_eq!(stranger_errors(STRANGER, 500), 0);
    assert_eq!(stranger_errors(STRANGER, 800), 1);
}

#[test]
fn clause_3_4_a_one_packet_is_enough() {
    let mut stream = played();
    stream.send(TsPacket::new(STRANGER, 0));
    play(&mut stream, 4 * SECOND);
    assert_eq!(stream.all_errors(), [(Indicator::UnreferencedPid, 1)]);
    assert!(stream.inspector.report(stream.now).pids.iter().any(|pid| pid.pid == STRANGER && pid.unreferenced));
    play(&mut stream, 10 * SECOND);
    assert!(!stream.is_raised(Indicator::UnreferencedPid), "it comes no more");
}

#[test]
fn clause_3_4_a_a_pid_that_is_named_in_time_is_right() {
    let mut stream = played();
    let mut streams = super::program::streams().to_vec();
    streams.push(ElementaryStream { stream_type: 0x06, pid: STRANGER });
    for tenth in 0..30 {
        stream.send(TsPacket::new(STRANGER, 0));
        if tenth > 4 {
            stream.section(MAP_PID, &psi::program_map(PROGRAM, VIDEO_PID, &streams).unwrap());
        }
        play_without(&[Part::Map], &mut stream, Duration::from_millis(80));
    }
    assert_eq!(stream.all_errors(), []);
}

#[test]
fn clause_3_4_a_reserved_pids_and_those_of_cat_and_pcr_are_right() {
    for pid in [0x02, 0x0F, 0x14, 0x1E, 0x1F, 0x1FFB, 0x1FFF] {
        assert_eq!(stranger_errors(pid, 2_000), 0, "PID {pid:#x}");
    }
    let mut stream = played();
    // A CA_descriptor that names the stranger.
    let [high, low] = (0xE000 | STRANGER).to_be_bytes();
    let cat = psi::long_section(Head::first(ids::CAT, 0xFFFF), &[0x09, 4, 0x06, 0x01, high, low]).unwrap();
    for _ in 0..100 {
        stream.section(ids::CAT_PID, &cat);
        stream.send(TsPacket::new(STRANGER, 0));
        play(&mut stream, Duration::from_millis(20));
    }
    assert_eq!(stream.all_errors(), []);
}

#[test]
fn clause_3_4_a_nothing_is_a_stranger_until_all_maps_came() {
    let mut stream = Stream::new();
    for _ in 0..100 {
        stream.send(TsPacket::new(STRANGER, 0));
        play_without(&[Part::Map], &mut stream, Duration::from_millis(20));
    }
    assert_eq!(stream.errors(Indicator::UnreferencedPid), 0);
}
