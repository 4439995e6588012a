//! The PCR: 2.3.a, 2.3.b and 2.4.

use std::time::Duration;

use super::super::indicator::{Indicator, Offence};
use super::packet::TsPacket;
use super::program::{AUDIO_PID, MAP_PID, PROGRAM, Part, VIDEO_PID, association, map, play, play_without, streams};
use super::stream::Stream;
use crate::time::Ticks27;
use crate::wire::ids;
use crate::wire::psi;
use crate::wire::ts::NULL_PID;

const SECOND: Duration = Duration::from_secs(1);
const TICKS_A_MILLI: u64 = 27_000;

fn played() -> Stream {
    let mut stream = Stream::new();
    play(&mut stream, SECOND);
    stream
}

/// A stream whose tables came, so that its PCRs are expected.
fn announced() -> Stream {
    let mut stream = Stream::new();
    stream.section(ids::PAT_PID, &association());
    stream.section(MAP_PID, &map());
    stream
}

/// Errors of an indicator when a PCR comes each `interval`, and steps by `ticks`.
fn errors_of_steps(indicator: Indicator, interval: Duration, ticks: i64, flagged: bool) -> u64 {
    let mut stream = announced();
    let start = Ticks27::MODULUS - 3_000_000;
    for n in 0..=10_i64 {
        let pcr = Ticks27::wrapping((start.cast_signed() + n * ticks).cast_unsigned());
        let packet = TsPacket::of_pcr(VIDEO_PID, pcr);
        stream.send(if flagged { packet.discontinuity() } else { packet });
        if n < 10 {
            stream.wait(interval);
        }
    }
    stream.errors(indicator)
}

#[test]
fn clause_2_3_a_100_ms_from_pcr_to_pcr_are_right() {
    let interval = Duration::from_millis(100);
    assert_eq!(errors_of_steps(Indicator::PcrRepetitionError, interval, 2_700_000, false), 0);
}

#[test]
fn clause_2_3_a_more_than_100_ms_from_pcr_to_pcr_are_an_error_each_time() {
    for interval in [Duration::from_nanos(100_000_001), Duration::from_millis(101), SECOND] {
        for flagged in [false, true] {
            let errors = errors_of_steps(Indicator::PcrRepetitionError, interval, 2_700_000, flagged);
            assert_eq!(errors, 10, "{interval:?}");
        }
    }
}

#[test]
fn clause_2_3_a_pcrs_that_stop_are_one_error_until_they_come_again() {
    let mut stream = played();
    play_without(&[Part::Clock], &mut stream, 10 * SECOND);
    assert_eq!(stream.all_errors(), [(Indicator::PcrRepetitionError, 1)]);
    assert!(stream.is_raised(Indicator::PcrRepetitionError));
    play(&mut stream, 7 * SECOND);
    assert!(!stream.is_raised(Indicator::PcrRepetitionError));
}

#[test]
fn clause_2_3_a_a_pid_that_a_map_names_for_the_pcr_no_more_need_have_none() {
    let mut stream = played();
    let map = psi::program_map(PROGRAM, NULL_PID, &streams()).unwrap();
    for _ in 0..200 {
        stream.section(MAP_PID, &map);
        play_without(&[Part::Clock, Part::Map], &mut stream, Duration::from_millis(50));
    }
    assert_eq!(stream.all_errors(), []);
}

#[test]
fn clause_2_3_a_pcrs_where_no_map_says_so_may_be_rare() {
    let mut stream = played();
    for _ in 0..10 {
        stream.send(TsPacket::of_pcr(AUDIO_PID, stream.pcr()));
        play(&mut stream, Duration::from_millis(99));
        play(&mut stream, SECOND);
    }
    assert_eq!(stream.errors(Indicator::PcrRepetitionError), 0);
}

#[test]
fn clause_2_3_b_steps_from_0_to_100_ms_are_right_across_the_wrap_too() {
    for ticks in [0, 1, 40 * TICKS_A_MILLI, 100 * TICKS_A_MILLI] {
        let errors = errors_of_steps(Indicator::PcrDiscontinuityError, SECOND / 50, ticks.cast_signed(), false);
        assert_eq!(errors, 0, "{ticks} ticks");
    }
}

#[test]
fn clause_2_3_b_longer_steps_and_steps_back_are_errors() {
    for ticks in [-1, -2_700_000, 2_700_001, 27_000_000, -27_000_000_000] {
        let errors = errors_of_steps(Indicator::PcrDiscontinuityError, SECOND / 50, ticks, false);
        assert_eq!(errors, 10, "{ticks} ticks");
    }
}

#[test]
fn clause_2_3_b_the_discontinuity_indicator_excuses_any_step() {
    for ticks in [-1, 2_700_001, 27_000_000_000] {
        assert_eq!(errors_of_steps(Indicator::PcrDiscontinuityError, SECOND / 50, ticks, true), 0, "{ticks} ticks");
    }
}

#[test]
fn clause_2_3_b_the_discontinuity_indicator_must_be_in_the_packet_of_the_pcr() {
    let mut stream = announced();
    stream.send(TsPacket::of_pcr(VIDEO_PID, Ticks27::wrapping(0)));
    stream.send(TsPacket::new(VIDEO_PID, 1).discontinuity());
    stream.send(TsPacket::of_pcr(VIDEO_PID, Ticks27::wrapping(27_000_000)));
    assert_eq!(stream.errors(Indicator::PcrDiscontinuityError), 1);
}

