//! How full a queue is found, without asking too often.

use std::time::Duration;

use crate::time::Time;

/// Shortest time between two looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// How long a finding counts, at least; at most twice as long.
const MEMORY: Duration = Duration::from_secs(1);

/// Keeps the fullest that a queue was found.
#[derive(Debug, Default)]
pub(super) struct QueueWatch {
    next_look: Time,
    /// When the present finding becomes the one before.
    turn: Time,
    worst: u64,
    worst_before: u64,
}

impl QueueWatch {
    /// Looks if it is time to: `look` gives what waits. Returns the fullest found lately.
    #[inline]
    pub(super) fn observe(&mut self, now: Time, look: impl FnOnce() -> Option<u64>) -> u64 {
        if now >= self.next_look {
            self.next_look = now + LOOK_INTERVAL;
            self.take(now, look().unwrap_or_default());
        }
        self.worst.max(self.worst_before)
    }

    fn take(&mut self, now: Time, bytes: u64) {
        if now >= self.turn {
            self.turn = now + MEMORY;
            (self.worst_before, self.worst) = (self.worst, 0);
        }
        self.worst = self.worst.max(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time(millis * 1_000_000)
    }

    #[test]
    fn the_fullest_is_told_for_a_second_and_then_forgotten() {
        let mut watch = QueueWatch::default();
        assert_eq!(watch.observe(at(5_000), || Some(7)), 7);
        assert_eq!(watch.observe(at(5_500), || Some(3)), 7);
        assert_eq!(watch.observe(at(6_000), || Some(2)), 7);
        assert_eq!(watch.observe(at(7_000), || Some(1)), 2);
        assert_eq!(watch.observe(at(8_000), || None), 1);
    }

    #[test]
    fn it_is_not_looked_at_with_each_datagram() {
        let mut watch = QueueWatch::default();
        let mut looks = 0;
        for micros in 0..100_000 {
            watch.observe(Time(micros * 1_000), || {
                looks += 1;
                Some(1)
            });
        }
        assert_eq!(looks, 2);
    }
}
