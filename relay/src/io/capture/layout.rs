//! How far apart the packets of a stream are, and what lies between them.

use crate::wire::ts::{PACKET_LEN, PACKET_LEN_WITH_PARITY, SYNC_BYTE};

/// Sync bytes in a row that prove synchronisation (TR 101 290, 5.2.1, 1.1).
pub(super) const SYNCS_IN_A_ROW: usize = 5;
/// Length of a TP_extra_header: 2 bits of copy permission and 30 of arrival time.
pub(super) const ARRIVAL_TIME_LEN: usize = 4;

/// One packet each `stride` bytes, `prefix` bytes behind their start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) stride: usize,
    pub(super) prefix: usize,
}

impl Layout {
    pub(super) const PLAIN: Self = Self { stride: PACKET_LEN, prefix: 0 };
    pub(super) const WITH_ARRIVAL_TIME: Self = Self { stride: ARRIVAL_TIME_LEN + PACKET_LEN, prefix: ARRIVAL_TIME_LEN };
    pub(super) const WITH_PARITY: Self = Self { stride: PACKET_LEN_WITH_PARITY, prefix: 0 };
    pub(super) const ALL: [Self; 3] = [Self::PLAIN, Self::WITH_ARRIVAL_TIME, Self::WITH_PARITY];

    /// Offset one past a packet, of what lies `stride` apart.
    pub(super) const fn packet_end(self) -> usize {
        self.prefix + PACKET_LEN
    }

    /// Whether `bytes` start with enough packets to prove it.
    pub(super) fn starts_at(self, bytes: &[u8]) -> bool {
        (0..SYNCS_IN_A_ROW).all(|number| bytes.get(self.prefix + number * self.stride) == Some(&SYNC_BYTE))
    }

    /// Whether `bytes` are packets from start to end, at least one, fewer than are needed to prove it in a longer stream.
    pub(super) fn fills(self, bytes: &[u8]) -> bool {
        bytes.len() >= self.packet_end()
            && bytes.chunks(self.stride).all(|packet| packet.get(self.prefix) == Some(&SYNC_BYTE))
    }
}
