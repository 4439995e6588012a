//! Where the stream is cut into datagrams.

use crate::wire::ts::PACKET_LEN;

/// Cuts in front of one packet, and of every so many before and after it.
pub(super) struct Cutter {
    /// Packets in a datagram.
    size: u64,
    /// A cut is in front of each packet whose number leaves this when divided by `size`.
    phase: u64,
}

impl Cutter {
    pub(super) const fn new(packets_per_datagram: usize) -> Self {
        Self { size: packets_per_datagram as u64, phase: 0 }
    }

    /// Moves the cuts so that one is in front of packet number `packet`.
    pub(super) const fn cut_before(&mut self, packet: u64) {
        self.phase = packet % self.size;
    }

    /// Length in bytes of the datagram that begins with packet number `first` and has `present_len` bytes already: it is shorter
    /// than others if the cuts were moved, never longer.
    pub(super) const fn datagram_len(&self, first: u64, present_len: usize) -> usize {
        let to_cut = (self.size - (first + self.size - self.phase) % self.size) as usize * PACKET_LEN;
        if to_cut > present_len { to_cut } else { self.size as usize * PACKET_LEN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn wherever_the_cuts_move_two_datagrams_later_they_are_there(
            size in 1_usize..20, first in 0_u64..1_000, present in 0_usize..20, wanted in 0_u64..2_000,
        ) {
            let mut cutter = Cutter::new(size);
            cutter.cut_before(first);
            let present = present % size;
            cutter.cut_before(wanted);
            let (mut at, mut present) = (first, present);
            for index in 0..4 {
                let packets = cutter.datagram_len(at, present * PACKET_LEN) / PACKET_LEN;
                prop_assert!(packets > present && packets <= size);
                prop_assert!(index < 2 || packets == size);
                (at, present) = (at + packets as u64, 0);
            }
            prop_assert_eq!(at % size as u64, wanted % size as u64);
        }
    }
}
