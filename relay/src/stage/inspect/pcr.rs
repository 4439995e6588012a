//! What the PCRs of one PID say: whether they step right, how exact they are, and how the source's clock runs against ours.

use std::collections::VecDeque;
use std::time::Duration;

use super::accuracy::{Accuracy, AccuracyWindow};
use super::indicator::limits;
use crate::time::{Ticks27, Time};

/// Time over which the least offset between arrival and PCR is looked for, and the jitter taken.
const JITTER_INTERVAL: Duration = Duration::from_secs(1);
/// Jitter intervals over which the drift is taken.
const DRIFT_INTERVALS: usize = 60;
/// Jitter intervals from which on the drift means something.
const LEAST_DRIFT_INTERVALS: usize = 10;

/// The PCRs of one PID.
#[derive(Debug, Default)]
pub(super) struct PcrWatch {
    last: Option<(Ticks27, Time)>,
    /// Number of the packet that it was in.
    pub(super) last_packet: u64,
    accuracy: AccuracyWindow,
    run: ClockRun,
    /// Largest error in the last window of constant rate, in nanoseconds.
    pub(super) worst_error_nanos: Option<u64>,
    /// Longest time between two PCRs so far.
    pub(super) longest_interval: Duration,
}

/// What one PCR showed.
#[derive(Debug, Default)]
pub(super) struct PcrFindings {
    /// Step from the last PCR in nanoseconds, if it was none that the standard allows.
    pub(super) step_nanos: Option<i64>,
    /// Errors of a window of PCRs that is now full.
    pub(super) accuracy: Option<Accuracy>,
}

impl PcrWatch {
    /// Takes the PCR in packet number `packet` of the stream.
    pub(super) fn observe(&mut self, at: Time, packet: u64, pcr: Ticks27, discontinuity: bool) -> PcrFindings {
        let mut findings = PcrFindings::default();
        if discontinuity {
            self.restart();
        } else if let Some((before, then)) = self.last {
            self.longest_interval = self.longest_interval.max(at.since(then));
            let step = pcr.signed_since(before) * 1_000 / 27;
            if !(0..=limits::PCR_INTERVAL.as_nanos() as i64).contains(&step) {
                findings.step_nanos = Some(step);
                self.restart();
            }
        }
        self.last = Some((pcr, at));
        findings.accuracy = self.accuracy.push(packet, pcr);
        if let Some(accuracy) = &findings.accuracy {
            self.worst_error_nanos = Some(accuracy.worst_nanos());
        }
        self.run.observe(at, pcr);
        findings
    }

    /// Forgets where PCRs were: packets are missing.
    pub(super) fn lose_place(&mut self) {
        self.accuracy.restart();
    }

    /// Spread of arrival against PCR in the last second.
    pub(super) const fn jitter(&self) -> Option<Duration> {
        self.run.jitter
    }

    /// How much faster the source's clock runs than ours, in parts per million; over up to a minute.
    pub(super) fn drift_ppm(&self) -> Option<f64> {
        self.run.drift_ppm()
    }

    fn restart(&mut self) {
        self.accuracy.restart();
        self.run = ClockRun::default();
    }
}

/// Arrival minus PCR, over time.
#[derive(Debug, Default)]
struct ClockRun {
    origin: Option<(Time, Ticks27)>,
    elapsed_ticks: i64,
    last: Ticks27,
    interval: Option<Interval>,
    jitter: Option<Duration>,
    /// Time since the origin and least offset of each interval, in nanoseconds.
    least: VecDeque<(i64, i64)>,
}

#[derive(Debug)]
struct Interval {
    start: Time,
    least: i64,
    most: i64,
}

impl ClockRun {
    fn observe(&mut self, at: Time, pcr: Ticks27) {
        let Some((start, _)) = self.origin else {
            (self.origin, self.last) = (Some((at, pcr)), pcr);
            return;
        };
        self.elapsed_ticks += pcr.signed_since(self.last);
        self.last = pcr;
        let offset = nanos(at.since(start)).saturating_sub(ticks_as_nanos(self.elapsed_ticks));
        let interval = self.interval.get_or_insert(Interval { start: at, least: offset, most: offset });
        (interval.least, interval.most) = (interval.least.min(offset), interval.most.max(offset));
        if at.since(interval.start) >= JITTER_INTERVAL {
            self.jitter = Some(Duration::from_nanos(interval.most.abs_diff(interval.least)));
            if self.least.len() == DRIFT_INTERVALS {
                self.least.pop_front();
            }
            self.least.push_back((nanos(at.since(start)), interval.least));
            self.interval = None;
        }
    }

    fn drift_ppm(&self) -> Option<f64> {
        let (&(start, before), &(end, after)) = self.least.front().zip(self.least.back())?;
        let enough = self.least.len() >= LEAST_DRIFT_INTERVALS && end > start;
        enough.then(|| (before as f64 - after as f64) * 1e6 / (end as f64 - start as f64))
    }
}

fn ticks_as_nanos(ticks: i64) -> i64 {
    let nanos = i128::from(ticks) * 1_000 / 27;
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

fn nanos(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(40);

    fn pcr(nanos: u64) -> Ticks27 {
        Ticks27::wrapping(Ticks27::MODULUS - 27_000_000 + nanos * 27 / 1_000)
    }

    #[test]
    fn pcrs_in_step_across_the_wrap_are_good() {
        let mut watch = PcrWatch::default();
        for n in 0..100_u64 {
            let findings = watch.observe(Time(0) + INTERVAL * n as u32, n * 100, pcr(n * 40_000_000), false);
            assert_eq!(findings.step_nanos, None);
        }
        assert_eq!(watch.worst_error_nanos, Some(0));
        assert_eq!(watch.jitter(), Some(Duration::ZERO));
    }

    #[test]
    fn a_step_beyond_100_ms_or_back_is_found_unless_flagged() {
        for (millis, wrong) in [(99, false), (100, false), (101, true), (-1, true)] {
            for flagged in [false, true] {
                let mut watch = PcrWatch::default();
                watch.observe(Time(0), 0, pcr(1_000_000_000), false);
                let next = 1_000_000_000_i64 + millis * 1_000_000;
                let findings = watch.observe(Time(0) + INTERVAL, 9, pcr(next.cast_unsigned()), flagged);
                assert_eq!(findings.step_nanos.is_some(), wrong && !flagged, "{millis} {flagged}");
            }
        }
    }

    #[test]
    fn a_clock_that_ran_for_ever_is_still_a_number() {
        assert_eq!(ticks_as_nanos(27_000_000), 1_000_000_000);
        assert_eq!(ticks_as_nanos(i64::MAX), i64::MAX);
    }

    #[test]
    fn a_fast_source_shows_as_drift_and_its_jitter_does_not() {
        let mut watch = PcrWatch::default();
        for n in 0..1_000_u64 {
            let jitter = ((n * 2_654_435_761) >> 7) % 2_000_000;
            let at = Time(n * 40_000_000 - n * 1_000 + jitter);
            watch.observe(at, n * 100, pcr(n * 40_000_000), false);
        }
        let drift = watch.drift_ppm().unwrap();
        assert!((drift - 25.0).abs() < 6.0, "{drift}");
        assert!(watch.jitter().unwrap() > Duration::from_millis(1));
    }
}
