//! Streams that want to do harm, or that nobody would make on purpose: counted, bounded, and no panic.

use std::time::Duration;

use super::super::indicator::Indicator;
use super::packet::TsPacket;
use super::program::{MAP_PID, PROGRAM, VIDEO_PID, association, map, play, streams};
use super::stream::Stream;
use crate::time::{Ticks27, Time};
use crate::wire::ids;
use crate::wire::psi::{self, ElementaryStream, Head};
use crate::wire::ts::{NULL_PACKET, NULL_PID, PID_COUNT};

/// A number that looks drawn by lot and is the same each time.
fn lot(n: u64) -> u64 {
    (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 20
}

#[test]
fn psi_that_changes_with_every_packet_is_followed() {
    let mut stream = Stream::new();
    for n in 0..4_000_u64 {
        let (version, map_pid) = ((n & 0x1F) as u8, 0x20 + (lot(n) % 0x1F00) as u16);
        let program = 1 + (n % 3_000) as u16;
        let [high, low] = (0xE000 | map_pid).to_be_bytes();
        let body = [&program.to_be_bytes()[..], &[high, low]].concat();
        stream.section(ids::PAT_PID, &psi::long_section(Head { version, ..Head::first(ids::PAT, 1) }, &body).unwrap());
        let elementary = ElementaryStream { stream_type: 0x1B, pid: 0x20 + (lot(n + 7) % 0x1F00) as u16 };
        stream.section(map_pid, &psi::program_map(program, elementary.pid, &[elementary]).unwrap());
        stream.wait_millis(1);
    }
    let report = stream.inspector.report(stream.now);
    assert_eq!(report.services.len(), 1, "the last PAT names one");
    assert!(report.pids.len() <= PID_COUNT && report.tables.len() <= PID_COUNT);
    assert_eq!(stream.errors(Indicator::CrcError) + stream.errors(Indicator::PatError), 0);
}

#[test]
fn what_changes_too_often_takes_effect_at_the_next_tick() {
    let mut stream = Stream::new();
    stream.section(ids::PAT_PID, &association());
    for n in 0..200 {
        let elementary = ElementaryStream { stream_type: 0x1B, pid: 0x200 + n };
        stream.section(MAP_PID, &psi::program_map(PROGRAM, NULL_PID, &[elementary]).unwrap());
    }
    stream.wait_millis(100);
    let named: Vec<_> = stream.inspector.report(stream.now).pids;
    assert_eq!(named.iter().find(|pid| pid.pid == 0x2C7).unwrap().description, "H.264");
}

#[test]
fn every_pid_there_is_can_come() {
    let mut stream = Stream::new();
    for round in 0..3 {
        for pid in 0..PID_COUNT as u16 {
            stream.send(TsPacket::new(pid, round));
        }
        stream.wait(Duration::from_secs(1));
    }
    let report = stream.inspector.report(stream.now);
    assert_eq!((report.pids.len(), report.ts.packets, report.ts.null_packets), (PID_COUNT, 3 * PID_COUNT as u64, 3));
    assert!(report.pids.iter().all(|pid| pid.packets == 3));
    assert_eq!(stream.errors(Indicator::ContinuityCountError), 0);
}

#[test]
fn a_full_association_with_all_its_maps_is_bounded() {
    let mut stream = Stream::new();
    for number in 0..=255_u8 {
        let first = u16::from(number) * 253;
        let entry = |n: u16| [(first + n + 1).to_be_bytes(), (0xE020 + n % 0x1F00).to_be_bytes()].concat();
        let body: Vec<u8> = (0..253).flat_map(entry).collect();
        let head = Head { number, last_number: 255, ..Head::first(ids::PAT, 1) };
        stream.section(ids::PAT_PID, &psi::long_section(head, &body).unwrap());
        for n in (0..253).filter(|n| n % 16 == 0) {
            stream.section(0x20 + n % 0x1F00, &psi::program_map(first + n + 1, NULL_PID, &streams()).unwrap());
        }
        stream.wait_millis(50);
    }
    assert!(stream.inspector.report(stream.now).services.len() <= 1_024);
}

#[test]
fn tables_of_any_extension_and_number_are_bounded_and_the_rest_is_counted() {
    let mut stream = Stream::new();
    for n in 0..20_000_u64 {
        let head = Head { number: lot(n) as u8, ..Head::first(ids::EIT_PF_ACTUAL, lot(n + 3) as u16) };
        let section = psi::long_section(head, &[0, 1, 0, 9, 1, ids::EIT_PF_ACTUAL]).unwrap();
        stream.section(ids::EIT_PID, &section);
        stream.wait(Duration::from_micros(100));
    }
    let report = stream.inspector.report(stream.now);
    assert_eq!(report.tables.iter().map(|table| u64::from(table.sections)).sum::<u64>(), 8_192);
    assert_eq!(report.ts.sections, 20_000);
    assert!(report.ts.unlisted_sections > 10_000);
    assert!(report.services.len() <= 1_024);
}

#[test]
fn lengths_that_lie_are_counted() {
    let mut stream = Stream::new();
    play(&mut stream, Duration::from_secs(1));
    // section_length beyond what a PAT may have, and too short for its header.
    for length in [0xFFF_u16, 3] {
        let mut section = association();
        section[1..3].copy_from_slice(&(0xB000 | length).to_be_bytes());
        stream.section(ids::PAT_PID, &section);
    }
    let report = stream.inspector.report(stream.now);
    assert_eq!(report.ts.unreadable_sections, 2);
    assert_eq!(stream.all_errors(), []);
}

#[test]
fn a_map_whose_loops_lie_is_counted_and_the_old_one_stays() {
    let mut stream = Stream::new();
    play(&mut stream, Duration::from_secs(1));
    let head = Head { version: 1, ..Head::first(ids::PMT, PROGRAM) };
    // program_info_length announces 1,000 bytes.
    stream.section(MAP_PID, &psi::long_section(head, &[0xE1, 0x01, 0xF3, 0xE8, 0, 0]).unwrap());
    let report = stream.inspector.report(stream.now);
    assert_eq!((report.ts.unreadable_sections, report.services[0].streams.len()), (1, 2));
}

#[test]
fn adaptation_fields_that_lie_are_passed_over() {
    let mut stream = Stream::new();
    for length in 0..=255 {
        for control in [0x20, 0x30] {
            let mut packet = NULL_PACKET;
            packet[1..6].copy_from_slice(&[0x01, 0x01, control, length, 0xFF]);
            stream.send_bytes(&packet);
        }
    }
    assert_eq!(stream.inspector.report(stream.now).ts.packets, 512);
}

#[test]
fn a_clock_that_jumps_about_is_counted() {
    let mut stream = Stream::new();
    for n in 0..5_000_u64 {
        stream.send(TsPacket::of_pcr(VIDEO_PID, Ticks27::wrapping(lot(n) * 1_000_003)));
        stream.wait_millis(10);
    }
    assert!(stream.errors(Indicator::PcrDiscontinuityError) > 4_900);
    assert_eq!(stream.errors(Indicator::PcrAccuracyError), 0);
    serde_json::to_string(&stream.inspector.report(stream.now)).unwrap();
}

#[test]
fn null_packets_alone_are_a_stream_without_pat() {
    let mut stream = Stream::new();
    for n in 0..10_000_u64 {
        stream.send(TsPacket::new(NULL_PID, lot(n) as u8).counter(lot(n + 1) as u8 & 0x0F));
        stream.wait_millis(1);
    }
    assert_eq!(stream.all_errors(), [(Indicator::PatError, 1)]);
    let report = stream.inspector.report(stream.now);
    assert_eq!((report.ts.packets, report.ts.null_packets, report.ts.bitrate), (10_000, 10_000, 1_504_000));
}

#[test]
fn a_stream_that_is_scrambled_throughout_is_counted() {
    let mut stream = Stream::new();
    for n in 0..5_000_u64 {
        let pid = [ids::PAT_PID, MAP_PID, VIDEO_PID][(n % 3) as usize];
        stream.send(TsPacket::new(pid, lot(n) as u8).scrambled());
        stream.wait_millis(1);
    }
    // Without a PAT in the clear nothing says which PID carries a map.
    assert_eq!(stream.all_errors(), [(Indicator::PatError, 1_668), (Indicator::CatError, 1)]);
    assert!(stream.inspector.report(stream.now).pids.iter().all(|pid| pid.scrambled == pid.packets));
}

#[test]
fn time_that_runs_backwards_or_leaps_does_no_harm() {
    let mut stream = Stream::new();
    stream.section(ids::PAT_PID, &association());
    stream.section(MAP_PID, &map());
    for n in 0..2_000_u64 {
        stream.now = Time(if n % 3 == 0 { u64::MAX - n } else { lot(n) });
        stream.send(TsPacket::of_pcr(VIDEO_PID, Ticks27::wrapping(n * 540_000)));
        stream.send(TsPacket::of_pts(VIDEO_PID, n));
        stream.inspector.tick(stream.now);
    }
    serde_json::to_string(&stream.inspector.report(stream.now)).unwrap();
}
