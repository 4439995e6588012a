//! 1.4, by the letter of ISO/IEC 13818-1, 2.4.3.3.

use super::super::alarm::AlarmChange;
use super::super::indicator::{Indicator, Offence};
use super::packet::TsPacket;
use super::stream::Stream;
use crate::time::Ticks27;
use crate::wire::ts::NULL_PID;

const PID: u16 = 0x101;

/// Errors of 1.4 and packets missing after these packets, all sent as they are.
fn errors(packets: &[TsPacket]) -> (u64, u64) {
    let mut stream = Stream::new();
    packets.iter().for_each(|packet| stream.send_as_is(packet.clone()));
    let errors = stream.errors(Indicator::ContinuityCountError);
    assert_eq!(errors, stream.inspector.continuity_errors());
    (errors, stream.inspector.missing_packets())
}

/// A packet whose bytes follow from its counter.
fn media(counter: u8) -> TsPacket {
    TsPacket::new(PID, counter).counter(counter)
}

/// Another packet with that counter.
fn other(counter: u8) -> TsPacket {
    TsPacket::new(PID, 0xEE).counter(counter)
}

fn idle(counter: u8) -> TsPacket {
    TsPacket::without_payload(PID).counter(counter)
}

fn pcr(ticks: u64) -> Ticks27 {
    Ticks27::wrapping(ticks)
}

#[test]
fn clause_1_4_counting_up_and_around_is_right() {
    let packets: Vec<_> = (0..100).map(|n| media(n & 0x0F)).collect();
    assert_eq!(errors(&packets), (0, 0));
}

#[test]
fn clause_1_4_any_first_counter_is_right() {
    for counter in 0..16 {
        assert_eq!(errors(&[media(counter)]), (0, 0));
        assert_eq!(errors(&[idle(counter), media((counter + 1) & 0x0F)]), (0, 0));
    }
}

#[test]
fn clause_1_4_a_lost_packet_is_an_error() {
    assert_eq!(errors(&[media(0), media(2), media(3)]), (1, 1));
}

#[test]
fn clause_1_4_any_gap_but_a_whole_round_is_one_error_with_its_length() {
    for lost in 1..15_u8 {
        assert_eq!(errors(&[media(0), media((lost + 1) & 0x0F)]), (1, u64::from(lost)), "{lost} lost");
    }
    assert_eq!(errors(&[media(0), other(0), media(1)]), (1, 15), "fifteen lost: the same counter on another packet");
    assert_eq!(errors(&[media(0), media(1)]), (0, 0), "sixteen lost cannot be seen");
}

#[test]
fn clause_1_4_packets_out_of_order_are_errors() {
    assert_eq!(errors(&[media(0), media(2), media(1), media(3)]).0, 3);
}

#[test]
fn clause_1_4_a_second_copy_is_right() {
    assert_eq!(errors(&[media(0), media(1), media(1), media(2)]), (0, 0));
    assert_eq!(errors(&[media(1), media(1), media(2), media(2), media(3)]), (0, 0));
}

#[test]
fn clause_1_4_a_third_copy_is_an_error() {
    assert_eq!(errors(&[media(1), media(1), media(1), media(2)]), (1, 0));
    assert_eq!(errors(&[media(1), media(1), media(1), media(1)]), (2, 0));
}

#[test]
fn clause_1_4_a_copy_that_differs_in_any_byte_is_an_error() {
    let original = media(4).bytes();
    for place in 4..original.len() {
        let mut copy = original;
        copy[place] ^= 0x01;
        let mut stream = Stream::new();
        stream.send_bytes(&original);
        stream.send_bytes(&copy);
        assert_eq!(stream.errors(Indicator::ContinuityCountError), 1, "byte {place}");
    }
}

#[test]
fn clause_1_4_a_copy_of_the_packet_that_differed_is_right() {
    assert_eq!(errors(&[media(1), other(1), other(1), media(2)]).0, 1);
}

#[test]
fn clause_1_4_a_copy_may_have_another_pcr() {
    let packet = |ticks| media(3).pcr(pcr(ticks));
    assert_eq!(errors(&[packet(1_000), packet(2_000), media(4)]), (0, 0));
}

#[test]
fn clause_1_4_a_copy_may_not_lack_the_pcr() {
    assert_eq!(errors(&[media(3).pcr(pcr(1_000)), media(3), media(4)]).0, 1);
}

