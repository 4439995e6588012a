//! Frames of captured network traffic, whichever format they were saved in.

use super::error::Defect;
use super::pcap::Pcap;
use super::pcapng::Pcapng;
use crate::time::Utc;

/// A longer frame is taken for a lie: tcpdump captures 256 KiB of a frame at most.
pub(super) const FRAME_LEN_MAX: u32 = 1 << 20;

/// A captured frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// When it was captured, if the capture says so.
    pub(super) stamp: Option<Utc>,
    /// What its bytes start with, by the registry of link types.
    pub(super) link: u16,
    pub(super) bytes: &'a [u8],
}

/// What the next bytes of a capture are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record<'a> {
    /// A frame, and how many bytes it takes up with its header.
    Frame(Frame<'a>, usize),
    /// So many bytes that are no frame.
    Other(usize),
    /// More bytes are needed to tell.
    More,
}

/// The format, and what is known so far of the capture.
#[derive(Clone, Debug)]
pub(super) enum Framing {
    Pcap(Option<Pcap>),
    Pcapng(Pcapng),
}

impl Framing {
    /// Reads what `bytes` start with.
    ///
    /// # Errors
    /// When that cannot be true.
    pub(super) fn next<'a>(&mut self, bytes: &'a [u8]) -> Result<Record<'a>, Defect> {
        match self {
            Self::Pcap(Some(pcap)) => pcap.next(bytes),
            Self::Pcap(header) => {
                *header = Pcap::from_header(bytes);
                Ok(if header.is_some() { Record::Other(Pcap::HEADER_LEN) } else { Record::More })
            }
            Self::Pcapng(pcapng) => pcapng.next(bytes),
        }
    }
}

/// Order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endian {
    Big,
    Little,
}

impl Endian {
    /// The 16 bits at `offset`, if `bytes` reach that far.
    pub(super) fn u16(self, bytes: &[u8], offset: usize) -> Option<u16> {
        let field = *bytes.get(offset..)?.first_chunk()?;
        Some(if self == Self::Big { u16::from_be_bytes(field) } else { u16::from_le_bytes(field) })
    }

    /// The 32 bits at `offset`, if `bytes` reach that far.
    pub(super) fn u32(self, bytes: &[u8], offset: usize) -> Option<u32> {
        let field = *bytes.get(offset..)?.first_chunk()?;
        Some(if self == Self::Big { u32::from_be_bytes(field) } else { u32::from_le_bytes(field) })
    }

    /// The 64 bits at `offset`, if `bytes` reach that far.
    pub(super) fn i64(self, bytes: &[u8], offset: usize) -> Option<i64> {
        let field = *bytes.get(offset..)?.first_chunk()?;
        Some(if self == Self::Big { i64::from_be_bytes(field) } else { i64::from_le_bytes(field) })
    }
}
