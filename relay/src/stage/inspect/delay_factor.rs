//! How evenly the stream arrives: the Media Delivery Index (RFC 4445) and the time-stamped delay factor (EBU Tech 3337).

use std::time::Duration;

use crate::time::Time;

/// Time over which both are taken (RFC 4445, 3.1: typically one second).
pub const INTERVAL: Duration = Duration::from_secs(1);

/// The delay factor of RFC 4445: a virtual buffer is filled by arrivals and drained at the media rate; the factor is the
/// spread of its fill in an interval, as time at that rate.
#[derive(Debug, Default)]
pub struct DelayFactor {
    start: Option<Time>,
    received_bits: f64,
    lowest: f64,
    highest: f64,
    last: Option<Duration>,
}

impl DelayFactor {
    /// Takes a datagram of `len` bytes of media, at a media rate in bits a second.
    #[inline]
    pub fn arrive(&mut self, at: Time, len: usize, bits_a_second: u64) {
        let Some(start) = self.start.filter(|_| bits_a_second > 0) else { return self.begin(at) };
        let elapsed = at.since(start);
        let drained = elapsed.as_nanos() as f64 * 1e-9 * bits_a_second as f64;
        let before = self.received_bits - drained;
        self.received_bits += len as f64 * 8.0;
        self.lowest = self.lowest.min(before);
        self.highest = self.highest.max(self.received_bits - drained);
        if elapsed >= INTERVAL {
            self.last = Some(Duration::from_secs_f64((self.highest - self.lowest) / bits_a_second as f64));
            self.begin(at);
        }
    }

    /// The factor of the last whole interval.
    pub const fn last(&self) -> Option<Duration> {
        self.last
    }

    fn begin(&mut self, at: Time) {
        (self.start, self.received_bits, self.lowest, self.highest) = (Some(at), 0.0, 0.0, 0.0);
    }
}

/// The time-stamped delay factor of EBU Tech 3337: the spread, in an interval, of the transit times that follow from the
/// timestamps of RTP.
#[derive(Debug, Default)]
pub struct TimeStampedDelayFactor {
    reference: Option<(Time, u32)>,
    lowest: i64,
    highest: i64,
    last: Option<Duration>,
}

impl TimeStampedDelayFactor {
    /// Takes a datagram with its RTP timestamp (90 kHz).
    #[inline]
    pub fn arrive(&mut self, at: Time, timestamp: u32) {
        let Some((start, first)) = self.reference else { return self.begin(at, timestamp) };
        let elapsed = at.since(start);
        let stamped = i64::from(timestamp.wrapping_sub(first).cast_signed()) * 100_000 / 9;
        let transit = i64::try_from(elapsed.as_nanos()).unwrap_or(i64::MAX).saturating_sub(stamped);
        self.lowest = self.lowest.min(transit);
        self.highest = self.highest.max(transit);
        if elapsed >= INTERVAL {
            self.last = Some(Duration::from_nanos((self.highest - self.lowest).cast_unsigned()));
            self.begin(at, timestamp);
        }
    }

    /// The factor of the last whole interval.
    pub const fn last(&self) -> Option<Duration> {
        self.last
    }

    fn begin(&mut self, at: Time, timestamp: u32) {
        (self.reference, self.lowest, self.highest) = (Some((at, timestamp)), 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u64 = 8_000_000;
    const LEN: usize = 1_316;
    const EVEN: Duration = Duration::from_nanos(1_316_000);

    fn delay_factor(arrivals: impl Iterator<Item = Time>) -> Duration {
        let mut factor = DelayFactor::default();
        arrivals.for_each(|at| factor.arrive(at, LEN, RATE));
        factor.last().unwrap()
    }

    #[test]
    fn an_even_stream_has_the_factor_of_one_datagram() {
        let factor = delay_factor((0..2_000).map(|n| Time(0) + EVEN * n));
        assert!(factor.abs_diff(EVEN) < Duration::from_micros(1), "{factor:?}");
    }

    #[test]
    fn a_burst_after_a_hole_is_its_length() {
        let hole = Duration::from_millis(50);
        let late = |n: u32| if (300..338).contains(&n) { Time(0) + EVEN * 300 + hole } else { Time(0) + EVEN * n };
        let factor = delay_factor((0..900).map(late));
        assert!(factor.abs_diff(hole) < Duration::from_millis(3), "{factor:?}");
    }

    #[test]
    fn the_time_stamped_factor_is_the_spread_of_transit_times() {
        let mut factor = TimeStampedDelayFactor::default();
        for n in 0..400_u64 {
            let jitter = if n % 7 == 3 { 4_000_000 } else { 0 };
            let start = u32::MAX - 9_000;
            factor.arrive(Time(n * 10_000_000 + jitter), start.wrapping_add(n as u32 * 900));
        }
        assert_eq!(factor.last(), Some(Duration::from_millis(4)));
    }
}
