//! RTP timestamps from the stream's own clock (RFC 2250, 2): each instance gives the same datagram the same one, wherever
//! in the stream it began.

use crate::time::Ticks27;
use crate::wire::rtp;

/// Steps between two PCRs from nothing up to this are taken as time that passed. So long after the last PCR a packet can
/// still be timed.
const LONGEST_STEP_TICKS: u64 = Ticks27::HZ;
/// PCRs on other PIDs, without one on ours, after which the next PID is ours.
const PATIENCE: u32 = 50;
/// Ticks of 27 MHz in one of an RTP timestamp.
const STAMP_TICKS: u64 = Ticks27::HZ / rtp::CLOCK_HZ;

/// Times packets by the last PCR before them, and the rate between that and the one before.
///
/// It knows nothing older than that, so two that hear the same packets agree from the second PCR on that both heard in
/// step. Of several PIDs with PCR it follows the lowest: which came first depends on where one began. Over a jump of the PCR
/// the rate stays what it was.
///
/// Where packets do not come at a constant rate a timestamp may lie before that of the datagram in front of it, by as much as
/// the rate was wrong for until the next PCR.
#[derive(Debug, Default)]
pub struct RtpClock {
    pid: Option<u16>,
    strangers: u32,
    last: Option<Point>,
    rate: Option<Rate>,
}

#[derive(Clone, Copy, Debug)]
struct Point {
    packet: u64,
    pcr: Ticks27,
}

/// So many ticks for so many packets.
#[derive(Clone, Copy, Debug)]
struct Rate {
    ticks: u64,
    packets: u64,
}

impl RtpClock {
    /// Takes the PCR of packet number `packet`; numbers ascend. Says whether the rate is known from now on, and was not before:
    /// then [`Self::timestamp_before`] times what has come so far.
    pub fn observe(&mut self, pid: u16, packet: u64, pcr: Ticks27, discontinuity: bool) -> bool {
        if !self.follows(pid) {
            return false;
        }
        let was_known = self.rate.is_some();
        if let Some(last) = self.last.replace(Point { packet, pcr })
            && let Ok(ticks @ 1..=LONGEST_STEP_TICKS) = u64::try_from(pcr.signed_since(last.pcr))
            && packet > last.packet
            && !discontinuity
        {
            self.rate = Some(Rate { ticks, packets: packet - last.packet });
        }
        !was_known && self.rate.is_some()
    }

    /// Timestamp of packet number `packet`, the last that was observed or one after it, in ticks of 90 kHz.
    /// `None` while that is not known: before the second PCR, and when none came for a second.
    #[inline]
    pub fn timestamp(&self, packet: u64) -> Option<u32> {
        let (last, rate) = (self.last?, self.rate?);
        let ticks = packet.checked_sub(last.packet)?.saturating_mul(rate.ticks) / rate.packets;
        // Its 33 bits, cut to 32, wrap where the PCR does.
        (ticks <= LONGEST_STEP_TICKS).then(|| (last.pcr.plus(ticks).get() / STAMP_TICKS) as u32)
    }

    /// Timestamp of packet number `packet`, the last PCR's or one before it, in ticks of 90 kHz. `None` while that is not known,
    /// and more than a second before that PCR.
    pub fn timestamp_before(&self, packet: u64) -> Option<u32> {
        let (last, rate) = (self.last?, self.rate?);
        let ticks = last.packet.checked_sub(packet)?.saturating_mul(rate.ticks) / rate.packets;
        (ticks <= LONGEST_STEP_TICKS).then(|| (last.pcr.plus(Ticks27::MODULUS - ticks).get() / STAMP_TICKS) as u32)
    }

