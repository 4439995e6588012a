//! Whatever a section holds.

use proptest::prelude::*;

use super::*;
use crate::wire::psi::{self, ElementaryStream};

const TABLES: [u8; 12] = [
    ids::PAT,
    ids::CAT,
    ids::PMT,
    ids::NIT_ACTUAL,
    ids::NIT_OTHER,
    ids::SDT_ACTUAL,
    ids::SDT_OTHER,
    ids::EIT_PF_ACTUAL,
    ids::EIT_SCHEDULE_LAST,
    ids::TDT,
    ids::TOT,
    ids::RST,
];

/// Bytes that now and then look like loops and descriptors.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0), Just(0xF0), 1..12_u8, any::<u8>()];
    proptest::collection::vec(byte, 0..200)
}

/// A section of any table that is well framed, with a CRC that is right.
fn framed(table_id: u8, body: &[u8]) -> Vec<u8> {
    match table_id {
        ids::TDT | ids::RST => [&[table_id, 0x70, body.len() as u8], body].concat(),
        ids::TOT => psi::short_section(table_id, body).unwrap(),
        _ => long_section(Head::first(table_id, 1), body).unwrap(),
    }
}

/// How many entries a table has, whatever it is.
fn entries(table: &Table) -> usize {
    match table {
        Table::Association(association) => association.programs.len(),
        Table::ConditionalAccess(access) => access.systems.len(),
        Table::Map(map) => map.streams.len() + map.ca_systems.len(),
        Table::Network(network) => network.transport_streams.len(),
        Table::Service(service) => service.services.len(),
        Table::Event(event) => event.events.len(),
        Table::Time(time) => time.offsets.len(),
        Table::Status(status) => status.changes.len(),
    }
}

proptest! {
    #[test]
    fn any_body_gives_a_bounded_table_or_an_error(table in proptest::sample::select(&TABLES[..]), body in bodies()) {
        let section = framed(table, &body);
        if let Ok(table) = parse(&section) {
            prop_assert!(entries(&table) <= body.len() / 4);
        }
    }

    #[test]
    fn any_bytes_at_all_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(section) = Section::new(&bytes) {
            prop_assert!(Table::parse(section).is_err() || section.crc_ok());
        }
    }

    #[test]
    fn programs_are_read_as_built(programs in proptest::collection::vec((1..u16::MAX, 0..8_192_u16), 0..200)) {
        let Ok(Table::Association(read)) = parse(&psi::program_association(1, &programs).unwrap()) else {
            panic!("no program association");
        };
        let read: Vec<_> = read.programs.iter().map(|program| (program.number, program.map_pid)).collect();
        prop_assert_eq!(read, programs);
    }

    #[test]
    fn streams_are_read_as_built(
        program: u16, pcr_pid in 0..0x1FFF_u16, streams in proptest::collection::vec((any::<u8>(), 0..8_192_u16), 0..200),
    ) {
        let streams: Vec<_> = streams.iter().map(|&(stream_type, pid)| ElementaryStream { stream_type, pid }).collect();
        let Ok(Table::Map(read)) = parse(&psi::program_map(program, pcr_pid, &streams).unwrap()) else {
            panic!("no program map");
        };
        prop_assert_eq!((read.program, read.pcr_pid), (program, Some(pcr_pid)));
        let of_read = |stream: &Stream| ElementaryStream { stream_type: stream.stream_type, pid: stream.pid };
        prop_assert_eq!(read.streams.iter().map(of_read).collect::<Vec<_>>(), streams);
    }

    #[test]
    fn names_are_read_as_built(id: u16, service_type: u8, name in "[a-zà-ÿ ]{0,40}", provider in "[ -~]{0,40}") {
        let service = psi::Service { id, service_type, provider: &provider, name: &name };
        let Ok(Table::Service(read)) = parse(&psi::service_description(id, id, service).unwrap()) else {
            panic!("no service description");
        };
        let read = &read.services[0];
        prop_assert_eq!((read.id, read.service_type), (id, Some(service_type)));
        prop_assert_eq!((read.name.as_deref(), read.provider.as_deref()), (Some(&*name), Some(&*provider)));
        let Ok(Table::Network(read)) = parse(&psi::network_information(id, &name, id).unwrap()) else {
            panic!("no network information");
        };
        prop_assert_eq!((read.network_id, read.name), (id, Some(name)));
    }

    #[test]
    fn the_time_is_read_as_built(seconds in 0..2_155_000_000_u64) {
        let utc = crate::time::Utc(seconds * 1_000_000_000);
        let read = TimeTable { utc: Some(utc), offsets: vec![] };
        prop_assert_eq!(parse(&psi::time_and_date(utc)), Ok(Table::Time(read)));
    }
}
