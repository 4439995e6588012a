//! What was on air, matched with what is made here: which of our datagrams have not been on air yet.

use std::collections::VecDeque;
use std::time::Duration;

use super::fingerprint::{Fingerprint, Position};
use crate::time::Time;

/// Datagrams heard before ours came that are kept at most: half a second at 80 Mb/s.
const MOST_AHEAD: usize = 4_096;
/// Our datagrams remembered after they went.
const MOST_HISTORY: usize = 512;
/// So many that are equal, one after the other, are no chance.
pub(super) const MATCHES_ALIGNED: u32 = 8;

/// A datagram of ours that was not on air yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiting {
    fingerprint: Fingerprint,
    since: Time,
}

/// What a datagram of ours is to the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It has not been there: it waits.
    Waits,
    /// It was there, and so the time is over for those that waited before it: so many.
    Past {
        /// How many waited.
        before: usize,
    },
}

/// What a datagram heard on air is to ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// So many of ours, the oldest, need not wait any more; the last of them had waited since then.
    Settles {
        /// Of those that wait.
        count: usize,
        /// When the last of them began to.
        since: Time,
    },
    /// It was on air before, or left here.
    Again,
    /// It has not been made here yet.
    Ahead,
}

/// The two streams side by side.
#[derive(Debug, Default)]
pub struct Alignment {
    /// Ours, not yet on air, oldest first.
    waiting: VecDeque<Waiting>,
    /// Heard, not yet made here, oldest first.
    ahead: VecDeque<Fingerprint>,
    /// Ours that are settled, oldest first.
    history: VecDeque<Fingerprint>,
    /// Ours up to this place, and with it, were on air.
    skip_to: Option<Position>,
    /// How many were equal since nothing was.
    matches: u32,
}

impl Alignment {
    /// Takes a datagram made here.
    pub fn made(&mut self, now: Time, fingerprint: Fingerprint) -> Made {
        let here = Position { before: self.newest(), last: fingerprint };
        let ends_skip = self.skip_to.take_if(|place| *place == here).is_some();
        let Some(place) = self.ahead.iter().position(|&heard| heard == fingerprint) else {
            if ends_skip {
                return Made::Past { before: self.settle_all_and(fingerprint) };
            }
            // Perhaps the air is past it. To send it once more then is better than never to send it.
            self.waiting.push_back(Waiting { fingerprint, since: now });
            return Made::Waits;
        };
        self.ahead.drain(..=place);
        self.note_match();
        Made::Past { before: self.settle_all_and(fingerprint) }
    }

    /// Settles all that wait and then this one. Returns how many waited.
    fn settle_all_and(&mut self, fingerprint: Fingerprint) -> usize {
        let before = self.waiting.len();
        self.settle_waiting(before);
        self.settle(fingerprint);
        before
    }

    /// Takes a datagram heard on air.
    pub fn heard(&mut self, fingerprint: Fingerprint) -> Heard {
        if let Some(place) = self.waiting.iter().position(|waiting| waiting.fingerprint == fingerprint) {
            let since = self.waiting[place].since;
            self.ahead.clear();
            self.note_match();
            self.settle_waiting(place + 1);
            return Heard::Settles { count: place + 1, since };
        }
        if self.is_known(fingerprint) {
            return Heard::Again;
        }
        push_bounded(&mut self.ahead, fingerprint, MOST_AHEAD);
        Heard::Ahead
    }

    /// Whether it is one of ours that is settled.
    pub fn is_known(&self, fingerprint: Fingerprint) -> bool {
        self.history.contains(&fingerprint)
    }

    /// Ours up to `place`, that included, were on air. Returns how many of those waiting they are; when it has not been made
    /// here yet, it is waited for.
    pub fn skip_to(&mut self, place: Position) -> usize {
        let newest_settled = self.newest_settled();
        let befores = [newest_settled].into_iter().chain(self.waiting.iter().map(|waiting| waiting.fingerprint));
        let found = befores
            .zip(&self.waiting)
            .position(|(before, waiting)| Position { before, last: waiting.fingerprint } == place);
        if let Some(index) = found {
            self.settle_waiting(index + 1);
            return index + 1;
        }
        let pairs = self.history.iter().zip(self.history.iter().skip(1));
        let is_settled = pairs.clone().any(|(&before, &last)| Position { before, last } == place);
        self.skip_to = (!is_settled).then_some(place);
        0
    }

    /// Those that have waited for longer than `limit` are given up: they will not be on air any more. Returns how many.
    pub fn give_up_older_than(&mut self, now: Time, limit: Duration) -> usize {
        let count = self.waiting.iter().take_while(|waiting| now.since(waiting.since) > limit).count();
        if count > 0 {
            self.matches = 0;
        }
        self.settle_waiting(count);
        count
    }

    /// Gives up waiting for the place to skip to.
    pub fn stop_skipping(&mut self) {
        if self.skip_to.take().is_some() {
            self.ahead.clear();
        }
    }

    /// Whether a place is waited for that was not made here yet.
    pub const fn is_skipping(&self) -> bool {
        self.skip_to.is_some()
    }

    /// Whether ours and those on air are the same, by what was heard of late.
    pub const fn is_aligned(&self) -> bool {
        self.matches >= MATCHES_ALIGNED
    }

    /// Since when the oldest of ours waits.
    pub fn oldest(&self) -> Option<Time> {
        self.waiting.front().map(|waiting| waiting.since)
    }

    /// How many of ours wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// All that wait have waited since `now` only: nobody listened meanwhile.
    pub fn wait_anew(&mut self, now: Time) {
        self.waiting.iter_mut().for_each(|waiting| waiting.since = now);
    }

    /// The oldest `count` of ours go on air from here.
    pub fn sent(&mut self, count: usize) {
        self.settle_waiting(count.min(self.waiting.len()));
    }

    /// The last place of ours that was on air.
    pub fn place(&self) -> Position {
        let mut newest = self.history.iter().rev().copied();
        let last = newest.next().unwrap_or_default();
        Position { before: newest.next().unwrap_or_default(), last }
    }

    /// Forgets what was heard, unless we are to follow it up to some place: we are on air now, nobody is ahead.
    pub fn take_lead(&mut self) {
        if self.skip_to.is_none() {
            self.ahead.clear();
        }
    }

    const fn note_match(&mut self) {
        self.matches = self.matches.saturating_add(1);
    }

    fn newest(&self) -> Fingerprint {
        self.waiting.back().map_or_else(|| self.newest_settled(), |waiting| waiting.fingerprint)
    }

    fn newest_settled(&self) -> Fingerprint {
        self.history.back().copied().unwrap_or_default()
    }

    fn settle_waiting(&mut self, count: usize) {
        for _ in 0..count {
            if let Some(waiting) = self.waiting.pop_front() {
                self.settle(waiting.fingerprint);
            }
        }
    }

    fn settle(&mut self, fingerprint: Fingerprint) {
        push_bounded(&mut self.history, fingerprint, MOST_HISTORY);
    }
}

/// Drops the oldest where there are `most`.
fn push_bounded(queue: &mut VecDeque<Fingerprint>, fingerprint: Fingerprint, most: usize) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(fingerprint);
}

#[cfg(test)]
mod tests;
