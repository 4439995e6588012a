//! The pace: when each datagram leaves.

use std::time::Duration;

use crate::spec::Pace;
use crate::time::Time;

/// How far the mapping of media time to ours may be wrong before it is anchored anew instead of steered.
const LARGEST_ERROR: Duration = Duration::from_millis(500);
/// Span over which the earliest arrival is looked for.
const WINDOW: Duration = Duration::from_secs(1);
/// Steering changes the pace by one part in this many: 50 ppm, more than any source's clock is off (30 ppm,
/// ISO/IEC 13818-1, 2.4.2.1) and far less than a receiver minds.
const STEERING: i64 = 20_000;

/// Gives each datagram its release time.
pub struct Pacer {
    pace: Pace,
    delay_nanos: i64,
    anchor: Option<Anchor>,
    last_release: Time,
    /// Times that the pace was anchored anew after the first.
    pub resets: u64,
}

/// Media time plus `offset` is release time, in nanoseconds.
#[derive(Clone, Copy)]
struct Anchor {
    offset: i64,
    steered_at: i64,
    window_start: i64,
    earliest: i64,
    target: i64,
}

impl Pacer {
    /// A pacer; with [`Pace::Pcr`] a datagram leaves `delay` after the earliest one with its media time would arrive.
    pub fn new(pace: Pace, delay: Duration) -> Self {
        let delay_nanos = i64::try_from(delay.as_nanos()).unwrap_or(i64::MAX / 4);
        Self { pace, delay_nanos, anchor: None, last_release: Time::default(), resets: 0 }
    }

    /// When a datagram leaves that arrived at `arrival` and whose first packet has `media` time, if known. Never before
    /// its arrival nor before the datagram in front of it.
    #[inline]
    pub fn release(&mut self, arrival: Time, media: Option<Duration>) -> Time {
        if self.pace == Pace::Arrival {
            return arrival;
        }
        let planned = match media {
            Some(media) => self.on_media_time(arrival.0.cast_signed(), i64::try_from(media.as_nanos()).unwrap_or(0)),
            None => arrival.0.cast_signed() + self.delay_nanos,
        };
        self.last_release = Time(planned.max(0).cast_unsigned()).max(arrival).max(self.last_release);
        self.last_release
    }

    fn on_media_time(&mut self, arrival: i64, media: i64) -> i64 {
        let ideal = arrival + self.delay_nanos - media;
        let limit = LARGEST_ERROR.as_nanos() as i64 + self.delay_nanos;
        let anchor = match &mut self.anchor {
            Some(anchor) if (ideal - anchor.offset).abs() <= limit => anchor,
            stale => {
                self.resets += u64::from(stale.is_some());
                stale.insert(Anchor {
                    offset: ideal,
                    steered_at: media,
                    window_start: media,
                    earliest: ideal,
                    target: ideal,
                })
            }
        };
        anchor.steer(ideal, media);
        media + anchor.offset
    }
}

impl Anchor {
    /// Follows the drift of the source's clock: towards the earliest arrival of the last window, gently.
    fn steer(&mut self, ideal: i64, media: i64) {
        self.earliest = self.earliest.min(ideal);
        if media - self.window_start >= WINDOW.as_nanos() as i64 {
            (self.target, self.earliest, self.window_start) = (self.earliest, ideal, media);
        }
        let most = (media - self.steered_at).max(0) / STEERING;
        if most > 0 {
            self.offset += (self.target - self.offset).clamp(-most, most);
            self.steered_at = media;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_millis(50);

    fn micros(value: u64) -> Duration {
        Duration::from_micros(value)
    }

    #[test]
    fn as_it_arrives_is_at_once() {
        let mut pacer = Pacer::new(Pace::Arrival, DELAY);
        assert_eq!(pacer.release(Time(77), Some(micros(5))), Time(77));
    }

    #[test]
    fn jitter_of_arrival_does_not_reach_the_release() {
        let mut pacer = Pacer::new(Pace::Pcr, DELAY);
        let releases: Vec<_> = (0..1_000_u64)
            .map(|n| {
                pacer.release(Time(1_000_000_000) + micros(n * 1_316 + n * 7_919 % 5_000), Some(micros(n * 1_316)))
            })
            .collect();
        for pair in releases.windows(2) {
            let interval = pair[1].since(pair[0]);
            assert!(interval.abs_diff(micros(1_316)) < micros(1), "{interval:?}");
        }
    }

    #[test]
    fn a_source_that_runs_fast_is_followed_without_a_reset() {
        let mut pacer = Pacer::new(Pace::Pcr, DELAY);
        let mut delay = Duration::ZERO;
        for n in 0..600_000_u64 {
            let arrival = Time(1_000_000_000 + n * 1_000_000 - n * 20);
            delay = pacer.release(arrival, Some(Duration::from_millis(n))).since(arrival);
        }
        assert_eq!(pacer.resets, 0);
        assert!(delay.abs_diff(DELAY) < Duration::from_millis(1), "{delay:?}");
    }

    #[test]
    fn after_a_long_hole_the_pace_starts_anew() {
        let mut pacer = Pacer::new(Pace::Pcr, DELAY);
        pacer.release(Time(0), Some(Duration::ZERO));
        let arrival = Time(10_000_000_000);
        assert_eq!(pacer.release(arrival, Some(micros(1_316))), arrival + DELAY);
        assert_eq!(pacer.resets, 1);
    }

    #[test]
    fn order_is_kept_and_nothing_leaves_before_it_came() {
        let mut pacer = Pacer::new(Pace::Pcr, DELAY);
        let first = pacer.release(Time(1_000_000), None);
        let late = Time(1_000_000) + DELAY * 3;
        assert!(pacer.release(late, Some(Duration::ZERO)) >= late.max(first));
    }
}
