//! Any bytes, read as RTP and as transport packets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relay::time::Ticks27;
use relay::wire::rtp::Rtp;
use relay::wire::ts::{PACKET_LEN, PID_COUNT, Packet, read_pcr, write_pcr};

fuzz_target!(|datagram: &[u8]| {
    let payload = match Rtp::parse(datagram) {
        Ok(rtp) => &datagram[rtp.payload_start..rtp.payload_end],
        Err(_) => datagram,
    };
    for packet in payload.chunks(PACKET_LEN).filter_map(Packet::new) {
        view(packet);
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