#[test]
fn clause_1_4_a_copy_of_the_packet_before_the_last_is_an_error() {
    assert_eq!(errors(&[media(1), media(2), media(1), media(2), media(3)]).0, 1);
}

#[test]
fn clause_1_4_a_copy_follows_its_original_at_once() {
    assert_eq!(errors(&[media(1), idle(1), media(1)]).0, 1);
}

#[test]
fn clause_1_4_without_payload_the_counter_stays() {
    assert_eq!(errors(&[media(1), idle(1), idle(1), idle(1), media(2), idle(2), media(3)]), (0, 0));
}

#[test]
fn clause_1_4_without_payload_the_counter_may_not_step() {
    assert_eq!(errors(&[media(1), idle(2), media(3)]), (1, 1));
}

#[test]
fn clause_1_4_neither_adaptation_nor_payload_is_passed_over() {
    let nothing = |counter| TsPacket::of_nothing(PID).counter(counter);
    assert_eq!(errors(&[media(1), nothing(1), nothing(9), media(2)]), (0, 0));
    assert_eq!(errors(&[media(1), nothing(2), media(3)]), (1, 1));
}

#[test]
fn clause_1_4_the_discontinuity_indicator_excuses_any_jump() {
    for counter in 0..16 {
        let after = media((counter + 1) & 0x0F);
        assert_eq!(errors(&[media(5), other(counter).discontinuity(), after]), (0, 0), "to {counter}");
    }
    assert_eq!(errors(&[media(5), idle(9).discontinuity(), media(10)]), (0, 0));
}

#[test]
fn clause_1_4_the_discontinuity_indicator_excuses_only_its_own_packet() {
    assert_eq!(errors(&[media(5), media(9).discontinuity(), media(12)]), (1, 2));
    assert_eq!(errors(&[media(5), media(9), media(10).discontinuity()]), (1, 3));
}

#[test]
fn clause_1_4_null_packets_count_as_they_like() {
    let null = |counter| TsPacket::new(NULL_PID, counter).counter(counter);
    assert_eq!(errors(&[null(0), null(7), null(7), null(7), null(3), null(0).discontinuity()]), (0, 0));
}

#[test]
fn clause_1_4_a_packet_with_a_transport_error_is_not_judged() {
    assert_eq!(errors(&[media(1), media(2).transport_error(), media(3)]), (0, 0));
    assert_eq!(errors(&[media(1), media(9).transport_error(), media(3)]), (0, 0));
    assert_eq!(errors(&[media(1), other(9).transport_error(), media(3), media(5)]), (1, 1));
}

#[test]
fn clause_1_4_scrambled_packets_count_as_others_do() {
    assert_eq!(errors(&[media(1).scrambled(), media(2).scrambled(), media(3)]), (0, 0));
    assert_eq!(errors(&[media(1).scrambled(), media(3).scrambled()]), (1, 1));
    assert_eq!(errors(&[media(1), media(1).scrambled()]).0, 1, "scrambled it is no copy");
}

#[test]
fn clause_1_4_each_pid_counts_for_itself() {
    let of = |pid, counter| TsPacket::new(pid, counter).counter(counter);
    assert_eq!(errors(&[of(1, 0), of(2, 9), of(3, 4), of(1, 1), of(2, 10), of(3, 5)]), (0, 0));
    assert_eq!(errors(&[of(1, 0), of(2, 9), of(1, 2), of(2, 11)]), (2, 2));
}

#[test]
fn clause_1_4_the_report_tells_pid_counter_and_numbers() {
    let mut stream = Stream::new();
    [media(0), media(3), media(3)].into_iter().for_each(|packet| stream.send_as_is(packet));
    let offence = Offence::Counter { expected: 1, found: 3 };
    let event = stream.events()[0];
    assert_eq!((event.pid, event.change), (Some(PID), AlarmChange::Raised(offence)));
    assert_eq!(event.to_string(), "TR 101 290 1.4 continuity_count_error on PID 257: counter 3 where 1 was expected");
    let report = stream.inspector.report(stream.now);
    let pid = &report.pids[0];
    assert_eq!((pid.packets, pid.continuity_errors, pid.missing_packets, pid.repeated), (3, 1, 2, 1));
    assert_eq!((report.ts.continuity_errors, report.ts.missing_packets), (1, 2));
}
