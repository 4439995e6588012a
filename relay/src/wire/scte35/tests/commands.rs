//! Commands by the clauses of SCTE 35, 9.6 and 9.7.

use super::*;

/// splice_insert flags: out of the network, whole program, with duration.
const OUT_PROGRAM_DURATION: u8 = 0xE0;
const MINUTE: u64 = 60 * 90_000;

fn insert(flags: u8, rest: &[u8]) -> Vec<u8> {
    [&[0, 0, 0x12, 0x34, 0x7F, flags | 0x0F], rest].concat()
}

#[test]
fn a_null_is_a_sign_of_life() {
    let info = Built::default().parse().unwrap();
    assert_eq!((info.command, info.tier, info.cw_index, info.encryption), (Command::Null, 0xFFF, 0x2A, None));
    assert!(info.segmentations.is_empty() && info.avails.is_empty());
}

#[test]
fn an_insert_leaves_the_program_at_a_time_for_a_while() {
    let duration = [&[0xFE], (MINUTE as u32).to_be_bytes().as_slice()].concat();
    let rest = [at(900_000).as_slice(), &duration, &[0, 7, 1, 2]].concat();
    let command = insert(OUT_PROGRAM_DURATION, &rest);
    let expected = Insert {
        out_of_network: true,
        immediate: false,
        pts: Some(900_000),
        components: vec![],
        break_duration: Some(BreakDuration { auto_return: true, ticks: MINUTE }),
        unique_program_id: 7,
        avail: 1,
        avails_expected: 2,
    };
    let expected = SpliceEvent { event_id: 0x1234, insert: Some(expected) };
    assert_eq!(Built { command_type: 5, command: &command, ..Built::default() }.command(), Command::Insert(expected));
}

#[test]
fn an_insert_may_be_immediate() {
    let command = insert(0x50, &[0, 7, 0, 0]);
    let Command::Insert(SpliceEvent { insert: Some(read), .. }) =
        Built { command_type: 5, command: &command, ..Built::default() }.command()
    else {
        panic!("no insert");
    };
    assert!(read.immediate && !read.out_of_network);
    assert_eq!((read.pts, read.break_duration), (None, None));
}

#[test]
fn an_insert_may_be_of_components() {
    let rest = [&[2, 0x11], at(5).as_slice(), &[0x12, 0x7F], &[0, 7, 0, 0]].concat();
    let command = insert(0x80, &rest);
    let Command::Insert(SpliceEvent { insert: Some(read), .. }) =
        Built { command_type: 5, command: &command, ..Built::default() }.command()
    else {
        panic!("no insert");
    };
    let components =
        [ComponentSplice { component_tag: 0x11, pts: Some(5) }, ComponentSplice { component_tag: 0x12, pts: None }];
    assert_eq!((read.pts, read.components.as_slice()), (None, components.as_slice()));
}

#[test]
fn an_insert_may_be_cancelled() {
    let command = [0, 0, 0, 9, 0xFF];
    let expected = SpliceEvent { event_id: 9, insert: None };
    assert_eq!(Built { command_type: 5, command: &command, ..Built::default() }.command(), Command::Insert(expected));
}

#[test]
fn the_adjustment_is_added_and_wraps() {
    let built = Built { pts_adjustment: 10, command_type: 6, command: &at(STAMP_MODULUS - 4), ..Built::default() };
    let info = built.parse().unwrap();
    assert_eq!((info.pts_adjustment, info.command), (10, Command::TimeSignal { pts: Some(6) }));
}

#[test]
fn a_time_signal_may_mean_now() {
    let built = Built { pts_adjustment: 10, command_type: 6, command: &[0x7F], ..Built::default() };
    assert_eq!(built.command(), Command::TimeSignal { pts: None });
}

#[test]
fn other_commands_are_recognised() {
    let command = |command_type, command| Built { command_type, command, ..Built::default() }.command();
    assert_eq!(command(7, &[]), Command::BandwidthReservation);
    assert_eq!(command(0xFF, b"ACME\x01\x02"), Command::Private { identifier: "ACME".into(), len: 2 });
    assert_eq!(command(4, &[3, 1, 2, 3, 4]), Command::Schedule { count: 3 });
    assert_eq!(command(1, &[1]), Command::Reserved { command_type: 1 });
}

#[test]
fn a_length_of_old_says_nothing_of_the_command() {
    let descriptors = [cuei(AVAIL, &[0, 0, 0, 5])];
    let time = at(1);
    let built = Built {
        command_type: 6,
        command: &time,
        command_len: Some(0xFFF),
        descriptors: &descriptors,
        ..Built::default()
    };
    let info = built.parse().unwrap();
    assert_eq!((info.command, info.avails.as_slice()), (Command::TimeSignal { pts: Some(1) }, [5].as_slice()));
}

#[test]
fn what_is_encrypted_is_recognised_as_such() {
    let section = Built { encryption: 0x40 | 2, command_type: 0x99, command: &[1, 2, 3], ..Built::default() };
    let info = section.parse().unwrap();
    assert_eq!((info.command, info.encryption), (Command::Encrypted, Some(2)));
}

#[test]
fn a_command_length_that_lies_is_refused() {
    let built =
        |command_len| Built { command_type: 7, command: &[], command_len: Some(command_len), ..Built::default() };
    assert_eq!(built(2).parse(), Err(SpliceError::CommandLength { announced: 2, taken: 0 }));
    let too_long = CutShort { field: "splice_command", wanted: 9, left: 2 };
    assert_eq!(built(9).parse(), Err(SpliceError::CutShort(too_long)));
}

#[test]
fn another_table_version_syntax_or_crc_is_refused() {
    let mut section = Built::default().section();
    section[5] ^= 1;
    assert_eq!(parse(&section), Err(SpliceError::Crc));
    assert_eq!(parse(&short_section(SPLICE_INFO, &[1]).unwrap()), Err(SpliceError::Version(1)));
    assert_eq!(parse(&[0x70, 0x30, 0]), Err(SpliceError::Table(0x70)));
    let long = crate::wire::psi::Head::first(SPLICE_INFO, 1);
    assert_eq!(parse(&crate::wire::psi::long_section(long, &[]).unwrap()), Err(SpliceError::Syntax));
}

#[test]
fn splices_are_written_as_json() {
    let info = Built { command_type: 6, command: &at(90_000), ..Built::default() }.parse().unwrap();
    let json = serde_json::to_value(&info).unwrap();
    assert_eq!(json["command"], serde_json::json!({"type": "time_signal", "pts": 90_000}));
}
