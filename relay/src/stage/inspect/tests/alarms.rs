//! Alarms beside the counters: raised once, kept through swarms, cleared after calm.

use std::time::Duration;

use super::super::alarm::{AlarmChange, CLEAR_AFTER};
use super::super::indicator::Indicator;
use super::packet::TsPacket;
use super::program::{AUDIO_PID, Part, VIDEO_PID, play, play_without};
use super::stream::Stream;

const SECOND: Duration = Duration::from_secs(1);
const WHAT: Indicator = Indicator::TransportError;

fn fail(stream: &mut Stream) {
    stream.send(TsPacket::new(VIDEO_PID, 0).transport_error());
}

/// Whether alarms were raised or cleared since the last call, in turn.
fn changes(stream: &mut Stream) -> Vec<bool> {
    stream.events().iter().map(|event| matches!(event.change, AlarmChange::Raised(_))).collect()
}

#[test]
fn errors_that_come_in_a_swarm_are_one_alarm() {
    let mut stream = Stream::new();
    for _ in 0..10 {
        fail(&mut stream);
        play(&mut stream, CLEAR_AFTER - SECOND / 5);
        assert!(stream.is_raised(WHAT));
    }
    assert_eq!((stream.errors(WHAT), changes(&mut stream)), (10, vec![true]));
}

#[test]
fn an_alarm_clears_after_five_seconds_of_calm_and_tells_how_many_errors_it_had() {
    let mut stream = Stream::new();
    (0..3).for_each(|_| fail(&mut stream));
    play(&mut stream, CLEAR_AFTER - SECOND / 5);
    assert!(stream.is_raised(WHAT));
    play(&mut stream, SECOND / 2);
    assert!(!stream.is_raised(WHAT));
    let events = stream.events();
    assert_eq!(events[1].change, AlarmChange::Cleared { errors: 3 });
    assert_eq!(events[1].to_string(), "TR 101 290 2.1 transport_error on PID 257: over, after 3 errors");
}

#[test]
fn an_alarm_that_cleared_is_raised_again_and_counts_anew() {
    let mut stream = Stream::new();
    for _ in 0..3 {
        fail(&mut stream);
        play(&mut stream, 2 * CLEAR_AFTER);
    }
    let cleared: Vec<_> =
        stream.events().into_iter().filter(|event| event.change == AlarmChange::Cleared { errors: 1 }).collect();
    assert_eq!((cleared.len(), stream.errors(WHAT)), (3, 3));
}

#[test]
fn an_alarm_lasts_until_the_last_of_its_faults_is_over() {
    let mut stream = Stream::new();
    play(&mut stream, SECOND);
    play_without(&[Part::AudioStamp, Part::VideoStamp], &mut stream, SECOND);
    assert_eq!(stream.errors(Indicator::PtsError), 2, "video and audio");
    play_without(&[Part::AudioStamp], &mut stream, 10 * SECOND);
    assert!(stream.is_raised(Indicator::PtsError));
    play(&mut stream, CLEAR_AFTER + SECOND);
    assert!(!stream.is_raised(Indicator::PtsError));
}

#[test]
fn the_report_shows_the_state_beside_the_count() {
    let mut stream = Stream::new();
    stream.send(TsPacket::new(AUDIO_PID, 0).transport_error());
    play(&mut stream, 2 * SECOND);
    let report = stream.inspector.report(stream.now);
    let state = &report.tr101290[WHAT.name()];
    assert_eq!((state.clause, state.priority, state.errors, state.raised), ("2.1", 2, 1, true));
    assert_eq!((state.raised_for_seconds, state.last_pid), (Some(2.0), Some(AUDIO_PID)));
    assert!(!report.has_priority_1_errors());
    let never = &report.tr101290[Indicator::PatError.name()];
    assert_eq!((never.errors, never.raised, never.raised_for_seconds), (0, false, None));
    assert_eq!(report.tr101290.len(), Indicator::ALL.len());
}

#[test]
fn events_that_nobody_takes_are_bounded() {
    let mut stream = Stream::new();
    for _ in 0..1_000 {
        stream.inspector.sync_lost(stream.now);
        stream.inspector.bad_sync_byte(stream.now, None);
        fail(&mut stream);
        stream.now = stream.now + 2 * CLEAR_AFTER;
        stream.inspector.tick(stream.now);
    }
    assert!(stream.events().len() <= 4 * Indicator::ALL.len());
}
