//! Moderation, as network cards do it with their interrupts: under a fast stream of single datagrams the thread rests for a
//! moment after each turn, so that the next one has more to take with a call. At low rates nothing waits.

use std::time::Duration;

use crate::time::Time;

/// Buffers filled in a turn from which it counts as busy. Joined datagrams fill one together: they need no moderation.
const BUSY_BUFFERS: usize = 6;
/// A busy turn this soon after another is part of a fast stream, not a burst of a slow one.
const SOON: Duration = Duration::from_micros(300);
/// The rest: at 150,000 datagrams a second 22 of them come in it. It is at most what one of them waits longer.
const REST: Duration = Duration::from_micros(150);

/// Decides after each turn whether the thread rests.
#[derive(Default)]
pub(super) struct Moderation {
    last_busy: Option<Time>,
}

impl Moderation {
    /// How long to rest after a turn, begun at `now`, that filled so many buffers.
    pub(super) fn rest(&mut self, now: Time, buffers: usize) -> Option<Duration> {
        if buffers < BUSY_BUFFERS {
            return None;
        }
        let streams = self.last_busy.is_some_and(|last| now.since(last) < SOON);
        self.last_busy = Some(now);
        streams.then_some(REST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MICRO: u64 = 1_000;

    #[test]
    fn a_fast_stream_makes_the_thread_rest() {
        let mut moderation = Moderation::default();
        assert_eq!(moderation.rest(Time(0), 20), None);
        assert_eq!(moderation.rest(Time(110 * MICRO), 20), Some(REST));
    }

    #[test]
    fn a_slow_stream_and_its_bursts_do_not() {
        let mut moderation = Moderation::default();
        assert_eq!(moderation.rest(Time(0), 2), None);
        assert_eq!(moderation.rest(Time(25 * MICRO), 2), None);
        assert_eq!(moderation.rest(Time(1_000 * MICRO), 30), None);
        assert_eq!(moderation.rest(Time(2_000 * MICRO), 30), None);
    }
}
