//! Transport packets and datagrams of every shape, numbered so that a receiver can tell which is which.

use relay::time::Ticks27;
use relay::wire::rtp;
use relay::wire::ts::{PACKET_LEN, SYNC_BYTE, write_pcr};

/// PID of the numbered packets.
pub const PID: u16 = 0x0100;

/// Transport packet `number`: its continuity counter counts, its payload says which it is.
///
/// The rest of the payload never holds a sync byte, so that a packet is found in one way only.
pub fn packet(number: u32) -> [u8; PACKET_LEN] {
    let [pid_high, pid_low] = PID.to_be_bytes();
    let mut packet = [0xA5; PACKET_LEN];
    packet[..4].copy_from_slice(&[SYNC_BYTE, pid_high, pid_low, 0x10 | (number & 0x0F) as u8]);
    for (nibble, byte) in packet[4..12].iter_mut().enumerate() {
        *byte = 0x80 | ((number >> (28 - 4 * nibble)) & 0x0F) as u8;
    }
    packet
}

/// Packets `first..first + count`, one after the other.
pub fn packets(first: u32, count: u32) -> Vec<u8> {
    (first..first + count).flat_map(packet).collect()
}

/// Datagrams `first..first + count` of seven numbered packets each.
pub fn datagrams(first: u32, count: u32) -> impl Iterator<Item = Vec<u8>> + Clone {
    (first..first + count).map(|number| packets(7 * number, 7))
}

/// A packet on [`PID`] that carries `pcr` and no payload; its continuity counter is that of packet `number` before it.
pub fn pcr_packet(number: u32, pcr: Ticks27) -> [u8; PACKET_LEN] {
    let mut packet = packet(number);
    packet[3] = 0x20 | (packet[3] & 0x0F);
    packet[4] = 183;
    packet[5] = 0x10;
    packet[6..12].copy_from_slice(&write_pcr(pcr));
    packet[12..].fill(0xFF);
    packet
}

/// The numbers of all numbered packets in `stream`, in the order they lie.
///
/// # Panics
/// When `stream` is not a whole number of transport packets.
pub fn numbers(stream: &[u8]) -> Vec<u32> {
    assert_eq!(stream.len() % PACKET_LEN, 0, "not a whole number of transport packets");
    stream.chunks(PACKET_LEN).map(number).collect()
}

fn number(packet: &[u8]) -> u32 {
    assert_eq!(packet[0], SYNC_BYTE, "a packet without its sync byte");
    packet[4..12].iter().fold(0, |number, byte| number << 4 | u32::from(byte & 0x0F))
}

/// `payload` behind a plain RTP header.
pub fn rtp(sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = rtp::write_header(sequence, 90 * u32::from(sequence), 0x00C0_FFEE).to_vec();
    datagram.extend_from_slice(payload);
    datagram
}

/// `payload` behind an RTP header with two CSRCs and an extension of one word, before four bytes of padding.
pub fn rtp_with_all_parts(sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = rtp(sequence, &[]);
    datagram[0] |= 0x20 | 0x10 | 2;
    datagram.extend([1, 1, 1, 1, 2, 2, 2, 2]);
    datagram.extend([0xBE, 0xDE, 0, 1, 0x47, 0x47, 0x47, 0x47]);
    datagram.extend_from_slice(payload);
    datagram.extend([0, 0, 0, 4]);
    datagram
}

/// `stream` with 16 bytes of parity after each packet.
pub fn with_parity(stream: &[u8]) -> Vec<u8> {
    stream.chunks(PACKET_LEN).flat_map(|packet| [packet, &[0x99; 16]].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_tell_their_numbers() {
        let stream = packets(4_294_967_290, 5);
        assert_eq!(numbers(&stream), (4_294_967_290..4_294_967_295).collect::<Vec<_>>());
        assert_eq!(stream.iter().filter(|&&byte| byte == SYNC_BYTE).count(), 5);
    }

    #[test]
    fn an_rtp_packet_with_all_parts_reads_back() {
        let datagram = rtp_with_all_parts(9, &packets(0, 7));
        let header = rtp::Rtp::parse(&datagram).unwrap();
        assert_eq!(&datagram[header.payload_start..header.payload_end], packets(0, 7));
    }
}