    fn follows(&mut self, pid: u16) -> bool {
        if self.pid.is_none_or(|ours| pid < ours) || self.strangers >= PATIENCE {
            *self = Self { pid: Some(pid), ..Self::default() };
        }
        let ours = self.pid == Some(pid);
        self.strangers = if ours { 0 } else { self.strangers + 1 };
        ours
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: u64 = Ticks27::HZ / 1_000;

    /// A PCR of a stream.
    #[derive(Clone, Copy, Debug)]
    struct Step {
        pid: u16,
        packets: u64,
        ticks: i64,
        flagged: bool,
    }

    impl Step {
        fn is_steady(&self) -> bool {
            !self.flagged && (1..=LONGEST_STEP_TICKS.cast_signed()).contains(&self.ticks)
        }
    }

    fn steps(
        pids: std::ops::Range<u16>,
        ticks: impl Strategy<Value = i64>,
        flags: f64,
    ) -> impl Strategy<Value = Vec<Step>> {
        let step = (pids, 1_u64..60, ticks, proptest::bool::weighted(flags));
        let step = step.prop_map(|(pid, packets, ticks, flagged)| Step { pid, packets, ticks, flagged });
        proptest::collection::vec(step, 4..200)
    }

    fn some_jump() -> impl Strategy<Value = i64> {
        let (most, far) = (40 * MS.cast_signed(), 90_000 * MS.cast_signed());
        prop_oneof![9 => 1..most, 1 => -far..far]
    }

    /// Gives two clocks the stream, the second from step `joins` on. Each calls the first packet that it sees its number 0.
    /// From step `agree` on both are to give each packet the same timestamp.
    fn assert_agreement(steps: &[Step], joins: usize, agree: usize) -> Result<(), TestCaseError> {
        let (mut first, mut second) = (RtpClock::default(), RtpClock::default());
        let (mut packet, mut pcr, mut joined_at) = (0, Ticks27::default(), 0);
        for (index, step) in steps.iter().enumerate() {
            if index == joins {
                joined_at = packet;
            }
            for number in packet..packet + step.packets {
                if index > agree {
                    prop_assert_eq!(first.timestamp(number), second.timestamp(number - joined_at));
                }
            }
            packet += step.packets;
            pcr = pcr.plus(step.ticks.rem_euclid(Ticks27::MODULUS.cast_signed()).cast_unsigned());
            first.observe(step.pid, packet, pcr, step.flagged);
            if index >= joins {
                second.observe(step.pid, packet - joined_at, pcr, step.flagged);
            }
        }
        Ok(())
    }

    #[test]
    fn the_stamp_is_the_pcr_and_what_the_packets_since_take() {
        let mut clock = RtpClock::default();
        clock.observe(100, 10, Ticks27::wrapping(300 * 1_000), false);
        assert_eq!(clock.timestamp(10), None);
        clock.observe(100, 20, Ticks27::wrapping(300 * 1_900), false);
        assert_eq!([20, 21, 30].map(|packet| clock.timestamp(packet)), [Some(1_900), Some(1_990), Some(2_800)]);
        assert_eq!([20, 19, 0].map(|packet| clock.timestamp_before(packet)), [Some(1_900), Some(1_810), Some(100)]);
    }

    #[test]
    fn the_stamp_wraps_where_the_pcr_wraps() {
        let mut clock = RtpClock::default();
        clock.observe(100, 0, Ticks27::wrapping(Ticks27::MODULUS - 300 * 900), false);
        clock.observe(100, 9, Ticks27::wrapping(Ticks27::MODULUS - 300 * 450), false);
        let stamps = [9, 17, 18, 19].map(|packet| clock.timestamp(packet));
        assert_eq!(stamps, [Some(450_u32.wrapping_neg()), Some(50_u32.wrapping_neg()), Some(0), Some(50)]);
    }

    #[test]
    fn after_a_jump_the_new_pcr_counts_at_the_rate_before_it() {
        let mut clock = RtpClock::default();
        clock.observe(100, 0, Ticks27::wrapping(0), false);
        clock.observe(100, 10, Ticks27::wrapping(300 * 900), false);
        clock.observe(100, 15, Ticks27::wrapping(300 * 5_000_000), true);
        assert_eq!([15, 25].map(|packet| clock.timestamp(packet)), [Some(5_000_000), Some(5_000_900)]);
    }

    #[test]
    fn without_a_pcr_for_a_second_there_is_no_stamp() {
        let mut clock = RtpClock::default();
        clock.observe(100, 0, Ticks27::wrapping(0), false);
        clock.observe(100, 10, Ticks27::wrapping(10 * MS), false);
        assert!(clock.timestamp(1_010).is_some());
        assert_eq!((clock.timestamp(1_011), clock.timestamp(u64::MAX)), (None, None));
    }

    #[test]
    fn the_next_pid_is_followed_when_ours_has_gone() {
        let mut clock = RtpClock::default();
        clock.observe(100, 0, Ticks27::wrapping(0), false);
        for n in 1..=u64::from(PATIENCE) + 2 {
            clock.observe(200, n, Ticks27::wrapping(n * MS), false);
        }
        assert_eq!(clock.timestamp(52), Some(52 * 90));
    }

    proptest! {
        #[test]
        fn two_that_join_at_different_places_agree_from_the_second_pcr_in_step(
            steps in steps(100..101, some_jump(), 0.05), joins in 0_usize..100,
        ) {
            let joins = joins % steps.len();
            if let Some(after) = steps[joins + 1..].iter().position(Step::is_steady) {
                assert_agreement(&steps, joins, joins + 1 + after)?;
            }
        }

        #[test]
        fn of_several_clocks_both_follow_the_same(
            steps in steps(100..103, 1..10 * MS.cast_signed(), 0.0), joins in 0_usize..100,
        ) {
            let joins = joins % steps.len();
            let mut lowest = (joins..steps.len()).filter(|&index| steps[index].pid == 100);
            if let Some(second) = lowest.nth(1) {
                assert_agreement(&steps, joins, second)?;
            }
        }

        #[test]
        fn at_a_constant_rate_the_stamps_are_those_of_the_whole_line(
            packets in 1_u64..200, ticks in 1..40 * MS, start in 0..Ticks27::MODULUS, count in 2_u64..20,
        ) {
            let mut clock = RtpClock::default();
            for n in 0..count {
                clock.observe(256, n * packets, Ticks27::wrapping(start).plus(n * ticks), false);
            }
            let last = (count - 1) * packets;
            for packet in last..last + packets {
                let line = Ticks27::wrapping(start).plus(packet * ticks / packets).get() / STAMP_TICKS;
                prop_assert_eq!(clock.timestamp(packet), Some(line as u32));
            }
        }
    }
}
