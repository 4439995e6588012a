//! Captures of network traffic, byte by byte.

use std::net::SocketAddr;

use etherparse::PacketBuilder;

/// How a capture is saved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    pub(super) big_endian: bool,
    pub(super) nanoseconds: bool,
    pub(super) link: u32,
}

pub(super) const ETHERNET: Format = Format { big_endian: false, nanoseconds: true, link: 1 };

impl Format {
    fn u16(self, value: u16) -> [u8; 2] {
        if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn words(self, values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| self.u32(*value)).collect()
    }

    /// A pcap of frames, each behind its stamp in nanoseconds.
    pub(super) fn pcap(self, frames: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let (magic, tick) = if self.nanoseconds { (0xA1B2_3C4D, 1) } else { (0xA1B2_C3D4, 1_000) };
        let mut file = self.u32(magic).to_vec();
        file.extend([2, 4].map(|value| self.u16(value)).concat());
        file.extend(self.words(&[0, 0, 262_144, self.link]));
        for (stamp, frame) in frames {
            let (seconds, rest) = (stamp / 1_000_000_000, stamp % 1_000_000_000 / tick);
            let len = frame.len() as u32;
            file.extend(self.words(&[seconds as u32, rest as u32, len, len]));
            file.extend(frame);
        }
        file
    }

    /// A pcapng of the same.
    pub(super) fn pcapng(self, frames: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let mut file = self.section();
        file.extend(self.interface(if self.nanoseconds { &[9] } else { &[] }));
        for (stamp, frame) in frames {
            file.extend(self.enhanced(0, stamp / if self.nanoseconds { 1 } else { 1_000 }, frame));
        }
        file
    }

    pub(super) fn block(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let padding = body.len().next_multiple_of(4) - body.len();
        let len = 12 + (body.len() + padding) as u32;
        [&self.words(&[kind, len])[..], body, &[0; 3][..padding], &self.u32(len)].concat()
    }

    pub(super) fn section(self) -> Vec<u8> {
        let version = [1, 0].map(|value| self.u16(value)).concat();
        self.block(0x0A0D_0D0A, &[&self.u32(0x1A2B_3C4D)[..], &version, &[0xFF; 8]].concat())
    }

    /// An interface; `resolution` is empty or the option's value.
    pub(super) fn interface(self, resolution: &[u8]) -> Vec<u8> {
        let mut body = [self.u16(self.link as u16), self.u16(0)].concat();
        body.extend(self.u32(0));
        if let [value] = resolution {
            body.extend([self.u16(9), self.u16(1)].concat());
            body.extend([*value, 0, 0, 0]);
        }
        self.block(1, &body)
    }

    pub(super) fn enhanced(self, interface: u32, ticks: u64, frame: &[u8]) -> Vec<u8> {
        let len = frame.len() as u32;
        let fields = self.words(&[interface, (ticks >> 32) as u32, ticks as u32, len, len]);
        self.block(6, &[&fields, frame].concat())
    }
}

/// An IP packet with a UDP datagram in it.
pub(super) fn ip(source: &str, destination: &str, payload: &[u8]) -> Vec<u8> {
    let (source, destination): (SocketAddr, SocketAddr) = (source.parse().unwrap(), destination.parse().unwrap());
    let builder = match (source, destination) {
        (SocketAddr::V4(from), SocketAddr::V4(to)) => PacketBuilder::ipv4(from.ip().octets(), to.ip().octets(), 4),
        (SocketAddr::V6(from), SocketAddr::V6(to)) => PacketBuilder::ipv6(from.ip().octets(), to.ip().octets(), 4),
        _ => panic!("{source} and {destination} are of two families"),
    };
    let builder = builder.udp(source.port(), destination.port());
    let mut packet = vec![0; builder.size(payload.len())];
    builder.write_to_slice(&mut packet, payload).unwrap();
    packet
}

/// The EtherType of an IP packet.
pub(super) fn ether_type(ip: &[u8]) -> [u8; 2] {
    if ip[0] >> 4 == 4 { [0x08, 0x00] } else { [0x86, 0xDD] }
}

/// An Ethernet frame around an IP packet, behind VLAN tags of these EtherTypes.
pub(super) fn ethernet(tags: &[u16], ip: &[u8]) -> Vec<u8> {
    let tags: Vec<u8> = tags.iter().flat_map(|kind| [kind.to_be_bytes(), [0, 7]].concat()).collect();
    [&[0x01, 0, 0x5E, 1, 1, 1, 2, 0, 0, 0, 0, 1][..], &tags, &ether_type(ip), ip].concat()
}

/// Datagram after datagram in Ethernet frames, one a millisecond from one second after 1970.
pub(super) fn frames(destination: &str, payloads: impl IntoIterator<Item = Vec<u8>>) -> Vec<(u64, Vec<u8>)> {
    let source = if destination.starts_with('[') { "[fd00::1]:4000" } else { "10.0.0.1:4000" };
    let frame = |payload: Vec<u8>| ethernet(&[], &ip(source, destination, &payload));
    let stamps = (0..).map(|number: u64| 1_000_000_000 + number * 1_000_000);
    stamps.zip(payloads.into_iter().map(frame)).collect()
}
