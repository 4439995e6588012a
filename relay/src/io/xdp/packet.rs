//! A received frame: Ethernet, IPv4, UDP.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::Range;

use super::checksum::{fold, sum};
use super::header::{HEADERS_LEN, IP, IP_LEN, UDP, UDP_LEN};

/// A datagram in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) destination: SocketAddrV4,
    pub(crate) source: Ipv4Addr,
    /// Where in the frame the payload is; `None` when the datagram was damaged on its way.
    pub(crate) payload: Option<Range<usize>>,
}

impl Packet {
    /// Reads a frame that the sorting program has let through: untagged, IPv4 without options, UDP, not a fragment.
    ///
    /// The checksums are looked at, as the kernel would (RFC 1122, 4.1.3.4). One that only covers the pseudo header is that of
    /// a sender on this host, who leaves the rest to a network card that its datagram never met.
    #[inline]
    pub(crate) fn parse(frame: &[u8]) -> Option<Self> {
        let (headers, _) = frame.split_first_chunk::<HEADERS_LEN>()?;
        let address = |at: usize| Ipv4Addr::new(headers[at], headers[at + 1], headers[at + 2], headers[at + 3]);
        let destination = SocketAddrV4::new(address(IP + 16), number(headers, UDP + 2));
        Some(Self { destination, source: address(IP + 12), payload: payload(headers, frame) })
    }
}

#[inline]
fn payload(headers: &[u8; HEADERS_LEN], frame: &[u8]) -> Option<Range<usize>> {
    let ip_len = usize::from(number(headers, IP + 2));
    let udp_len = usize::from(number(headers, UDP + 4));
    let end = UDP + udp_len;
    let fits = udp_len >= UDP_LEN && IP_LEN + udp_len <= ip_len && IP + ip_len <= frame.len();
    let is_whole = fits && fold(sum(&headers[IP..UDP])) == 0xffff && is_intact(headers, &frame[UDP..end]);
    is_whole.then_some(HEADERS_LEN..end)
}

#[inline]
fn number(headers: &[u8; HEADERS_LEN], at: usize) -> u16 {
    u16::from_be_bytes([headers[at], headers[at + 1]])
}

#[inline]
fn is_intact(headers: &[u8; HEADERS_LEN], datagram: &[u8]) -> bool {
    let written = u16::from_be_bytes([datagram[6], datagram[7]]);
    let pseudo = sum(&headers[IP + 12..UDP]) + u64::from(headers[IP + 9]) + datagram.len() as u64;
    written == 0 || written == fold(pseudo) || fold(pseudo + sum(datagram)) == 0xffff
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{EtherType, Ethernet2Header, IpNumber, Ipv4Header, UdpHeader};
    use proptest::prelude::*;

    /// A frame with right checksums, as others write it.
    fn frame(source: [u8; 4], destination: SocketAddrV4, payload: &[u8]) -> Vec<u8> {
        let ip = Ipv4Header::new((8 + payload.len()) as u16, 7, IpNumber::UDP, source, destination.ip().octets());
        let mut ip = ip.unwrap();
        ip.header_checksum = ip.calc_header_checksum();
        let udp = UdpHeader::with_ipv4_checksum(40_000, destination.port(), &ip, payload).unwrap();
        let ethernet = Ethernet2Header { source: [2; 6], destination: [3; 6], ether_type: EtherType::IPV4 };
        [&ethernet.to_bytes(), ip.to_bytes().as_slice(), &udp.to_bytes(), payload].concat()
    }

    const GROUP: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(239, 9, 0, 1), 5_001);

    #[test]
    fn a_datagram_whose_checksum_is_left_to_the_network_card_is_whole() {
        let mut sent = frame([10, 0, 0, 1], GROUP, &[7; 1_316]);
        let udp_len = (sent.len() - UDP) as u64;
        let begun = fold(sum(&sent[IP + 12..UDP]) + 17 + udp_len);
        sent[UDP + 6..UDP + 8].copy_from_slice(&begun.to_be_bytes());
        assert_eq!(Packet::parse(&sent).unwrap().payload, Some(42..42 + 1_316));
    }

    #[test]
    fn a_datagram_without_a_checksum_is_whole() {
        let mut sent = frame([10, 0, 0, 1], GROUP, &[7; 100]);
        sent[UDP + 6..UDP + 8].fill(0);
        assert!(Packet::parse(&sent).unwrap().payload.is_some());
    }

    #[test]
    fn what_a_short_frame_is_filled_up_with_is_no_payload() {
        let mut sent = frame([10, 0, 0, 1], GROUP, b"abc");
        sent.resize(60, 0);
        assert_eq!(Packet::parse(&sent).unwrap().payload, Some(42..45));
    }

    proptest! {
        #[test]
        fn what_others_write_is_read(
            source: [u8; 4],
            group: [u8; 4],
            port: u16,
            payload in prop::collection::vec(any::<u8>(), 0..1_473),
        ) {
            let destination = SocketAddrV4::new(group.into(), port);
            let packet = Packet::parse(&frame(source, destination, &payload)).unwrap();
            prop_assert_eq!((packet.destination, packet.source), (destination, source.into()));
            prop_assert_eq!(packet.payload, Some(42..42 + payload.len()));
        }

        #[test]
        fn a_bit_that_fell_over_is_noticed(payload in prop::collection::vec(any::<u8>(), 1..200), place: usize, bit in 0..8_u32) {
            let mut sent = frame([10, 0, 0, 1], GROUP, &payload);
            // Not in the Ethernet header, nor where a checksum becomes none.
            let place = IP + place % (sent.len() - IP);
            prop_assume!(!(IP..IP + 2).contains(&place) && !(UDP + 6..UDP + 8).contains(&place));
            sent[place] ^= 1_u8 << bit;
            prop_assert_eq!(Packet::parse(&sent).and_then(|packet| packet.payload), None);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(payload) = Packet::parse(&bytes).and_then(|packet| packet.payload) {
                prop_assert!(payload.start <= payload.end && payload.end <= bytes.len());
            }
        }
    }
}
