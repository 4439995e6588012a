//! From a captured frame to the UDP datagram in it.

use std::net::{IpAddr, SocketAddr};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice, ip_number};

use super::frame::Frame;

/// A UDP datagram in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Udp<'a> {
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    pub(super) payload: &'a [u8],
    /// The capture has its beginning only.
    pub(super) cut: bool,
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content<'a> {
    Udp(Udp<'a>),
    /// A part of a datagram.
    Fragment,
    Other,
    /// The link type is not known here.
    UnknownLink,
}

impl<'a> Content<'a> {
    /// Reads `frame`, whose link type is one of the registry's (draft-ietf-opsawg-pcaplinktype).
    pub(super) fn of(frame: Frame<'a>) -> Self {
        let bytes = frame.bytes;
        let packet = match frame.link {
            1 => LaxSlicedPacket::from_ethernet(bytes).ok(),
            // BSD loopback: an address family in some byte order, then IP.
            0 | 108 => bytes.get(4..).and_then(from_ip),
            12 | 14 | 101 | 228 | 229 => from_ip(bytes),
            // Linux cooked capture, versions 1 and 2.
            113 => from_ether_type(bytes, 14, 16),
            276 => from_ether_type(bytes, 0, 20),
            _ => return Self::UnknownLink,
        };
        packet.map_or(Self::Other, |packet| Self::of_packet(&packet))
    }

    fn of_packet(packet: &LaxSlicedPacket<'a>) -> Self {
        let Some((source, destination)) = packet.net.as_ref().and_then(addresses) else { return Self::Other };
        let Some(ip) = packet.net.as_ref().and_then(LaxNetSlice::ip_payload_ref) else { return Self::Other };
        if ip.fragmented && ip.ip_number == ip_number::UDP {
            return Self::Fragment;
        }
        let Some(TransportSlice::Udp(udp)) = &packet.transport else { return Self::Other };
        Self::Udp(Udp {
            source: SocketAddr::new(source, udp.source_port()),
            destination: SocketAddr::new(destination, udp.destination_port()),
            payload: udp.payload(),
            cut: ip.incomplete || usize::from(udp.length()) > udp.slice().len(),
        })
    }
}

fn from_ip(bytes: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    LaxSlicedPacket::from_ip(bytes).ok()
}

/// What lies behind a header of `header_len` bytes with the EtherType at `offset`.
fn from_ether_type(bytes: &[u8], offset: usize, header_len: usize) -> Option<LaxSlicedPacket<'_>> {
    let ether_type = u16::from_be_bytes(*bytes.get(offset..)?.first_chunk()?);
    Some(LaxSlicedPacket::from_ether_type(EtherType(ether_type), bytes.get(header_len..)?))
}

fn addresses(net: &LaxNetSlice<'_>) -> Option<(IpAddr, IpAddr)> {
    match net {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            Some((header.source_addr().into(), header.destination_addr().into()))
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            Some((header.source_addr().into(), header.destination_addr().into()))
        }
        LaxNetSlice::Arp(_) => None,
    }
}
