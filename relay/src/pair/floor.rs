//! Whether an input has the bitrate that is the least.

use std::time::Duration;

use crate::spec::Bitrate;
use crate::time::Time;

/// The rate is that of so long.
const INTERVAL: Duration = Duration::from_secs(1);

/// Looks at what has come in, interval by interval.
#[derive(Debug)]
pub(crate) struct Floor {
    least: Option<Bitrate>,
    since: Option<Time>,
    bytes: u64,
    is_under: bool,
}

impl Floor {
    pub(crate) const fn new(least: Option<Bitrate>) -> Self {
        Self { least, since: None, bytes: 0, is_under: false }
    }

    /// Whether less than the least has come in, `bytes` being all that ever did; as of the last interval that is over.
    pub(crate) fn is_under(&mut self, now: Time, bytes: u64) -> bool {
        let Some(least) = self.least else { return false };
        let span = now.since(*self.since.get_or_insert(now));
        if span >= INTERVAL {
            let bits_per_second = (bytes - self.bytes) as f64 * 8.0 / span.as_secs_f64();
            self.is_under = bits_per_second < least.bits_per_second() as f64;
            (self.since, self.bytes) = (Some(now), bytes);
        }
        self.is_under
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(number: u64) -> Time {
        Time(number * 1_000_000_000)
    }

    #[test]
    fn an_input_is_under_the_floor_for_as_long_as_too_little_comes() {
        let mut floor = Floor::new(Bitrate::new(8_000));
        let verdicts = [0, 1_000, 1_999, 2_999, 3_999].into_iter().zip(0..);
        let verdicts: Vec<_> = verdicts.map(|(bytes, number)| floor.is_under(second(number), bytes)).collect();
        assert_eq!(verdicts, [false, false, true, false, false]);
        assert!(!floor.is_under(second(4) + INTERVAL / 2, 3_999));
        assert!(floor.is_under(second(5), 3_999));
    }

    #[test]
    fn without_a_floor_nothing_is_under_it() {
        let mut floor = Floor::new(None);
        assert!(!floor.is_under(second(0), 0) && !floor.is_under(second(9), 0));
    }
}
