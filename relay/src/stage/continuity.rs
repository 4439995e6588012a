//! Continuity counters, PID by PID (ISO/IEC 13818-1, 2.4.3.3; TR 101 290, 1.4).

use crate::wire::ts::{NULL_PID, PID_COUNT, Packet};

const SEEN: u8 = 0x80;
const REPEATED: u8 = 0x40;
const COUNTER: u8 = 0x0F;

/// The last counter of a PID.
#[derive(Clone, Copy, Debug, Default)]
pub struct LastCounter(u8);

/// What a packet's counter is after the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// As it should be.
    Right,
    /// The same packet a second time, which is allowed (if it is the same).
    Repeat,
    /// Not as it would be, which the discontinuity indicator allows.
    Excused,
    /// Packets before it are lost or out of order, or it comes a third time.
    Wrong {
        /// The counter that would have been right.
        expected: u8,
    },
}

impl LastCounter {
    /// Whether `packet`, which carries payload, is simply the next one; if not, nothing changes and [`Self::step`] says
    /// what it is.
    #[inline]
    pub fn advance(&mut self, packet: Packet) -> bool {
        let next = SEEN | (self.0 + 1) & COUNTER;
        let is_next = self.0 & SEEN != 0 && SEEN | packet.continuity() == next;
        if is_next {
            self.0 = next;
        }
        is_next
    }

    /// Takes any packet of the PID. A packet may be sent twice; without payload the counter stays; null packets do not
    /// count; the discontinuity indicator excuses any counter.
    pub fn step(&mut self, packet: Packet) -> Step {
        if packet.pid() == NULL_PID || packet.has_payload() && self.advance(packet) {
            return Step::Right;
        }
        let before = *self;
        self.resume(packet);
        let same = self.0 == before.0 & !REPEATED;
        if before.0 & SEEN == 0 || same && !packet.has_payload() {
            self.0 |= before.0 & REPEATED;
            return Step::Right;
        }
        if same {
            self.0 |= REPEATED;
        }
        if same && before.0 & REPEATED == 0 {
            return Step::Repeat;
        }
        if packet.adaptation().is_some_and(|field| field.discontinuity()) {
            return Step::Excused;
        }
        Step::Wrong { expected: before.0.wrapping_add(u8::from(packet.has_payload())) & COUNTER }
    }

    /// Goes on from this packet's counter.
    pub fn resume(&mut self, packet: Packet) {
        self.0 = SEEN | packet.continuity();
    }

    /// Takes the next counter as it comes.
    pub fn forget(&mut self) {
        self.0 = 0;
    }
}

/// The last counter of each PID.
pub struct Continuity {
    last: Box<[LastCounter; PID_COUNT]>,
}

impl Default for Continuity {
    fn default() -> Self {
        Self { last: Box::new([LastCounter::default(); PID_COUNT]) }
    }
}

impl Continuity {
    /// Takes the next packet; `false` if its counter is an error ([`LastCounter::step`]).
    #[inline]
    pub fn check(&mut self, packet: Packet) -> bool {
        let last = &mut self.last[usize::from(packet.pid())];
        packet.has_payload() && last.advance(packet) || !matches!(last.step(packet), Step::Wrong { .. })
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
