//! Whether paced datagrams leave when they should: often enough they must not.

use std::time::Duration;

use crate::time::Time;

/// How far from its time a datagram may leave and count as punctual.
pub const TOLERANCE: Duration = Duration::from_millis(2);
/// Span that is judged at a time.
const WINDOW: Duration = Duration::from_secs(1);
/// One in so many may be unpunctual.
const ONE_IN: u64 = 100;
/// Windows without fault after which all is well again.
const RESTORED_AFTER: u32 = 5;

/// A change for the worse or the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// More than one in a hundred left too far from their time.
    Degraded {
        /// So many did.
        unpunctual: u64,
        /// Of so many.
        of: u64,
    },
    /// They leave at their time again.
    Restored,
}

/// Judges how punctually datagrams leave, a second at a time.
#[derive(Debug, Default)]
pub struct Punctuality {
    window_start: Option<Time>,
    sent: u64,
    unpunctual: u64,
    /// Windows without fault since the last with one; `None` while all is well.
    good_windows: Option<u32>,
}

impl Punctuality {
    /// Takes note of a datagram that left at `now`, so far from its time.
    pub fn observe(&mut self, now: Time, error: Duration) -> Option<Change> {
        let start = *self.window_start.get_or_insert(now);
        let change = if now.since(start) >= WINDOW { self.judge(now) } else { None };
        self.sent += 1;
        self.unpunctual += u64::from(error > TOLERANCE);
        change
    }

    /// Whether they do not.
    pub const fn is_degraded(&self) -> bool {
        self.good_windows.is_some()
    }

    fn judge(&mut self, now: Time) -> Option<Change> {
        let (of, unpunctual) = (self.sent, self.unpunctual);
        let was_good = unpunctual * ONE_IN <= of;
        (self.window_start, self.sent, self.unpunctual) = (Some(now), 0, 0);
        match self.good_windows {
            None if !was_good => {
                self.good_windows = Some(0);
                Some(Change::Degraded { unpunctual, of })
            }
            Some(count) if was_good && count + 1 >= RESTORED_AFTER => {
                self.good_windows = None;
                Some(Change::Restored)
            }
            Some(count) => {
                self.good_windows = Some(if was_good { count + 1 } else { 0 });
                None
            }
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of a thousand datagrams, so many of them late; the change that its end brings.
    fn second(punctuality: &mut Punctuality, number: u64, late: u64) -> Option<Change> {
        let changes = (0..1_000).filter_map(|n| {
            let error = if n < late { TOLERANCE * 2 } else { Duration::ZERO };
            punctuality.observe(Time((number * 1_000 + n) * 1_000_000), error)
        });
        changes.last()
    }

    #[test]
    fn a_late_one_now_and_then_is_no_matter() {
        let mut punctuality = Punctuality::default();
        assert_eq!((0..10).filter_map(|n| second(&mut punctuality, n, 10)).count(), 0);
        assert!(!punctuality.is_degraded());
    }

    #[test]
    fn many_late_ones_are_told_once_and_so_is_their_end() {
        let mut punctuality = Punctuality::default();
        let told: Vec<_> = (0..12).filter_map(|n| second(&mut punctuality, n, if n < 3 { 50 } else { 0 })).collect();
        assert_eq!(told, [Change::Degraded { unpunctual: 50, of: 1_000 }, Change::Restored]);
        assert!(!punctuality.is_degraded());
    }

    #[test]
    fn what_is_restored_must_last() {
        let mut punctuality = Punctuality::default();
        for number in 0..20 {
            second(&mut punctuality, number, if number % 4 == 0 { 500 } else { 0 });
        }
        assert!(punctuality.is_degraded());
    }
}
