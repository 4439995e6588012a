//! 1.1 and 1.2, as they are told by what finds the packets.

use std::time::Duration;

use super::super::alarm::{AlarmChange, CLEAR_AFTER};
use super::super::indicator::{Indicator, Offence};
use super::program::play;
use super::stream::Stream;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn clause_1_1_a_loss_is_one_error_until_packets_come_again() {
    let mut stream = Stream::new();
    play(&mut stream, SECOND);
    for _ in 0..3 {
        stream.inspector.sync_lost(stream.now);
        stream.wait_millis(10);
    }
    assert_eq!(stream.all_errors(), [(Indicator::TsSyncLoss, 1)]);
    play(&mut stream, SECOND);
    stream.inspector.sync_lost(stream.now);
    assert_eq!(stream.errors(Indicator::TsSyncLoss), 2);
}

#[test]
fn clause_1_1_the_alarm_lasts_as_long_as_the_loss_and_ends_with_it() {
    let mut stream = Stream::new();
    stream.inspector.sync_lost(stream.now);
    stream.wait(10 * CLEAR_AFTER);
    assert!(stream.is_raised(Indicator::TsSyncLoss));
    play(&mut stream, CLEAR_AFTER - SECOND);
    assert!(stream.is_raised(Indicator::TsSyncLoss));
    play(&mut stream, 2 * SECOND);
    assert!(!stream.is_raised(Indicator::TsSyncLoss));
    let changes: Vec<_> = stream.events().iter().map(|event| (event.indicator, event.change)).collect();
    let raised = (Indicator::TsSyncLoss, AlarmChange::Raised(Offence::Found));
    assert_eq!(changes, [raised, (Indicator::TsSyncLoss, AlarmChange::Cleared { errors: 1 })]);
}

#[test]
fn clause_1_1_a_wrong_sync_byte_alone_is_no_loss() {
    let mut stream = Stream::new();
    play(&mut stream, SECOND);
    stream.inspector.bad_sync_byte(stream.now, Some(0x46));
    play(&mut stream, SECOND);
    assert_eq!(stream.errors(Indicator::TsSyncLoss), 0);
}

#[test]
fn clause_1_2_each_wrong_sync_byte_is_an_error() {
    let mut stream = Stream::new();
    play(&mut stream, SECOND);
    stream.inspector.bad_sync_byte(stream.now, Some(0x46));
    stream.inspector.bad_sync_byte(stream.now, None);
    assert_eq!(stream.all_errors(), [(Indicator::SyncByteError, 2)]);
    let raised: Vec<_> = stream.events().iter().map(|event| event.change).collect();
    assert_eq!(raised, [AlarmChange::Raised(Offence::Byte(0x46))]);
    assert_eq!(stream.inspector.report(stream.now).ts.sync_errors, 2);
}

#[test]
fn clause_1_2_packets_with_their_sync_byte_are_right() {
    let mut stream = Stream::new();
    play(&mut stream, SECOND);
    assert_eq!(stream.errors(Indicator::SyncByteError), 0);
}
