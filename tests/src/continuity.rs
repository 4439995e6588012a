//! A check of continuity counters that shares no code with the data path.

use relay::wire::ts::{PACKET_LEN, PID_COUNT};

/// Follows the continuity counters of all PIDs.
#[derive(Clone, Debug)]
pub struct Continuity {
    last: Vec<Option<u8>>,
    gaps: u64,
}

impl Default for Continuity {
    fn default() -> Self {
        Self { last: vec![None; PID_COUNT], gaps: 0 }
    }
}

impl Continuity {
    /// The number of gaps in `stream`.
    pub fn gaps_in(stream: &[u8]) -> u64 {
        let mut continuity = Self::default();
        continuity.check(stream);
        continuity.gaps()
    }

    /// Goes through a whole number of packets.
    pub fn check(&mut self, packets: &[u8]) {
        packets.chunks_exact(PACKET_LEN).for_each(|packet| self.check_packet(packet));
    }

    /// Places so far where a counter did not count on by one.
    pub const fn gaps(&self) -> u64 {
        self.gaps
    }

    fn check_packet(&mut self, packet: &[u8]) {
        let pid = usize::from(u16::from_be_bytes([packet[1] & 0x1F, packet[2]]));
        let (has_payload, counter) = (packet[3] & 0x10 != 0, packet[3] & 0x0F);
        let is_null = pid == PID_COUNT - 1;
        if !has_payload || is_null {
            return;
        }
        if self.last[pid].replace(counter).is_some_and(|last| (last + 1) & 0x0F != counter) {
            self.gaps += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::packets;

    #[test]
    fn a_missing_packet_is_one_gap() {
        let stream = packets(0, 40);
        assert_eq!(Continuity::gaps_in(&stream), 0);
        let with_a_gap = [&stream[..20 * PACKET_LEN], &stream[21 * PACKET_LEN..]].concat();
        assert_eq!(Continuity::gaps_in(&with_a_gap), 1);
    }
}
