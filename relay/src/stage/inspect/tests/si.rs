//! The tables of DVB: 3.1.a, 3.5.a, 3.6.a, 3.6.c, 3.7 and 3.8.

use std::time::Duration;

use super::super::indicator::Indicator;
use super::program::{MAP_PID, Part, event, map, play, play_without, service};
use super::stream::Stream;
use crate::time::Utc;
use crate::wire::ids;
use crate::wire::psi;

const SECOND: Duration = Duration::from_secs(1);
const NANOSECOND: Duration = Duration::from_nanos(1);
/// The least time between two sections.
const SPACING: Duration = Duration::from_millis(25);

fn played() -> Stream {
    let mut stream = Stream::new();
    play(&mut stream, SECOND);
    stream
}

fn network() -> Vec<u8> {
    psi::network_information(9, "net", 1).unwrap()
}

fn time() -> Vec<u8> {
    psi::time_and_date(Utc(0)).to_vec()
}

/// A running status section (EN 300 468, 5.2.7) of no status.
fn running() -> Vec<u8> {
    vec![ids::RST, 0x70, 0]
}

fn stuffing() -> Vec<u8> {
    vec![ids::ST, 0x70, 3, 1, 2, 3]
}

/// Errors of an indicator when a section comes ten times after the first, in this rhythm.
fn errors_of_rhythm(indicator: Indicator, pid: u16, section: &[u8], interval: Duration) -> u64 {
    let mut stream = Stream::new();
    stream.section(pid, section);
    for _ in 0..10 {
        stream.wait(interval);
        stream.section(pid, section);
    }
    stream.errors(indicator)
}

/// Checks both limits of a table that must come again: the errors just within and just beyond them.
#[track_caller]
fn check_rhythm(indicator: Indicator, pid: u16, section: &[u8], longest: Duration, wrong: u64) {
    assert_eq!(errors_of_rhythm(indicator, pid, section, longest), 0);
    assert_eq!(errors_of_rhythm(indicator, pid, section, longest + NANOSECOND), wrong);
}

/// Errors of an indicator when this section comes on the channel.
fn errors_of_table(indicator: Indicator, pid: u16, section: &[u8]) -> u64 {
    let mut stream = played();
    stream.wait(SPACING);
    stream.section(pid, section);
    stream.errors(indicator)
}

#[test]
fn clause_3_1_a_more_than_10_s_from_nit_to_nit_are_an_error() {
    check_rhythm(Indicator::NitActualError, ids::NIT_PID, &network(), 10 * SECOND, 10);
}

#[test]
fn clause_3_1_a_less_than_25_ms_from_nit_to_nit_are_an_error() {
    let errors = |interval| errors_of_rhythm(Indicator::NitActualError, ids::NIT_PID, &network(), interval);
    assert_eq!((errors(SPACING), errors(SPACING - NANOSECOND)), (0, 10));
}

#[test]
fn clause_3_1_a_another_table_on_its_pid_is_an_error() {
    let errors = |section: &[u8]| errors_of_table(Indicator::NitActualError, ids::NIT_PID, section);
    let other = psi::long_section(psi::Head::first(ids::NIT_OTHER, 1), &[0xF0, 0, 0xF0, 0]).unwrap();
    assert_eq!((errors(&other), errors(&stuffing()), errors(&map())), (0, 0, 1));
}

#[test]
fn clause_3_1_a_a_network_that_moves_is_expected_on_its_new_pid() {
    let mut stream = played();
    let moved = psi::program_association(1, &[(0, 0x300), (7, MAP_PID)]).unwrap();
    for second in 0..30 {
        if second % 5 == 0 {
            stream.section(0x300, &network());
        }
        for _ in 0..10 {
            stream.section(ids::PAT_PID, &moved);
            play_without(&[Part::Network, Part::Association], &mut stream, SECOND / 10);
        }
    }
    assert_eq!(stream.errors(Indicator::NitActualError), 0);
    assert_eq!(stream.inspector.report(stream.now).ts.network.as_deref(), Some("net"));
}

#[test]
fn clause_3_5_a_more_than_2_s_from_sdt_to_sdt_are_an_error() {
    check_rhythm(Indicator::SdtActualError, ids::SDT_PID, &service(), 2 * SECOND, 10);
}

#[test]
fn clause_3_5_a_less_than_25_ms_from_sdt_to_sdt_are_an_error() {
    let errors = |interval| errors_of_rhythm(Indicator::SdtActualError, ids::SDT_PID, &service(), interval);
    assert_eq!((errors(SPACING), errors(SPACING - NANOSECOND)), (0, 10));
}

#[test]
fn clause_3_5_a_another_table_on_its_pid_is_an_error() {
    let errors = |section: &[u8]| errors_of_table(Indicator::SdtActualError, ids::SDT_PID, section);
    let bouquet = psi::long_section(psi::Head::first(ids::BAT, 1), &[0xF0, 0, 0xF0, 0]).unwrap();
    assert_eq!((errors(&bouquet), errors(&stuffing()), errors(&map())), (0, 0, 1));
}

