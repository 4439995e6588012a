//! How much later than ours the same datagram is on air.

use std::time::Duration;

use crate::time::Time;

/// The largest of the last one to two of these spans counts.
const SPAN: Duration = Duration::from_secs(5);

/// The largest skew of late.
#[derive(Debug, Default)]
pub(super) struct Skew {
    since: Time,
    before: Duration,
    current: Duration,
}

impl Skew {
    pub(super) fn observe(&mut self, now: Time, skew: Duration) {
        if now.since(self.since) >= SPAN {
            (self.since, self.before, self.current) = (now, self.current, Duration::ZERO);
        }
        self.current = self.current.max(skew);
    }

    pub(super) fn largest(&self) -> Duration {
        self.before.max(self.current)
    }
}
