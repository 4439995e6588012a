//! Any bytes, read as RTP, as transport packets, as sections that packets carry, and as the body of a section whose CRC
//! is right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relay::time::Ticks27;
use relay::wire::ids;
use relay::wire::psi::{Head, long_section, short_section};
use relay::wire::rtp::Rtp;
use relay::wire::scte35::SpliceInfo;
use relay::wire::section::{Assembler, LONGEST_PRIVATE, Section, longest};
use relay::wire::si::Table;
use relay::wire::ts::{PACKET_LEN, PID_COUNT, Packet, read_pcr, write_pcr};

fuzz_target!(|datagram: &[u8]| {
    let payload = match Rtp::parse(datagram) {
        Ok(rtp) => &datagram[rtp.payload_start..rtp.payload_end],
        Err(_) => datagram,
    };
    let mut assembler = Assembler::default();
    for packet in payload.chunks(PACKET_LEN).filter_map(Packet::new) {
        view(packet);
        assembler.push(packet.payload(), packet.unit_start(), |section| section.into_iter().for_each(read));
        assert!(assembler.pending_len() < LONGEST_PRIVATE);
    }
    if let Some((&table_id, body)) = datagram.split_first() {
        read_framed(table_id, body);
    }
});

fn view(packet: Packet<'_>) {
    assert!(usize::from(packet.pid()) < PID_COUNT);
    assert!(packet.scrambling() < 4 && packet.continuity() < 16);
    assert!(packet.has_payload() || packet.payload().is_empty());
    assert!(packet.payload().len() <= PACKET_LEN - 4);
    if let Some(pcr) = packet.adaptation().and_then(|field| field.pcr()) {
        assert!(pcr.get() < Ticks27::MODULUS);
        assert_eq!(read_pcr(&write_pcr(pcr)), pcr);
    }
}

fn read_framed(table_id: u8, body: &[u8]) {
    let section = match table_id {
        ids::TDT | ids::RST => [&[table_id, 0x70, body.len() as u8], body].concat(),
        ids::TOT | ids::SPLICE_INFO => short_section(table_id, body).unwrap_or_default(),
        _ => long_section(Head::first(table_id, 1), body).unwrap_or_default(),
    };
    Section::new(&section).into_iter().for_each(read);
}

fn read(section: Section<'_>) {
    assert!(section.bytes().len() <= longest(section.table_id()));
    assert!(section.body().len() <= section.bytes().len());
    assert!(Table::parse(section).is_err() || section.crc_ok());
    assert!(SpliceInfo::parse(section).is_err() || section.crc_ok());
}
