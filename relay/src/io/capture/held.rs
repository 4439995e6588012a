//! Bytes of a capture that are held in memory, by their offsets in it.

use crate::wire::ts::PACKET_LEN;

/// Bytes from `offset` on, counted from the start of the capture.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) offset: u64,
}

impl<'a> Held<'a> {
    /// The bytes from one offset to another; both are held.
    pub(super) fn slice(self, from: u64, to: u64) -> &'a [u8] {
        &self.bytes[self.place(from)..self.place(to)]
    }

    /// The packet that starts at `offset`, if it is held to its end.
    pub(super) fn packet(self, offset: u64) -> Option<&'a [u8; PACKET_LEN]> {
        self.bytes.get(self.place(offset)..)?.first_chunk()
    }

    const fn place(self, offset: u64) -> usize {
        (offset - self.offset) as usize
    }
}

/// A part of a stream; offsets are in bytes from the start of the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Packets in step from one offset to another.
    Run { from: u64, to: u64 },
    /// A packet with a wrong sync byte.
    BadSync { at: u64 },
    /// Sync was lost here.
    SyncLost { at: u64 },
    /// Sync was found here, after so many bytes.
    SyncFound { at: u64, skipped: u64 },
}

impl Part {
    /// Where it starts.
    pub(super) const fn start(self) -> u64 {
        match self {
            Self::Run { from, .. } => from,
            Self::BadSync { at } | Self::SyncLost { at } | Self::SyncFound { at, .. } => at,
        }
    }
}
