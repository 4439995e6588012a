//! Ethernet, IPv4 and UDP headers of datagrams sent, written in front of the payload where it lies.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::checksum::{fold, sum};

/// Bytes of the three headers.
pub(crate) const HEADERS_LEN: usize = UDP + UDP_LEN;

/// Where the IPv4 header is in a frame.
pub(super) const IP: usize = 14;
/// Where the UDP header is in a frame.
pub(super) const UDP: usize = IP + IP_LEN;
/// Bytes of an IPv4 header without options.
pub(super) const IP_LEN: usize = 20;
/// Bytes of a UDP header.
pub(super) const UDP_LEN: usize = 8;
/// Do not fragment, and with it an identification of 0 (RFC 6864, 4.1).
const DONT_FRAGMENT: u16 = 0x4000;
/// IPv4 (IEEE 802, EtherType), and the protocol of UDP in it.
pub(super) const ETHER_TYPE_IPV4: u16 = 0x0800;
pub(super) const PROTOCOL_UDP: u8 = 17;
/// IPv4 with a header of five words: without options.
pub(super) const PLAIN_IPV4: u8 = 0x45;

/// How the UDP checksum comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checksum {
    /// Here, over all bytes.
    Full,
    /// Begun here, over the pseudo header only; whoever sends it goes on.
    Begun,
}

/// All that the datagrams of one output have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Headers {
    bytes: [u8; HEADERS_LEN],
    /// Sum of the IP header, its length left out.
    ip_sum: u64,
    /// Sum of the pseudo header (RFC 768), its length left out.
    pseudo_sum: u64,
}

/// Where datagrams come from, where they go, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) source_mac: [u8; 6],
    pub(crate) destination_mac: [u8; 6],
    pub(crate) source: SocketAddrV4,
    pub(crate) destination: SocketAddrV4,
    pub(crate) ttl: u8,
    pub(crate) dscp: u8,
}

/// Hardware address of a group (RFC 1112, 6.4).
pub(crate) fn group_mac(group: Ipv4Addr) -> [u8; 6] {
    let [_, b, c, d] = group.octets();
    [0x01, 0x00, 0x5e, b & 0x7f, c, d]
}

impl Headers {
    pub(crate) fn new(address: &Address) -> Self {
        let mut bytes = [0; HEADERS_LEN];
        bytes[0..6].copy_from_slice(&address.destination_mac);
        bytes[6..12].copy_from_slice(&address.source_mac);
        bytes[12..14].copy_from_slice(&ETHER_TYPE_IPV4.to_be_bytes());
        bytes[IP] = PLAIN_IPV4;
        bytes[IP + 1] = address.dscp << 2;
        bytes[IP + 6..IP + 8].copy_from_slice(&DONT_FRAGMENT.to_be_bytes());
        bytes[IP + 8] = address.ttl;
        bytes[IP + 9] = PROTOCOL_UDP;
        bytes[IP + 12..IP + 16].copy_from_slice(&address.source.ip().octets());
        bytes[IP + 16..IP + 20].copy_from_slice(&address.destination.ip().octets());
        bytes[UDP..UDP + 2].copy_from_slice(&address.source.port().to_be_bytes());
        bytes[UDP + 2..UDP + 4].copy_from_slice(&address.destination.port().to_be_bytes());
        let ip_sum = sum(&bytes[IP..UDP]);
        let pseudo_sum = sum(&bytes[IP + 12..UDP]) + u64::from(PROTOCOL_UDP);
        Self { bytes, ip_sum, pseudo_sum }
    }

