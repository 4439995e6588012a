//! Continuity counters, PID by PID (ISO/IEC 13818-1, 2.4.3.3; TR 101 290, 1.4).

use crate::wire::ts::{NULL_PID, PID_COUNT, Packet};

const SEEN: u8 = 0x80;
const REPEATED: u8 = 0x40;
const COUNTER: u8 = 0x0F;

/// The last counter of each PID.
pub struct Continuity {
    last: Box<[u8; PID_COUNT]>,
}

impl Default for Continuity {
    fn default() -> Self {
        Self { last: Box::new([0; PID_COUNT]) }
    }
}

impl Continuity {
    /// Takes the next packet; `false` if its counter is an error: packets before it are lost or out of order, or it
    /// comes a third time. A packet may be sent twice; without payload the counter stays; null packets do not count;
    /// the discontinuity indicator excuses any counter.
    #[inline]
    pub fn check(&mut self, packet: Packet) -> bool {
        let pid = packet.pid();
        let (state, counter) = (self.last[usize::from(pid)], packet.continuity());
        let next = (state & COUNTER).wrapping_add(1) & COUNTER;
        if state & SEEN != 0 && packet.has_payload() && counter == next {
            self.last[usize::from(pid)] = SEEN | counter;
            return true;
        }
        pid == NULL_PID || self.check_unusual(packet, state)
    }

    fn check_unusual(&mut self, packet: Packet, state: u8) -> bool {
        let (slot, counter) = (&mut self.last[usize::from(packet.pid())], packet.continuity());
        let excused = packet.adaptation().is_some_and(|field| field.discontinuity());
        let same = counter == state & COUNTER;
        let repeated = same && packet.has_payload();
        let good = state & SEEN == 0 || excused || (same && !(repeated && state & REPEATED != 0));
        let again = repeated && state & SEEN != 0 && !excused;
        *slot = SEEN | counter | if again { REPEATED } else { 0 };
        if !packet.has_payload() && same {
            *slot = state | SEEN;
        }
        good
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ts::NULL_PACKET;

    const PAYLOAD: u8 = 0x10;
    const ADAPTATION: u8 = 0x20;

    fn errors(packets: &[(u16, u8, u8)]) -> usize {
        let mut continuity = Continuity::default();
        packets.iter().filter(|&&(pid, control, counter)| !continuity.check_bytes(pid, control, counter, 0)).count()
    }

    impl Continuity {
        fn check_bytes(&mut self, pid: u16, control: u8, counter: u8, flags: u8) -> bool {
            let mut bytes = NULL_PACKET;
            bytes[1..3].copy_from_slice(&pid.to_be_bytes());
            bytes[3] = control | counter;
            bytes[4..6].copy_from_slice(&[1, flags]);
            self.check(Packet::new(&bytes).unwrap())
        }
    }

    #[test]
    fn counting_up_with_a_wrap_is_good() {
        let packets: Vec<_> = (0..40).map(|n| (100, PAYLOAD, n & 0x0F)).collect();
        assert_eq!(errors(&packets), 0);
    }

    #[test]
    fn a_gap_is_one_error_and_pids_are_apart() {
        assert_eq!(errors(&[(1, PAYLOAD, 0), (2, PAYLOAD, 9), (1, PAYLOAD, 2), (2, PAYLOAD, 10), (1, PAYLOAD, 3)]), 1);
    }

    #[test]
    fn a_packet_may_come_twice_but_not_three_times() {
        assert_eq!(errors(&[(1, PAYLOAD, 4), (1, PAYLOAD, 4), (1, PAYLOAD, 5)]), 0);
        assert_eq!(errors(&[(1, PAYLOAD, 4), (1, PAYLOAD, 4), (1, PAYLOAD, 4)]), 1);
    }

    #[test]
    fn without_payload_the_counter_stays() {
        let packets = [(1, PAYLOAD, 4), (1, ADAPTATION, 4), (1, ADAPTATION, 4), (1, PAYLOAD, 5)];
        assert_eq!(errors(&packets), 0);
        assert_eq!(errors(&[(1, PAYLOAD, 4), (1, ADAPTATION, 5)]), 1);
    }

    #[test]
    fn null_packets_do_not_count() {
        assert_eq!(errors(&[(NULL_PID, PAYLOAD, 0), (NULL_PID, PAYLOAD, 7), (NULL_PID, PAYLOAD, 0)]), 0);
    }

    #[test]
    fn the_discontinuity_indicator_excuses_a_jump() {
        let mut continuity = Continuity::default();
        assert!(continuity.check_bytes(1, PAYLOAD, 0, 0));
        assert!(continuity.check_bytes(1, PAYLOAD | ADAPTATION, 9, 0x80));
        assert!(continuity.check_bytes(1, PAYLOAD, 10, 0));
    }
}
