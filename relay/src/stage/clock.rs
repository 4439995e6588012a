//! The stream's own clock: media time of each packet, from the PCR (ISO/IEC 13818-1, 2.4.2.2).

use std::time::Duration;

use crate::time::{Ticks27, ticks_to_nanos};
use crate::wire::ts::PACKET_LEN;

/// Steps between two PCRs from nothing up to this are taken as time that passed; any other is a jump, over which media
/// time goes on at the rate before it. (TR 101 290 calls a step over 100 ms an error; streams with longer ones exist.)
const LONGEST_STEP_TICKS: i64 = Ticks27::HZ as i64;
/// PCRs on other PIDs, without one on ours, after which the next PID is ours.
const PATIENCE: u32 = 50;

/// What a PCR was to the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// The clock's first, or of a PID that it does not follow.
    Passed,
    /// The next one, in step.
    Steady,
    /// A jump.
    Jump,
}

/// Maps packet numbers to media time through the PCRs of one PID, the first that has any.
#[derive(Default)]
pub struct PcrClock {
    pid: Option<u16>,
    strangers: u32,
    last: Option<Point>,
    rate: Option<Rate>,
}

#[derive(Clone, Copy)]
struct Point {
    packet: u64,
    pcr: Ticks27,
    /// Ticks since the first PCR, jumps left out.
    media: u64,
}

/// So many ticks for so many packets.
#[derive(Clone, Copy)]
struct Rate {
    ticks: u64,
    packets: u64,
}

impl PcrClock {
    /// Takes the PCR of packet number `packet` of the flow.
    pub fn observe(&mut self, pid: u16, packet: u64, pcr: Ticks27, discontinuity: bool) -> Observed {
        if !self.follows(pid) {
            return Observed::Passed;
        }
        let Some(last) = self.last else {
            self.last = Some(Point { packet, pcr, media: 0 });
            return Observed::Passed;
        };
        let step = pcr.signed_since(last.pcr);
        let steady = !discontinuity && step > 0 && step <= LONGEST_STEP_TICKS && packet > last.packet;
        let media = if steady {
            self.rate = Some(Rate { ticks: step.cast_unsigned(), packets: packet - last.packet });
            last.media + step.cast_unsigned()
        } else {
            self.ticks_at(packet).unwrap_or(last.media)
        };
        self.last = Some(Point { packet, pcr, media });
        if steady { Observed::Steady } else { Observed::Jump }
    }

    /// Media time of a packet, before or after the last PCR, at the rate between the last two. `None` before the second
    /// PCR.
    pub fn media_time(&self, packet: u64) -> Option<Duration> {
        self.ticks_at(packet).map(|ticks| Duration::from_nanos(ticks_to_nanos(ticks)))
    }

    /// Rate of the multiplex in bits a second between the last two PCRs.
    pub fn bitrate(&self) -> Option<u64> {
        let rate = self.rate?;
        let bits = u128::from(rate.packets) * PACKET_LEN as u128 * 8;
        u64::try_from(bits * u128::from(Ticks27::HZ) / u128::from(rate.ticks)).ok()
    }

    /// Ticks of 27 MHz that so many packets take at the rate between the last two PCRs. `None` before the second PCR.
    pub fn ticks_for(&self, packets: u64) -> Option<u64> {
        let rate = self.rate?;
        Some((u128::from(packets) * u128::from(rate.ticks) / u128::from(rate.packets)) as u64)
    }

    fn ticks_at(&self, packet: u64) -> Option<u64> {
        let last = self.last?;
        Some(match packet.checked_sub(last.packet) {
            Some(after) => last.media + self.ticks_for(after)?,
            None => last.media.saturating_sub(self.ticks_for(last.packet - packet)?),
        })
    }

    fn follows(&mut self, pid: u16) -> bool {
        if self.pid.is_none() || self.strangers >= PATIENCE {
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

    const MS: u64 = Ticks27::HZ / 1_000;

    fn clock(points: &[(u64, u64)]) -> PcrClock {
        let mut clock = PcrClock::default();
        for &(packet, ticks) in points {
            clock.observe(100, packet, Ticks27::wrapping(ticks), false);
        }
        clock
    }

    #[test]
    fn media_time_runs_between_and_beyond_the_pcrs() {
        let clock = clock(&[(0, 5 * MS), (100, 25 * MS)]);
        assert_eq!(clock.media_time(100), Some(Duration::from_millis(20)));
        assert_eq!(clock.media_time(150), Some(Duration::from_millis(30)));
        assert_eq!(clock.media_time(50), Some(Duration::from_millis(10)));
        assert_eq!(clock.bitrate(), Some(100 * 1_504 * 50));
    }

    #[test]
    fn the_wrap_is_no_jump() {
        let start = Ticks27::MODULUS - 10 * MS;
        let clock = clock(&[(0, start), (10, start + 20 * MS)]);
        assert_eq!(clock.media_time(10), Some(Duration::from_millis(20)));
    }

    #[test]
    fn over_a_jump_media_time_goes_on_at_the_rate_before_it() {
        let mut clock = clock(&[(0, 0), (10, 20 * MS)]);
        assert_eq!(clock.observe(100, 15, Ticks27::wrapping(9_000 * MS), false), Observed::Jump);
        assert_eq!(clock.media_time(15), Some(Duration::from_millis(30)));
        assert_eq!(clock.observe(100, 20, Ticks27::wrapping(9_010 * MS), false), Observed::Steady);
        assert_eq!(clock.media_time(20), Some(Duration::from_millis(40)));
    }

    #[test]
    fn another_pid_is_followed_when_ours_has_gone() {
        let mut clock = clock(&[(0, 0), (10, 20 * MS)]);
        for n in 0..=u64::from(PATIENCE) {
            clock.observe(200, 20 + n, Ticks27::wrapping(n * MS), false);
        }
        clock.observe(200, 100, Ticks27::wrapping(70 * MS), false);
        assert_eq!(clock.pid, Some(200));
    }
}
