//! Packet synchronisation with the hysteresis of TR 101 290, 5.2.1, 1.1: lost after two wrong sync bytes in a row,
//! found again after five right ones.

use super::layout::{Layout, SYNCS_IN_A_ROW};
use crate::wire::ts::SYNC_BYTE;

/// Bytes looked at in one step at most, so that they are still in the cache for the next who looks at them.
const STEP_LEN: usize = 128 << 10;

/// What the next bytes are. They are taken before the next step, unless the step says that it takes none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many bytes of packets in step, the last one perhaps without what follows it in the layout.
    Run(usize),
    /// A packet with a wrong sync byte between others in step.
    Bad(usize),
    /// Two wrong sync bytes in a row; takes none.
    Lost,
    /// So many bytes of no use.
    Skip(usize),
    /// Packets start here; takes none.
    Found,
    /// More bytes are needed to tell; takes none.
    More,
}

impl Step {
    /// Bytes that it takes.
    pub(super) const fn len(self) -> usize {
        match self {
            Self::Run(len) | Self::Bad(len) | Self::Skip(len) => len,
            Self::Lost | Self::Found | Self::More => 0,
        }
    }
}

/// Where in a series of bytes the packets are.
pub(super) struct Sync {
    layout: Layout,
    lost: bool,
}

impl Sync {
    /// Packets start at the first byte.
    pub(super) const fn locked(layout: Layout) -> Self {
        Self { layout, lost: false }
    }

    /// Packets start somewhere.
    pub(super) const fn lost(layout: Layout) -> Self {
        Self { layout, lost: true }
    }

    pub(super) const fn is_lost(&self) -> bool {
        self.lost
    }

    /// What `bytes` start with. `ended` says that none will follow them.
    pub(super) fn step(&mut self, bytes: &[u8], ended: bool) -> Step {
        if bytes.is_empty() {
            Step::More
        } else if self.lost {
            self.search(bytes, ended)
        } else {
            self.advance(bytes, ended)
        }
    }

    fn advance(&mut self, bytes: &[u8], ended: bool) -> Step {
        let Layout { stride, .. } = self.layout;
        let good = self.good(bytes, ended);
        if good > 0 {
            return Step::Run((good * stride).min(bytes.len()));
        }
        match (self.is_packet(bytes, ended), bytes.get(stride + self.layout.prefix)) {
            (true, Some(&SYNC_BYTE)) => Step::Bad(stride),
            (true, None) if ended => Step::Bad(stride.min(bytes.len())),
            (true, Some(_)) => {
                self.lost = true;
                Step::Lost
            }
            _ if ended => Step::Skip(bytes.len()),
            _ => Step::More,
        }
    }

    /// Number of whole packets that start with the sync byte.
    fn good(&self, bytes: &[u8], ended: bool) -> usize {
        let packets = bytes[..bytes.len().min(STEP_LEN)].chunks(self.layout.stride);
        packets.take_while(|packet| self.is_packet(packet, ended) && self.is_in_step(packet)).count()
    }

    fn is_packet(&self, bytes: &[u8], ended: bool) -> bool {
        bytes.len() >= if ended { self.layout.packet_end() } else { self.layout.stride }
    }

    fn is_in_step(&self, packet: &[u8]) -> bool {
        packet.get(self.layout.prefix) == Some(&SYNC_BYTE)
    }

    fn search(&mut self, bytes: &[u8], ended: bool) -> Step {
        let places = bytes.len().saturating_sub(self.layout.prefix + (SYNCS_IN_A_ROW - 1) * self.layout.stride);
        match (0..places).find(|&place| self.layout.starts_at(&bytes[place..])) {
            Some(0) => {
                self.lost = false;
                Step::Found
            }
            Some(place) => Step::Skip(place),
            None if ended => Step::Skip(bytes.len()),
            None if places > 0 => Step::Skip(places),
            None => Step::More,
        }
    }
}
