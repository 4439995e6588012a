//! A received frame: Ethernet, IPv4, UDP.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::Range;

use super::checksum::{fold, sum};
use super::header::{HEADERS_LEN, IP, UDP};

/// Bytes of a UDP header.
const UDP_LEN: usize = 8;
/// Bytes of an IPv4 header without options.
const IP_LEN: usize = 20;

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
