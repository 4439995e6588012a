//! When to look at which flow again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Time;

/// Deadlines of flows, one that counts a flow; an earlier one replaces it, a later one is found when it is looked at.
#[derive(Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Time, u64)>>,
}

impl Timers {
    /// Makes sure that `key` is looked at by `deadline`; `scheduled` remembers the earliest one set.
    pub(super) fn set(&mut self, key: u64, deadline: Time, scheduled: &mut Option<Time>) {
        if scheduled.is_none_or(|earlier| deadline < earlier) {
            *scheduled = Some(deadline);
            self.heap.push(Reverse((deadline, key)));
        }
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse((deadline, _))| *deadline)
    }

    /// Takes the next one that is over at `now`.
    pub(super) fn pop(&mut self, now: Time) -> Option<(Time, u64)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_in_order_and_an_earlier_one_is_added() {
        let (mut timers, mut first, mut second) = (Timers::default(), None, None);
        timers.set(1, Time(50), &mut first);
        timers.set(1, Time(70), &mut first);
        timers.set(2, Time(20), &mut second);
        timers.set(1, Time(10), &mut first);
        assert_eq!(timers.next(), Some(Time(10)));
        let popped: Vec<_> = std::iter::from_fn(|| timers.pop(Time(30))).collect();
        assert_eq!(popped, [(Time(10), 1), (Time(20), 2)]);
        assert_eq!(first, Some(Time(10)));
    }
}
