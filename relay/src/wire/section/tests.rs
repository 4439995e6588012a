//! Sections cut into packets and put together again.

use proptest::prelude::*;

use super::*;
use crate::wire::psi::{Head, long_section};
use crate::wire::ts::PACKET_LEN;

const PAYLOAD_LEN: usize = PACKET_LEN - 4;

/// What an assembler gave: sections as bytes, or what was wrong.
type Given = Vec<Result<Vec<u8>, SectionError>>;

fn section(table_id: u8, body_len: usize) -> Vec<u8> {
    long_section(Head::first(table_id, 7), &vec![0xAB; body_len]).unwrap()
}

/// Payloads with their payload_unit_start_indicators. Sections follow each other without a gap where `packed`, else each
/// begins in a packet of its own.
fn payloads(sections: &[Vec<u8>], packed: bool) -> Vec<(bool, Vec<u8>)> {
    if !packed {
        return sections.iter().flat_map(|section| payloads_of(&[section])).collect();
    }
    payloads_of(&sections.iter().collect::<Vec<_>>())
}

fn payloads_of(sections: &[&Vec<u8>]) -> Vec<(bool, Vec<u8>)> {
    let bytes: Vec<u8> = sections.iter().copied().flatten().copied().collect();
    let starts: Vec<usize> =
        sections.iter().scan(0, |at, section| Some(std::mem::replace(at, *at + section.len()))).collect();
    let (mut at, mut payloads) = (0, Vec::new());
    while at < bytes.len() {
        let start = starts.iter().find(|&&start| start >= at && start < at + PAYLOAD_LEN - 1);
        let mut payload: Vec<u8> = start.map(|start| (start - at) as u8).into_iter().collect();
        let end = (at + PAYLOAD_LEN - payload.len()).min(bytes.len());
        // A section may not begin in a packet that has no pointer_field to it.
        let end =
            if start.is_none() { starts.iter().copied().find(|&s| s > at && s < end).unwrap_or(end) } else { end };
        payload.extend(&bytes[at..end]);
        payload.resize(PAYLOAD_LEN, 0xFF);
        payloads.push((start.is_some(), payload));
        at = end;
    }
    payloads
}

fn assemble(assembler: &mut Assembler, payloads: &[(bool, Vec<u8>)]) -> Given {
    let mut given = Vec::new();
    for (unit_start, payload) in payloads {
        assembler.push(payload, *unit_start, |section| given.push(section.map(|section| section.bytes().to_vec())));
    }
    given
}

fn start(pointer: u8, rest: &[&[u8]]) -> (bool, Vec<u8>) {
    (true, [&[pointer], rest.concat().as_slice()].concat())
}

#[test]
fn the_crc_is_the_catalogued_one() {
    assert_eq!(crc32(b"123456789"), 0x0376_E6E7);
}

#[test]
fn a_header_is_read_field_by_field() {
    let head = Head { table_id: 0x42, extension: 0x1234, version: 21, is_current: false, number: 3, last_number: 9 };
    let bytes = long_section(head, b"body").unwrap();
    let section = Section::new(&bytes).unwrap();
    assert_eq!((section.table_id(), section.has_syntax(), section.extension()), (0x42, true, 0x1234));
    assert_eq!((section.version(), section.is_current()), (21, false));
    assert_eq!((section.number(), section.last_number(), section.body()), (3, 9, b"body".as_slice()));
    assert!(section.crc_ok());
    assert_eq!(section.crc(), Some(crc32(&bytes[..bytes.len() - 4])));
}

#[test]
fn a_section_without_syntax_has_a_crc_only_where_its_table_has() {
    let time = [ids::TDT, 0x70, 5, 0xC0, 0x79, 0x12, 0x45, 0];
    let section = Section::new(&time).unwrap();
    assert!(!section.has_crc() && section.crc_ok() && section.is_current());
    assert_eq!((section.crc(), section.body().len()), (None, 5));
    let splice = [ids::SPLICE_INFO, 0x30, 5, 1, 2, 3, 4, 5];
    let section = Section::new(&splice).unwrap();
    assert_eq!((section.crc(), section.body(), section.crc_ok()), (Some(0x0203_0405), [1].as_slice(), false));
}

#[test]
fn a_section_ends_and_another_begins_in_one_packet() {
    let (long, short) = (section(ids::PAT, 300), section(ids::PMT, 5));
    let payloads = payloads(&[long.clone(), short.clone()], true);
    assert_eq!(payloads.iter().map(|(unit_start, _)| *unit_start).collect::<Vec<_>>(), [true, true]);
    assert_eq!(payloads[1].1[0], (long.len() - (PAYLOAD_LEN - 1)) as u8, "the pointer_field");
    assert_eq!(assemble(&mut Assembler::default(), &payloads), [Ok(long), Ok(short)]);
}

