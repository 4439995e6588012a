//! What the benches work on: datagrams of a clean stream.

use relay::time::Ticks27;
use relay::wire::rtp;
use relay::wire::ts::{PACKET_LEN, PACKETS_PER_DATAGRAM, SYNC_BYTE, write_pcr};

const VIDEO_PID: u16 = 0x100;
/// Datagrams after which the continuity counter is where it was: sent round and round, they are one clean stream.
pub const CYCLE: usize = 16;

/// A cycle of datagrams of seven video packets; the first carries a PCR, which is more often than in most streams.
pub fn cycle() -> Vec<Vec<u8>> {
    let packets: Vec<_> = (0..CYCLE * PACKETS_PER_DATAGRAM).map(packet).collect();
    packets.chunks(PACKETS_PER_DATAGRAM).map(<[_]>::concat).collect()
}

/// The payload behind an RTP header.
pub fn with_rtp_header(sequence: u16, payload: &[u8]) -> Vec<u8> {
    [&rtp::write_header(sequence, 90_000, 0xCAFE), payload].concat()
}

fn packet(number: usize) -> [u8; PACKET_LEN] {
    let [pid_high, pid_low] = VIDEO_PID.to_be_bytes();
    let mut packet = [0xA5; PACKET_LEN];
    packet[..4].copy_from_slice(&[SYNC_BYTE, pid_high, pid_low, 0x10 | (number % 16) as u8]);
    if number == 0 {
        packet[3] |= 0x20;
        packet[4..6].copy_from_slice(&[7, 0x10]);
        packet[6..12].copy_from_slice(&write_pcr(Ticks27::wrapping(0)));
    }
    packet
}