#[test]
fn clause_3_5_a_a_stream_that_never_had_dvb_tables_needs_none() {
    let mut stream = Stream::new();
    let dvb = [Part::Network, Part::Service, Part::Present, Part::Following, Part::Time];
    play_without(&dvb, &mut stream, 60 * SECOND);
    assert_eq!(stream.all_errors(), []);
}

#[test]
fn clause_3_6_a_more_than_2_s_without_present_or_following_are_an_error() {
    for number in 0..2 {
        check_rhythm(Indicator::EitActualError, ids::EIT_PID, &event(1, number), 2 * SECOND, 10);
    }
}

#[test]
fn clause_3_6_a_the_same_section_twice_in_less_than_25_ms_is_an_error() {
    let errors = |interval| errors_of_rhythm(Indicator::EitActualError, ids::EIT_PID, &event(1, 0), interval);
    assert_eq!((errors(SPACING), errors(SPACING - NANOSECOND)), (0, 10));
}

#[test]
fn clause_3_6_a_sections_of_several_services_may_follow_each_other() {
    let mut stream = Stream::new();
    for _ in 0..10 {
        for service in 0..20 {
            (0..2).for_each(|number| stream.section(ids::EIT_PID, &event(service, number)));
        }
        stream.wait(SECOND);
    }
    assert_eq!(stream.errors(Indicator::EitActualError), 0);
}

#[test]
fn clause_3_6_a_another_table_on_its_pid_is_an_error() {
    let errors = |section: &[u8]| errors_of_table(Indicator::EitActualError, ids::EIT_PID, section);
    let schedule = |table_id| psi::long_section(psi::Head::first(table_id, 1), &[0, 1, 0, 9, 1, table_id]).unwrap();
    for table_id in [ids::EIT_PF_OTHER, 0x50, ids::EIT_SCHEDULE_LAST] {
        assert_eq!(errors(&schedule(table_id)), 0);
    }
    assert_eq!((errors(&stuffing()), errors(&map())), (0, 1));
}

#[test]
fn clause_3_6_c_a_service_with_only_one_of_present_and_following_is_an_error_after_2_s() {
    for left_out in [Part::Present, Part::Following] {
        let mut stream = Stream::new();
        play_without(&[left_out], &mut stream, 2 * SECOND);
        assert_eq!(stream.errors(Indicator::EitPfError), 0);
        play_without(&[left_out], &mut stream, SECOND);
        assert_eq!(stream.errors(Indicator::EitPfError), 1);
    }
}

#[test]
fn clause_3_6_c_a_following_event_that_comes_no_more_is_an_error() {
    let mut stream = played();
    play_without(&[Part::Following], &mut stream, 5 * SECOND);
    assert_eq!(stream.errors(Indicator::EitPfError), 1);
    play(&mut stream, 7 * SECOND);
    assert!(!stream.is_raised(Indicator::EitPfError));
}

#[test]
fn clause_3_6_c_a_service_with_both_or_neither_is_right() {
    let mut stream = played();
    play(&mut stream, 5 * SECOND);
    play_without(&[Part::Present, Part::Following], &mut stream, 20 * SECOND);
    assert_eq!(stream.errors(Indicator::EitPfError), 0);
}

#[test]
fn clause_3_7_less_than_25_ms_from_rst_to_rst_are_an_error() {
    let errors = |interval| errors_of_rhythm(Indicator::RstError, ids::RST_PID, &running(), interval);
    assert_eq!((errors(SPACING), errors(SPACING - NANOSECOND)), (0, 10));
}

#[test]
fn clause_3_7_rst_may_come_as_rarely_as_it_likes() {
    assert_eq!(errors_of_rhythm(Indicator::RstError, ids::RST_PID, &running(), 3_600 * SECOND), 0);
}

#[test]
fn clause_3_7_another_table_on_its_pid_is_an_error() {
    let errors = |section: &[u8]| errors_of_table(Indicator::RstError, ids::RST_PID, section);
    assert_eq!((errors(&stuffing()), errors(&map())), (0, 1));
}

#[test]
fn clause_3_8_more_than_30_s_from_tdt_to_tdt_are_an_error() {
    check_rhythm(Indicator::TdtError, ids::TDT_PID, &time(), 30 * SECOND, 10);
}

#[test]
fn clause_3_8_less_than_25_ms_from_tdt_to_tdt_are_an_error() {
    let errors = |interval| errors_of_rhythm(Indicator::TdtError, ids::TDT_PID, &time(), interval);
    assert_eq!((errors(SPACING), errors(SPACING - NANOSECOND)), (0, 10));
}

#[test]
fn clause_3_8_another_table_on_its_pid_is_an_error() {
    let errors = |section: &[u8]| errors_of_table(Indicator::TdtError, ids::TDT_PID, section);
    let offset = psi::short_section(ids::TOT, &[0xC0, 0x79, 0x12, 0x45, 0, 0xF0, 0]).unwrap();
    assert_eq!((errors(&offset), errors(&stuffing()), errors(&map())), (0, 0, 1));
}