#[test]
fn a_header_that_is_cut_by_the_packet_is_put_together() {
    let section = section(ids::PAT, 5);
    for cut in 1..section.len() {
        let payloads = [start(0, &[&section[..cut]]), (false, section[cut..].to_vec())];
        assert_eq!(assemble(&mut Assembler::default(), &payloads), [Ok(section.clone())]);
    }
}

#[test]
fn what_comes_before_the_first_start_is_passed_over() {
    let section = section(ids::PAT, 5);
    let payloads = [(false, vec![0; 184]), start(3, &[&[1, 2, 3], &section]), (false, vec![0; 184])];
    assert_eq!(assemble(&mut Assembler::default(), &payloads), [Ok(section)]);
}

#[test]
fn a_discontinuity_drops_what_is_pending() {
    let section = section(ids::PAT, 300);
    let payloads = payloads(std::slice::from_ref(&section), true);
    let mut assembler = Assembler::default();
    assert_eq!(assemble(&mut assembler, &payloads[..1]), []);
    assert_eq!(assembler.pending_len(), PAYLOAD_LEN - 1);
    assembler.discontinuity();
    assert_eq!(assemble(&mut assembler, &payloads[1..]), []);
    assert_eq!(assemble(&mut assembler, &payloads), [Ok(section)]);
}

#[test]
fn a_section_that_is_cut_short_by_the_next_is_told_of() {
    let (long, short) = (section(ids::PAT, 300), section(ids::PAT, 5));
    let payloads = [start(0, &[&long[..183]]), start(10, &[&long[183..193], &short])];
    let missing = long.len() - 193;
    assert_eq!(assemble(&mut Assembler::default(), &payloads), [Err(SectionError::CutShort { missing }), Ok(short)]);
}

#[test]
fn a_pointer_past_the_packet_is_told_of() {
    let payloads = [start(184, &[&[0; 183]])];
    let pointer = SectionError::Pointer { pointer: 184, payload_len: 183 };
    assert_eq!(assemble(&mut Assembler::default(), &payloads), [Err(pointer)]);
}

#[test]
fn a_length_past_what_the_table_may_have_is_told_of_and_the_rest_passed_over() {
    let lie = [ids::PMT, 0xB3, 0xFE];
    let section = section(ids::PAT, 5);
    let payloads = [start(0, &[&lie, &[0; 180]]), (false, vec![0; 184]), start(0, &[&section])];
    let too_long = SectionError::TooLong { table_id: ids::PMT, announced: 1_025, most: 1_024 };
    assert_eq!(assemble(&mut Assembler::default(), &payloads), [Err(too_long), Ok(section)]);
}

#[test]
fn a_length_without_room_for_header_and_crc_is_told_of() {
    let too_short = SectionError::TooShort { table_id: ids::PAT, announced: 11, least: 12 };
    assert_eq!(Section::new(&[0, 0xB0, 8, 0, 0, 0, 0, 0, 0, 0, 0]), Err(too_short));
    assert_eq!(Section::new(&[]).map_err(|error| matches!(error, SectionError::TooShort { .. })), Err(true));
}

#[test]
fn an_empty_payload_gives_nothing() {
    let payloads = [(true, vec![]), (false, vec![]), start(0, &[])];
    assert_eq!(assemble(&mut Assembler::default(), &payloads), []);
}

proptest! {
    #[test]
    fn sections_come_out_as_they_went_in(
        lens in proptest::collection::vec((0..4_085_usize, any::<bool>()), 1..6), packed: bool,
    ) {
        let make = |&(len, is_psi): &(usize, bool)| if is_psi { section(ids::PMT, len % 1_013) } else { section(0xC0, len) };
        let sections: Vec<_> = lens.iter().map(make).collect();
        let given = assemble(&mut Assembler::default(), &payloads(&sections, packed));
        prop_assert_eq!(given, sections.into_iter().map(Ok).collect::<Given>());
    }

    #[test]
    fn any_bytes_give_bounded_sections_and_keep_bounded_memory(
        payloads in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..=184)), 0..80),
        pointer in 0..3_u8,
    ) {
        let mut assembler = Assembler::default();
        for (unit_start, mut payload) in payloads {
            if let Some(first) = payload.first_mut() {
                *first %= pointer + 1;
            }
            assembler.push(&payload, unit_start, |section| {
                let Ok(section) = section else { return };
                assert!(section.bytes().len() <= longest(section.table_id()));
                assert!(section.body().len() <= section.bytes().len());
                assert!(section.version() < 32);
            });
            prop_assert!(assembler.pending_len() < LONGEST_PRIVATE);
        }
    }
}
