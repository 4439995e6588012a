//! Each table by its clause.

use super::*;
use crate::time::Utc;
use crate::wire::psi;

const NOON: [u8; 5] = [0xC0, 0x79, 0x12, 0x45, 0x00];
/// 1993-10-13 12:45:00: the example of EN 300 468, annex C.
const NOON_UTC: Utc = Utc(750_516_300_000_000_000);

#[test]
fn a_program_association_names_programs_and_the_network_pid() {
    let section = psi::program_association(9, &[(0, ids::NIT_PID), (1, 0x100), (2, 0x200)]).unwrap();
    let programs = vec![Program { number: 1, map_pid: 0x100 }, Program { number: 2, map_pid: 0x200 }];
    let read = ProgramAssociation { transport_stream_id: 9, network_pid: Some(ids::NIT_PID), programs };
    assert_eq!(parse(&section), Ok(Table::Association(read)));
}

#[test]
fn a_conditional_access_table_names_its_systems() {
    let ca = descriptor(0x09, &[0x0B, 0x00, 0xE1, 0x00, 1, 2, 3]).unwrap();
    let other = descriptor(0x83, &[1]).unwrap();
    let systems = vec![CaSystem { id: 0x0B00, pid: 0x100 }];
    assert_eq!(
        parse_body(ids::CAT, 0xFFFF, &[&other, &ca]),
        Ok(Table::ConditionalAccess(ConditionalAccess { systems }))
    );
}

#[test]
fn a_network_information_table_names_the_network_and_its_streams() {
    let section = psi::network_information(0xFF01, "Réseau", 5).unwrap();
    let read = NetworkInformation {
        network_id: 0xFF01,
        actual: true,
        name: Some("Réseau".into()),
        transport_streams: vec![TransportStream { id: 5, original_network_id: 0xFF01 }],
    };
    assert_eq!(parse(&section), Ok(Table::Network(read)));
}

#[test]
fn a_service_description_tells_of_each_service() {
    let service = psi::Service { id: 7, service_type: 0x19, provider: "flowclient", name: "Channel 7" };
    let Ok(Table::Service(read)) = parse(&psi::service_description(1, 2, service).unwrap()) else {
        panic!("no service description");
    };
    assert_eq!((read.transport_stream_id, read.original_network_id, read.actual), (1, 2, true));
    let expected = Service {
        id: 7,
        has_schedule: false,
        has_present_following: false,
        running_status: RunningStatus::Running,
        scrambled: false,
        service_type: Some(0x19),
        provider: Some("flowclient".into()),
        name: Some("Channel 7".into()),
    };
    assert_eq!(read.services, [expected]);
    assert_eq!(service_type_name(0x19), "H.264 HD digital television");
}

#[test]
fn a_service_of_another_stream_may_be_scrambled_and_undescribed() {
    let Ok(Table::Service(read)) = parse_body(ids::SDT_OTHER, 1, &[&[0, 2, 0xFF, 0, 7, 0xFF, 0x30, 0]]) else {
        panic!("no service description");
    };
    let service = &read.services[0];
    assert!(!read.actual && service.scrambled && service.has_schedule && service.has_present_following);
    assert_eq!((service.running_status, service.name.as_deref()), (RunningStatus::NotRunning, None));
}

#[test]
fn the_present_event_has_start_duration_and_name() {
    let short = descriptor(0x4D, b"deu\x04News\x05Today").unwrap();
    let event = [&[0x12, 0x34], NOON.as_slice(), &[0x01, 0x30, 0x59, 0x80, short.len() as u8], &short].concat();
    let Ok(Table::Event(read)) = parse_body(ids::EIT_PF_ACTUAL, 7, &[&[0, 1, 0, 2, 0, 0x4E], &event]) else {
        panic!("no event information");
    };
    assert_eq!((read.table_id, read.section_number, read.service_id), (0x4E, 0, 7));
    assert_eq!((read.transport_stream_id, read.original_network_id), (1, 2));
    let expected = Event {
        id: 0x1234,
        start: Some(NOON_UTC),
        duration_seconds: Some(3_600 + 30 * 60 + 59),
        running_status: RunningStatus::Running,
        scrambled: false,
        language: Some("deu".into()),
        name: Some("News".into()),
        text: Some("Today".into()),
    };
    assert_eq!(read.events, [expected]);
}