    /// Writes the headers of a datagram into the first bytes of `frame`, whose payload is in place behind them.
    ///
    /// # Panics
    /// When the frame is shorter than its headers, or longer than 65,549 bytes.
    #[inline]
    pub(crate) fn write(&self, frame: &mut [u8], checksum: Checksum) {
        let udp_len = (frame.len() - UDP) as u16;
        frame[..HEADERS_LEN].copy_from_slice(&self.bytes);
        let ip_len = udp_len + IP_LEN as u16;
        frame[IP + 2..IP + 4].copy_from_slice(&ip_len.to_be_bytes());
        let ip_checksum = !fold(self.ip_sum + u64::from(ip_len));
        frame[IP + 10..IP + 12].copy_from_slice(&ip_checksum.to_be_bytes());
        frame[UDP + 4..UDP + 6].copy_from_slice(&udp_len.to_be_bytes());
        let begun = self.pseudo_sum + u64::from(udp_len);
        let udp_checksum = match checksum {
            Checksum::Begun => fold(begun),
            Checksum::Full => finished(!fold(begun + sum(&frame[UDP..]))),
        };
        frame[UDP + 6..UDP + 8].copy_from_slice(&udp_checksum.to_be_bytes());
    }
}

/// A computed checksum of zero is sent as all ones: zero would mean that there is none (RFC 768).
const fn finished(checksum: u16) -> u16 {
    if checksum == 0 { 0xffff } else { checksum }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{NetHeaders, PacketHeaders, TransportHeader};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn others_read_what_is_written_and_find_its_checksums_right(
            address in any::<([u8; 6], [u8; 6], [u8; 4], u16, [u8; 4], u16, u8)>(),
            dscp in 0..64_u8,
            payload in prop::collection::vec(any::<u8>(), 0..1_473),
        ) {
            let (source_mac, destination_mac, from, from_port, to, to_port, ttl) = address;
            let source = SocketAddrV4::new(from.into(), from_port);
            let destination = SocketAddrV4::new(to.into(), to_port);
            let headers = Headers::new(&Address { source_mac, destination_mac, source, destination, ttl, dscp });
            let mut frame = vec![0xee; HEADERS_LEN];
            frame.extend_from_slice(&payload);
            headers.write(&mut frame, Checksum::Full);

            let read = PacketHeaders::from_ethernet_slice(&frame).unwrap();
            let Some(NetHeaders::Ipv4(ip, _)) = read.net else { panic!("no IPv4") };
            let Some(TransportHeader::Udp(udp)) = read.transport else { panic!("no UDP") };
            prop_assert_eq!(ip.header_checksum, ip.calc_header_checksum());
            prop_assert_eq!(udp.checksum, udp.calc_checksum_ipv4(&ip, &payload).unwrap());
            prop_assert_eq!((ip.source, ip.destination, ip.time_to_live), (from, to, ttl));
            prop_assert_eq!((ip.dscp.value(), ip.dont_fragment), (dscp, true));
            prop_assert_eq!((udp.source_port, udp.destination_port), (from_port, to_port));
            prop_assert_eq!(usize::from(udp.length), UDP_LEN + payload.len());
        }

        #[test]
        fn a_checksum_that_was_begun_is_finished_by_whoever_sums_up_the_datagram(
            payload in prop::collection::vec(any::<u8>(), 0..1_473),
        ) {
            let (source, destination) = ("10.0.0.1:5".parse().unwrap(), "239.1.1.1:7".parse().unwrap());
            let headers = Headers::new(&Address {
                source_mac: [2; 6],
                destination_mac: group_mac(Ipv4Addr::new(239, 1, 1, 1)),
                source,
                destination,
                ttl: 16,
                dscp: 0,
            });
            let mut full = vec![0; HEADERS_LEN];
            full.extend_from_slice(&payload);
            let mut begun = full.clone();
            headers.write(&mut full, Checksum::Full);
            headers.write(&mut begun, Checksum::Begun);
            let checksum = finished(!fold(sum(&begun[UDP..])));
            prop_assert_eq!(checksum.to_be_bytes(), [full[UDP + 6], full[UDP + 7]]);
        }
    }

    #[test]
    fn a_groups_hardware_address_has_its_lower_23_bits() {
        assert_eq!(group_mac(Ipv4Addr::new(239, 129, 2, 3)), [0x01, 0x00, 0x5e, 0x01, 0x02, 0x03]);
    }
}
