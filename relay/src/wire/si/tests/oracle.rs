//! Tables written by another implementation.

use mpeg2ts::es::StreamType;
use mpeg2ts::ts::payload::{Pat, Pmt};
use mpeg2ts::ts::{
    ContinuityCounter, Descriptor, EsInfo, Pid, ProgramAssociation as Association, TransportScramblingControl,
    TsHeader, TsPacket, TsPacketWriter, TsPayload, VersionNumber, WriteTsPacket,
};
use proptest::prelude::*;

use super::*;
use crate::wire::section::Assembler;
use crate::wire::ts::Packet;

const MAP_PID: u16 = 0x1000;

/// The version and the table of a payload that the other implementation wrote into a packet.
fn through_a_packet(pid: u16, payload: TsPayload) -> (u8, Table) {
    let header = TsHeader {
        transport_error_indicator: false,
        transport_priority: false,
        pid: Pid::new(pid).unwrap(),
        transport_scrambling_control: TransportScramblingControl::NotScrambled,
        continuity_counter: ContinuityCounter::new(),
    };
    let mut writer = TsPacketWriter::new(Vec::new());
    writer.write_ts_packet(&TsPacket { header, adaptation_field: None, payload: Some(payload) }).unwrap();
    let packet = Packet::new(writer.stream()).unwrap();
    assert_eq!(packet.pid(), pid);
    let mut found = Vec::new();
    Assembler::default().push(packet.payload(), packet.unit_start(), |section| {
        let section = section.unwrap();
        found.push((section.version(), Table::parse(section).unwrap()));
    });
    assert_eq!(found.len(), 1);
    found.remove(0)
}

proptest! {
    #[test]
    fn programs_are_the_same(
        transport_stream_id: u16, version in 0..32_u8, programs in proptest::collection::vec((1..u16::MAX, 16..0x1FFF_u16), 0..40),
    ) {
        let association = |&(program_num, pid): &(u16, u16)| Association { program_num, program_map_pid: Pid::new(pid).unwrap() };
        let table = programs.iter().map(association).collect();
        let version_number = VersionNumber::from_u8(version).unwrap();
        let pat = TsPayload::Pat(Pat { transport_stream_id, version_number, table });
        let programs = programs.iter().map(|&(number, map_pid)| Program { number, map_pid }).collect();
        let read = ProgramAssociation { transport_stream_id, network_pid: None, programs };
        prop_assert_eq!(through_a_packet(ids::PAT_PID, pat), (version, Table::Association(read)));
    }

    #[test]
    fn streams_and_descriptors_are_the_same(
        program_num: u16, version in 0..32_u8, pcr_pid in proptest::option::of(16..0x1FFF_u16), pids in proptest::collection::vec(16..0x1FFF_u16, 0..10),
    ) {
        let language = Descriptor { tag: 0x0A, data: b"fra\0".to_vec() };
        let stream = |&pid: &u16| EsInfo {
            stream_type: StreamType::AdtsAac,
            elementary_pid: Pid::new(pid).unwrap(),
            descriptors: vec![language.clone()],
        };
        let pmt = Pmt {
            program_num,
            pcr_pid: pcr_pid.map(|pid| Pid::new(pid).unwrap()),
            version_number: VersionNumber::from_u8(version).unwrap(),
            program_info: vec![Descriptor { tag: 0x05, data: b"CUEI".to_vec() }],
            es_info: pids.iter().map(stream).collect(),
        };
        let (read_version, table) = through_a_packet(MAP_PID, TsPayload::Pmt(pmt));
        let Table::Map(map) = table else { panic!("{table:?} is no program map") };
        prop_assert_eq!((read_version, map.program, map.pcr_pid), (version, program_num, pcr_pid));
        prop_assert_eq!(map.registration.as_deref(), Some("CUEI"));
        prop_assert_eq!(map.streams.iter().map(|stream| stream.pid).collect::<Vec<_>>(), pids);
        prop_assert!(map.streams.iter().all(|stream| stream.codec == "AAC" && stream.languages == ["fra"]));
    }
}
