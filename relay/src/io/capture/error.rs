//! Why a capture cannot be read.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;

/// Why a capture cannot be read, or not any further.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The file cannot be opened or read.
    #[error("cannot read {name}: {reason}")]
    Read {
        /// The capture.
        name: String,
        /// The kernel's reason.
        reason: io::Error,
    },
    /// Nothing says what it is.
    #[error(
        "{name} is no capture that can be read: it is neither pcap nor pcapng, and there are no {wanted} sync bytes (0x47) \
         188, 192 or 204 bytes apart in its first {searched} bytes"
    )]
    UnknownKind {
        /// The capture.
        name: String,
        /// Sync bytes in a row that would have been enough.
        wanted: usize,
        /// Bytes looked at.
        searched: usize,
    },
    /// A capture of network traffic contradicts itself.
    #[error("{name} is damaged at byte {offset}: {defect}")]
    Damaged {
        /// The capture.
        name: String,
        /// Where, in bytes from its start.
        offset: u64,
        /// What is wrong there.
        defect: Defect,
    },
    /// Network traffic without transport streams.
    #[error("{name} has no UDP datagrams that carry MPEG-TS among its first {frames} frames{}", about_link(*.unknown_link))]
    NoFlow {
        /// The capture.
        name: String,
        /// Frames looked at.
        frames: u64,
        /// A link type that occurs there and cannot be read.
        unknown_link: Option<u16>,
    },
    /// The flow that was asked for is not in the capture.
    #[error("{name} has no datagrams to {wanted}; it has {}", list(.seen))]
    NoSuchFlow {
        /// The capture.
        name: String,
        /// The destination asked for.
        wanted: SocketAddr,
        /// Destinations of transport streams near its start.
        seen: Vec<SocketAddr>,
    },
}

/// What is wrong with a capture of network traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Defect {
    /// A frame's length cannot be true.
    #[error("a frame of {len} bytes, where {limit} is the most there can be")]
    FrameLen {
        /// The length.
        len: u32,
        /// The most that it could be.
        limit: u32,
    },
    /// A block's length cannot be true.
    #[error("a block of {len} bytes, should be 12 to {limit}")]
    BlockLen {
        /// The length.
        len: u32,
        /// The most that it could be.
        limit: u32,
    },
    /// A block ends before its fields do.
    #[error("a block of type {kind} that ends before its fields do")]
    BlockCutShort {
        /// Its type.
        kind: u32,
    },
    /// Blocks before the first section header.
    #[error("a block before the first section header")]
    NoSection,
    /// A section whose byte order is neither.
    #[error("a section with the byte order {magic:#010x}, should be 0x1a2b3c4d or its reverse")]
    ByteOrder {
        /// The magic number, read as big-endian.
        magic: u32,
    },
    /// A frame of an interface that was not described.
    #[error("a frame of interface {number}, of which the capture says nothing; it has {known}")]
    Interface {
        /// The interface.
        number: u32,
        /// Interfaces described.
        known: usize,
    },
    /// Stamps finer than can be counted.
    #[error("stamps with the resolution {resolution:#04x}, finer than 64 bits can count")]
    Resolution {
        /// The option's value.
        resolution: u8,
    },
}

fn about_link(unknown_link: Option<u16>) -> String {
    unknown_link.map_or_else(String::new, |link| format!("; those of link type {link} cannot be read"))
}

fn list(seen: &[SocketAddr]) -> String {
    if seen.is_empty() {
        return "no transport streams".into();
    }
    seen.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
