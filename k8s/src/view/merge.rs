//! Puts the lines of several logs in the order of their times.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use super::log_line::LogLine;

/// Lines that wait for others which may have been written before them.
#[derive(Debug, Default)]
pub struct Merge {
    waiting: BinaryHeap<Reverse<Waiting>>,
    came: u64,
}

#[derive(Debug)]
struct Waiting {
    line: LogLine,
    /// Lines of the same time stay in the order in which they came.
    number: u64,
    since: Instant,
}

impl Merge {
    /// Takes a line that came at `now`.
    pub fn push(&mut self, line: LogLine, now: Instant) {
        self.came += 1;
        self.waiting.push(Reverse(Waiting { line, number: self.came, since: now }));
    }

    /// The next line, if it has waited for `patience`; zero when no others can come.
    pub fn pop(&mut self, now: Instant, patience: Duration) -> Option<LogLine> {
        let is_due = |waiting: &Waiting| now.saturating_duration_since(waiting.since) >= patience;
        let Reverse(first) = self.waiting.peek()?;
        if !is_due(first) {
            return None;
        }
        self.waiting.pop().map(|Reverse(waiting)| waiting.line)
    }
}

impl Waiting {
    fn key(&self) -> (k8s_openapi::jiff::Timestamp, u64) {
        (self.line.time, self.number)
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::super::log_line::read;
    use super::*;
    use proptest::prelude::*;

    fn line(second: u32, text: &str) -> LogLine {
        read("k1", &format!("2026-11-21T03:04:{second:02}Z {text}")).unwrap()
    }

    #[test]
    fn a_line_waits_for_those_that_were_written_before_it() {
        let (mut merge, start, patience) = (Merge::default(), Instant::now(), Duration::from_millis(500));
        let later = |millis| start + Duration::from_millis(millis);
        merge.push(line(2, "second"), start);
        assert_eq!(merge.pop(later(400), patience), None);
        merge.push(line(1, "first"), later(400));
        assert_eq!(merge.pop(later(500), patience), None);
        assert_eq!(merge.pop(later(900), patience).unwrap().line, "first");
        assert_eq!(merge.pop(later(900), patience).unwrap().line, "second");
        assert_eq!(merge.pop(later(900), patience), None);
    }

    proptest! {
        #[test]
        fn lines_leave_in_the_order_of_their_times(seconds in prop::collection::vec(0u32..60, 0..40)) {
            let (mut merge, now) = (Merge::default(), Instant::now());
            seconds.iter().for_each(|second| merge.push(line(*second, "x"), now));
            let left: Vec<_> = std::iter::from_fn(|| merge.pop(now, Duration::ZERO)).map(|line| line.time).collect();
            prop_assert_eq!(left.len(), seconds.len());
            prop_assert!(left.is_sorted());
        }
    }
}
