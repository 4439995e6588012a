//! Saves what was received: transport packets as they are, or datagrams as pcapng.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};

use etherparse::{PacketBuilder, PacketBuilderStep, UdpHeader};

use super::pcapng::{BYTE_ORDER, ENHANCED_PACKET, INTERFACE, OPTION_RESOLUTION, SECTION};
use crate::time::Utc;
use crate::wire::ts::{PACKET_LEN, SYNC_BYTE};

const LINK_ETHERNET: u16 = 1;
/// A locally administered address, for a station whose own is not known.
const STATION: [u8; 6] = [0x02, 0, 0, 0, 0, 1];
const HOP_LIMIT: u8 = 64;
/// The longest UDP payload that an IPv4 packet can hold.
const PAYLOAD_LEN_MAX: usize = 65_507;

/// Writes a transport stream.
#[derive(Debug)]
pub struct TsWriter<W> {
    sink: W,
    written: u64,
}

impl<W: Write> TsWriter<W> {
    /// Writes to `sink`, in pieces as small as they come.
    pub const fn new(sink: W) -> Self {
        Self { sink, written: 0 }
    }

    /// Writes whole transport packets, one after the other.
    ///
    /// # Errors
    /// `InvalidInput` when `packets` are not whole transport packets, or when the sink fails.
    pub fn packets(&mut self, packets: &[u8]) -> io::Result<()> {
        let whole = packets.len().is_multiple_of(PACKET_LEN);
        if !whole || packets.chunks(PACKET_LEN).any(|packet| packet[0] != SYNC_BYTE) {
            return Err(invalid(format!("{} bytes that are not whole transport packets", packets.len())));
        }
        self.sink.write_all(packets)?;
        self.written += packets.len() as u64;
        Ok(())
    }

    /// Bytes written so far.
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Ends the stream, and gives the sink back when it has taken all.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.sink.flush()?;
        Ok(self.sink)
    }
}

/// Writes UDP datagrams as pcapng, with stamps in nanoseconds. What was below UDP is made up: Ethernet between two
/// stations, IPv4 or IPv6 as the addresses are, with right checksums.
#[derive(Debug)]
pub struct PcapngWriter<W> {
    sink: W,
    written: u64,
    block: Vec<u8>,
}

impl<W: Write> PcapngWriter<W> {
    /// Begins a capture in `sink`, which gets one write a datagram.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn new(sink: W) -> io::Result<Self> {
        let mut writer = Self { sink, written: 0, block: Vec::new() };
        writer.write_block(SECTION, |body| {
            const LEN_UNKNOWN: u64 = u64::MAX;
            body.extend(BYTE_ORDER.to_le_bytes());
            body.extend([1_u16, 0].map(u16::to_le_bytes).concat());
            body.extend(LEN_UNKNOWN.to_le_bytes());
            Ok(())
        })?;
        writer.write_block(INTERFACE, |body| {
            const NANOSECONDS: u16 = 9;
            const NO_LIMIT: u32 = 0;
            body.extend([LINK_ETHERNET, 0].map(u16::to_le_bytes).concat());
            body.extend(NO_LIMIT.to_le_bytes());
            body.extend([OPTION_RESOLUTION, 1, NANOSECONDS, 0].map(u16::to_le_bytes).concat());
            body.extend([0; 4]);
            Ok(())
        })?;
        Ok(writer)
    }

    /// Writes a datagram that came at `at`.
    ///
    /// # Errors
    /// `InvalidInput` when one address is IPv4 and the other IPv6, or the payload is longer than a datagram can be; or
    /// when the sink fails.
    pub fn datagram(&mut self, at: Utc, source: SocketAddr, destination: SocketAddr, payload: &[u8]) -> io::Result<()> {
        let headers = headers(source, destination, payload)?;
        self.write_block(ENHANCED_PACKET, |body| {
            let len = headers.size(payload.len());
            let fields = [0, (at.0 >> 32) as u32, at.0 as u32, len as u32, len as u32];
            fields.iter().for_each(|field| body.extend(field.to_le_bytes()));
            let start = body.len();
            body.resize(start + len, 0);
            headers.write_to_slice(&mut body[start..], payload).map(drop).map_err(|error| invalid(error.to_string()))
        })
    }

    /// Bytes written so far.
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Ends the capture, and gives the sink back when it has taken all.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn write_block(&mut self, kind: u32, fill: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
        const HEAD_LEN: usize = 8;
        let block = &mut self.block;
        block.clear();
        block.resize(HEAD_LEN, 0);
        fill(block)?;
        block.resize(block.len().next_multiple_of(4), 0);
        let len = (block.len() + 4) as u32;
        block[..4].copy_from_slice(&kind.to_le_bytes());
        block[4..HEAD_LEN].copy_from_slice(&len.to_le_bytes());
        block.extend(len.to_le_bytes());
        self.sink.write_all(block)?;
        self.written += u64::from(len);
        Ok(())
    }
}

fn headers(source: SocketAddr, destination: SocketAddr, payload: &[u8]) -> io::Result<PacketBuilderStep<UdpHeader>> {
    if payload.len() > PAYLOAD_LEN_MAX {
        return Err(invalid(format!("a payload of {} bytes, should be {PAYLOAD_LEN_MAX} at most", payload.len())));
    }
    let ethernet = PacketBuilder::ethernet2(STATION, station(destination.ip()));
    let ip = match (source.ip(), destination.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => ethernet.ipv4(from.octets(), to.octets(), HOP_LIMIT),
        (IpAddr::V6(from), IpAddr::V6(to)) => ethernet.ipv6(from.octets(), to.octets(), HOP_LIMIT),
        (from, to) => return Err(invalid(format!("from {from} to {to}: should both be IPv4 or both IPv6"))),
    };
    Ok(ip.udp(source.port(), destination.port()))
}

/// The Ethernet address of a group (RFC 1112, 6.4; RFC 2464, 7), or of some station.
fn station(destination: IpAddr) -> [u8; 6] {
    match destination {
        IpAddr::V4(group) if group.is_multicast() => {
            let [_, b, c, d] = group.octets();
            [0x01, 0x00, 0x5E, b & 0x7F, c, d]
        }
        IpAddr::V6(group) if group.is_multicast() => {
            let [.., a, b, c, d] = group.octets();
            [0x33, 0x33, a, b, c, d]
        }
        _ => [0x02, 0, 0, 0, 0, 2],
    }
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