#[test]
fn clause_2_3_b_the_pcr_of_a_copy_is_not_a_step() {
    let mut stream = announced();
    let packet = |ticks| TsPacket::new(VIDEO_PID, 1).pcr(Ticks27::wrapping(ticks)).counter(3);
    [packet(5_000), packet(2)].into_iter().for_each(|packet| stream.send_as_is(packet));
    assert_eq!(stream.all_errors(), []);
    let report = stream.inspector.report(stream.now);
    assert_eq!(report.pids.iter().find(|pid| pid.pid == VIDEO_PID).unwrap().pcr_count, 2);
}

/// Plays without PCRs and sends them itself, each off by what `error` says of its number, in ticks.
fn play_with_pcr_errors(stream: &mut Stream, error: impl Fn(u64) -> i64) {
    for n in 0..305_u64 {
        let ticks = stream.pcr().plus(error(n).rem_euclid(Ticks27::MODULUS.cast_signed()).cast_unsigned());
        stream.send(TsPacket::of_pcr(VIDEO_PID, ticks));
        for _ in 0..20 {
            stream.wait_millis(1);
            stream.send(TsPacket::new(NULL_PID, 0));
        }
    }
}

#[test]
fn clause_2_4_pcrs_off_by_500_ns_are_right() {
    // 13 ticks are 481 ns.
    for ticks in [13, -13] {
        let mut stream = announced();
        play_with_pcr_errors(&mut stream, |n| if n % 30 == 17 { ticks } else { 0 });
        assert_eq!(stream.errors(Indicator::PcrAccuracyError), 0);
        let worst = stream.inspector.pcr_error().unwrap();
        assert!((440..=500).contains(&worst.as_nanos()), "{worst:?}");
    }
}

#[test]
fn clause_2_4_each_pcr_off_by_more_than_500_ns_is_an_error() {
    // 15 ticks are 556 ns, of which the line that is fitted takes its part.
    for ticks in [15, -15, 27, 2_700, -27_000] {
        let mut stream = announced();
        play_with_pcr_errors(&mut stream, |n| if n % 30 == 17 { ticks } else { 0 });
        assert_eq!(stream.errors(Indicator::PcrAccuracyError), 10, "{ticks} ticks");
    }
}

#[test]
fn clause_2_4_a_rate_that_is_not_constant_is_not_judged() {
    let mut stream = announced();
    for n in 0..600_u64 {
        stream.send(TsPacket::of_pcr(VIDEO_PID, stream.pcr()));
        stream.wait_millis(20);
        for _ in 0..5 + n * 7_919 % 11 {
            stream.send(TsPacket::new(NULL_PID, 0));
        }
    }
    assert_eq!(stream.errors(Indicator::PcrAccuracyError), 0);
    assert_eq!(stream.inspector.pcr_error(), None);
}

#[test]
fn clause_2_4_lost_packets_are_no_errors_of_the_pcr() {
    let mut stream = played();
    for n in 0..200 {
        play(&mut stream, Duration::from_millis(100 + n));
        if n % 2 == 0 {
            // Lost and counted: a video packet. Lost unseen: null packets.
            stream.lose(VIDEO_PID, 1);
        }
        stream.wait_millis(7);
    }
    assert_eq!(stream.errors(Indicator::PcrAccuracyError), 0);
    assert_eq!(stream.errors(Indicator::ContinuityCountError), 100);
}

#[test]
fn clause_2_4_the_offence_tells_by_how_much() {
    let mut stream = announced();
    play_with_pcr_errors(&mut stream, |n| if n == 17 { 2_700 } else { 0 });
    let alarm = stream.inspector.report(stream.now).tr101290["pcr_accuracy_error"].last;
    let Some(Offence::ErrorNanos(nanos)) = alarm else { panic!("{alarm:?}") };
    assert!((99_900..=100_000).contains(&nanos), "{nanos}");
}

#[test]
fn a_clock_that_runs_fast_shows_as_drift_and_uneven_arrival_as_jitter() {
    let mut stream = announced();
    for n in 0..3_000_u64 {
        stream.send(TsPacket::of_pcr(VIDEO_PID, Ticks27::wrapping(n * 540_000)));
        // 20 ms less 20 ppm, every fourth 3 ms late.
        stream.wait(Duration::from_nanos(19_999_600));
        if n % 4 == 0 {
            stream.now = stream.now + Duration::from_millis(3);
        } else if n % 4 == 1 {
            stream.now = stream.now - Duration::from_millis(3);
        }
    }
    let report = stream.inspector.report(stream.now);
    let clock = &report.clocks[0];
    let (drift, jitter) = (clock.drift_ppm.unwrap(), clock.jitter_seconds.unwrap());
    assert!((19.0..21.0).contains(&drift), "{drift}");
    assert!((0.002_9..0.003_1).contains(&jitter), "{jitter}");
}

#[test]
fn the_rate_by_the_pcr_goes_on_when_another_pid_takes_over_the_clock() {
    let mut stream = Stream::new();
    for (pid, seconds) in [(VIDEO_PID, 10), (AUDIO_PID, 20)] {
        for _ in 0..seconds * 50 {
            stream.send(TsPacket::of_pcr(pid, stream.pcr()));
            (0..99).for_each(|_| stream.send(TsPacket::new(NULL_PID, 0)));
            stream.wait_millis(20);
        }
    }
    let bitrate = stream.inspector.report(stream.now).ts.bitrate;
    assert_eq!(bitrate, 100 * 188 * 8 * 50);
}
