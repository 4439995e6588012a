//! How the datagrams of a flow arrive.

use std::time::Duration;

use super::delay_factor::{DelayFactor, INTERVAL, TimeStampedDelayFactor};
use super::report::ArrivalReport;
use crate::time::Time;
use crate::wire::rtp;

/// Upper bounds of the histogram of times between datagrams.
pub const INTERVAL_BOUNDS: [Duration; 12] = [
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(200),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(2),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_secs(1),
];

/// Follows arrivals.
#[derive(Debug, Default)]
pub struct Arrivals {
    last: Option<Time>,
    intervals: [u64; INTERVAL_BOUNDS.len() + 1],
    intervals_sum: Duration,
    delay_factor: DelayFactor,
    time_stamped: TimeStampedDelayFactor,
    jitter: RtpJitter,
    loss: LossRate,
}

impl Arrivals {
    /// Takes a datagram of `len` bytes, at a media rate in bits a second (0 if it is not known).
    #[inline]
    pub fn arrive(&mut self, at: Time, len: usize, bits_a_second: u64) {
        if let Some(last) = self.last {
            let interval = at.since(last);
            self.intervals[INTERVAL_BOUNDS.partition_point(|&bound| bound < interval)] += 1;
            self.intervals_sum += interval;
        }
        self.last = Some(at);
        self.delay_factor.arrive(at, len, bits_a_second);
    }

    /// Takes the timestamp (90 kHz) of an RTP datagram.
    #[inline]
    pub fn stamp(&mut self, at: Time, timestamp: u32) {
        self.time_stamped.arrive(at, timestamp);
        self.jitter.arrive(at, timestamp);
    }

    /// Takes the number of transport packets lost so far; for once in a while.
    pub fn tick(&mut self, now: Time, lost_packets: u64) {
        self.loss.tick(now, lost_packets);
    }

    /// What has been found; `None` before the second datagram.
    pub fn report(&self) -> Option<ArrivalReport> {
        self.last?;
        let seconds = |span: Duration| span.as_secs_f64();
        Some(ArrivalReport {
            delay_factor_seconds: self.delay_factor.last().map(seconds),
            media_loss_rate: self.loss.last,
            time_stamped_delay_factor_seconds: self.time_stamped.last().map(seconds),
            rtp_jitter_seconds: self.jitter.seconds(),
            intervals: self.intervals.to_vec(),
            intervals_sum_seconds: seconds(self.intervals_sum),
        })
    }
}

/// Interarrival jitter (RFC 3550, 6.4.1 and A.8).
#[derive(Debug, Default)]
struct RtpJitter {
    last: Option<(Time, u32)>,
    ticks: f64,
}

impl RtpJitter {
    fn arrive(&mut self, at: Time, timestamp: u32) {
        if let Some((then, before)) = self.last {
            let arrived = at.since(then).as_secs_f64() * rtp::CLOCK_HZ as f64;
            let stamped = f64::from(timestamp.wrapping_sub(before).cast_signed());
            self.ticks += ((arrived - stamped).abs() - self.ticks) / 16.0;
        }
        self.last = Some((at, timestamp));
    }

    fn seconds(&self) -> Option<f64> {
        self.last.map(|_| self.ticks / rtp::CLOCK_HZ as f64)
    }
}

/// Packets lost in the last whole second.
#[derive(Debug, Default)]
struct LossRate {
    start: Option<(Time, u64)>,
    last: Option<f64>,
}

impl LossRate {
    fn tick(&mut self, now: Time, lost: u64) {
        let Some((then, before)) = self.start else {
            self.start = Some((now, lost));
            return;
        };
        let span = now.since(then);
        if span >= INTERVAL {
            self.last = Some((lost - before) as f64 / span.as_secs_f64());
            self.start = Some((now, lost));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_fall_into_their_buckets() {
        let mut arrivals = Arrivals::default();
        for micros in [0, 50, 101, 2_000_101] {
            arrivals.arrive(Time(micros * 1_000), 1_316, 0);
        }
        let report = arrivals.report().unwrap();
        assert_eq!((report.intervals[0], report.intervals[1], report.intervals[12]), (1, 1, 1));
        assert_eq!(report.delay_factor_seconds, None);
    }

    #[test]
    fn an_even_rtp_stream_has_no_jitter_and_an_uneven_one_has() {
        for (late_nanos, least, most) in [(0, 0.0, 0.000_001), (2_000_000, 0.000_3, 0.002_1)] {
            let mut arrivals = Arrivals::default();
            for n in 0..500_u64 {
                let at = Time(n * 10_000_000 + if n % 4 == 0 { late_nanos } else { 0 });
                arrivals.arrive(at, 1_316, 0);
                arrivals.stamp(at, n as u32 * 900);
            }
            let jitter = arrivals.report().unwrap().rtp_jitter_seconds.unwrap();
            assert!((least..most).contains(&jitter), "{jitter}");
        }
    }

    #[test]
    fn the_loss_rate_is_that_of_the_last_second() {
        let mut arrivals = Arrivals::default();
        arrivals.arrive(Time(0), 1, 0);
        for (millis, lost) in [(0, 0), (1_000, 7), (1_500, 7), (2_000, 7)] {
            arrivals.tick(Time(millis * 1_000_000), lost);
        }
        assert_eq!(arrivals.report().unwrap().media_loss_rate, Some(0.0));
    }
}
