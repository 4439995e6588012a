//! Somebody who watches the channel, and counts.

use std::time::Duration;

use crate::time::Time;

/// What arrived where the channel is watched.
#[derive(Debug, Default)]
pub(super) struct Viewer {
    /// By number of the datagram: how often it came.
    copies: Vec<u32>,
    newest: Option<u64>,
    last: Option<Time>,
    /// Datagrams that came after a later one, for the first time.
    pub(super) late: u64,
    /// Longest time without anything.
    pub(super) longest_gap: Duration,
}

impl Viewer {
    pub(super) fn receive(&mut self, at: Time, number: u64) {
        let index = number as usize;
        if self.copies.len() <= index {
            self.copies.resize(index + 1, 0);
        }
        self.copies[index] += 1;
        let is_late = self.newest.is_some_and(|newest| newest > number) && self.copies[index] == 1;
        self.late += u64::from(is_late);
        self.newest = self.newest.max(Some(number));
        if let Some(last) = self.last {
            self.longest_gap = self.longest_gap.max(at.since(last));
        }
        self.last = Some(at);
    }

    /// Numbers from the first that came up to the newest that never came.
    pub(super) fn lost(&self) -> Vec<u64> {
        let first = self.copies.iter().position(|&copies| copies > 0).unwrap_or(0);
        let after_first = self.copies.iter().enumerate().skip(first);
        after_first.filter(|&(_, &copies)| copies == 0).map(|(number, _)| number as u64).collect()
    }

    /// Copies beyond the first of each.
    pub(super) fn duplicates(&self) -> u64 {
        self.copies.iter().map(|&copies| u64::from(copies.saturating_sub(1))).sum()
    }

    pub(super) fn newest(&self) -> Option<u64> {
        self.newest
    }
}