#[test]
fn an_event_may_have_no_time() {
    let body = [&[0, 1, 0, 2, 0, 0x4E, 0, 1], [0xFF; 8].as_slice(), &[0, 0]].concat();
    let Ok(Table::Event(read)) = parse_body(ids::EIT_PF_OTHER, 7, &[&body]) else { panic!("no event information") };
    assert_eq!((read.events[0].start, read.events[0].duration_seconds), (None, None));
}

#[test]
fn a_time_that_is_no_time_is_refused() {
    for (time, is_time) in
        [([0x23, 0x59, 0x59], true), ([0x24, 0, 0], false), ([0, 0x60, 0], false), ([0x0A, 0, 0], false)]
    {
        let section = [&[ids::TDT, 0x70, 5, 0xC0, 0x79], time.as_slice()].concat();
        assert_eq!(parse(&section).is_ok(), is_time, "{time:02x?}");
    }
}

#[test]
fn the_time_built_is_the_time_read() {
    let read = TimeTable { utc: Some(NOON_UTC), offsets: vec![] };
    assert_eq!(parse(&psi::time_and_date(NOON_UTC)), Ok(Table::Time(read)));
}

#[test]
fn a_time_offset_section_tells_local_time_by_country() {
    let offset = [b"USA".as_slice(), &[0b0000_1011, 0x04, 0x30], &NOON, &[0x05, 0x00]].concat();
    let body = [NOON.as_slice(), &counted(&[&descriptor(0x58, &offset).unwrap()])].concat();
    let offset =
        LocalOffset { country: "USA".into(), region: 2, minutes: -270, changes_at: Some(NOON_UTC), next_minutes: -300 };
    let read = TimeTable { utc: Some(NOON_UTC), offsets: vec![offset] };
    assert_eq!(parse(&psi::short_section(ids::TOT, &body).unwrap()), Ok(Table::Time(read)));
}

#[test]
fn a_running_status_section_tells_of_changes() {
    let change = StatusChange {
        transport_stream_id: 1,
        original_network_id: 2,
        service_id: 3,
        event_id: 4,
        status: RunningStatus::Pausing,
    };
    let section = [ids::RST, 0x70, 9, 0, 1, 0, 2, 0, 3, 0, 4, 0xFB];
    assert_eq!(parse(&section), Ok(Table::Status(StatusTable { changes: vec![change] })));
}

#[test]
fn a_loop_that_ends_within_an_entry_is_refused() {
    let cut_short = |field, wanted, left| Err(SiError::CutShort(CutShort { field, wanted, left }));
    assert_eq!(parse_body(ids::PAT, 1, &[&[0, 1, 0xE1]]), cut_short("program_map_PID", 2, 1));
    assert_eq!(parse_body(ids::NIT_ACTUAL, 1, &[&[0xF0, 0, 0xF0, 7, 1, 2]]), cut_short("transport_stream_loop", 7, 2));
    assert_eq!(parse_body(ids::CAT, 1, &[&[0x09, 4, 1, 2]]), cut_short("descriptor of the CAT", 4, 2));
}

#[test]
fn a_wrong_crc_syntax_or_table_is_refused() {
    let mut section = psi::program_association(9, &[(1, 0x100)]).unwrap();
    section[9] ^= 1;
    assert_eq!(parse(&section), Err(SiError::Crc));
    assert_eq!(parse(&[ids::PAT, 0x30, 0]), Err(SiError::Syntax(false)));
    assert_eq!(parse_body(ids::BAT, 1, &[]), Err(SiError::Table(ids::BAT)));
}

#[test]
fn tables_are_written_as_json_with_times_in_words() {
    let table = parse(&psi::time_and_date(NOON_UTC)).unwrap();
    assert_eq!(serde_json::to_string(&table).unwrap(), r#"{"time":{"utc":"1993-10-13T12:45:00Z","offsets":[]}}"#);
}
