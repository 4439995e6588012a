//! Our own datagrams, in stretches without a loss: each is numbered from its first one on.

use std::collections::VecDeque;
use std::time::Duration;

use super::{FRESH_PATIENCE, MOST_PATIENCE};
use crate::time::Time;

/// Stretches that are remembered.
const MOST_STRETCHES: usize = 32;

/// How sure the numbers of a stretch are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    /// As if nothing had been lost before it.
    Unknown,
    /// The same, but nobody knows better in time.
    Assumed,
    /// As they are on another leg, or as they came.
    Known,
}

/// What was before a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing: the instance has just been started.
    Nothing,
    /// A long silence at the input, in which there was nothing to be heard on other legs either.
    Outage,
    /// A loss.
    Loss,
}

/// Datagrams that were made one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// How many datagrams were made before it.
    pub(super) first: u64,
    /// Its datagram `index` has the number `base + index`.
    base: u16,
    pub(super) certainty: Certainty,
    pub(super) before: Before,
    /// Whether one of its datagrams was heard on another leg.
    is_heard: bool,
    /// How long it is waited for, from the first datagram on that can be told from others.
    patience: Duration,
    /// When that is over.
    limit: Option<Time>,
    /// When it is over while nobody is heard.
    lone_limit: Option<Time>,
}

impl Stretch {
    const fn new(first: u64, base: u16, before: Before, patience: Duration) -> Self {
        let certainty = Certainty::Unknown;
        Self { first, base, certainty, before, is_heard: false, patience, limit: None, lone_limit: None }
    }

    fn limit(&self, is_alone: bool) -> Option<Time> {
        if is_alone { self.lone_limit } else { self.limit }
    }

    /// How long it is waited for while nobody is heard. That says nothing of what was to be heard before others had anything to send; one that
    /// was there before goes first.
    const fn lone_patience(&self) -> Duration {
        match self.before {
            Before::Nothing => FRESH_PATIENCE,
            Before::Outage => MOST_PATIENCE,
            Before::Loss => Duration::ZERO,
        }
    }
}

/// The last stretches, oldest first.
#[derive(Debug)]
pub(super) struct Stretches(VecDeque<Stretch>);

impl Stretches {
    /// One stretch, from the first datagram on.
    pub(super) fn new(patience: Duration) -> Self {
        Self(VecDeque::from([Stretch::new(0, 0, Before::Nothing, patience)]))
    }

    /// The number of the datagram that was made after `index` others.
    pub(super) fn number(&self, index: u64) -> u16 {
        let stretch = self.at(index).and_then(|place| self.0.get(place)).or_else(|| self.0.front());
        stretch.map_or(0, |stretch| stretch.base).wrapping_add(index as u16)
    }

    /// The stretch with that datagram, if it is remembered.
    pub(super) fn of(&self, index: u64) -> Option<Stretch> {
        self.0.get(self.at(index)?).copied()
    }

    /// Something was lost before datagram `first`: its number is looked for.
    pub(super) fn begin(&mut self, first: u64, before: Before, patience: Duration) {
        let base = self.number(first).wrapping_sub(first as u16);
        self.push(Stretch::new(first, base, before, patience));
    }

    /// As [`Self::begin`], and what was before does not matter any more.
    pub(super) fn begin_anew(&mut self, first: u64, before: Before, patience: Duration) {
        self.begin(first, before, patience);
        self.0.drain(..self.0.len() - 1);
    }

    /// Datagram `index` has brought its number.
    pub(super) fn give(&mut self, index: u64, sequence: u16) {
        if self.number(index) != sequence {
            let base = sequence.wrapping_sub(index as u16);
            let stretch = Stretch::new(index, base, Before::Loss, Duration::ZERO);
            self.push(Stretch { certainty: Certainty::Known, ..stretch });
        }
        self.0.iter_mut().for_each(|stretch| stretch.certainty = Certainty::Known);
    }

    /// A datagram was made at `time` that belongs to the last stretch.
    pub(super) fn note_made(&mut self, time: Time, can_be_told: bool) {
        if let Some(stretch) = self.0.back_mut() {
            // One that cannot be told from others yet is waited for longest.
            let patience = if can_be_told { stretch.patience } else { stretch.patience.max(MOST_PATIENCE) };
            let limit = time + patience;
            stretch.limit = Some(stretch.limit.map_or(limit, |earlier| earlier.min(limit)));
            stretch.lone_limit = stretch.lone_limit.or(Some(time + stretch.lone_patience()));
        }
    }

    /// Datagram `index` was heard on another leg.
    pub(super) fn note_heard(&mut self, index: u64) {
        if let Some(stretch) = self.at(index).and_then(|place| self.0.get_mut(place)) {
            stretch.is_heard = true;
        }
    }

    /// The datagrams from `index` on, of its stretch, have the right numbers.
    pub(super) fn confirm(&mut self, index: u64) {
        if let Some(place) = self.at(index) {
            self.know(place);
        }
    }

    /// The datagrams from `index` on are numbered so much higher: all of its stretch if its numbers were unknown, and what
    /// follows as far as it is not known already. Gives the first that changes.
    pub(super) fn raise(&mut self, index: u64, ahead: i16) -> Option<u64> {
        let mut place = self.at(index)?;
        let stretch = *self.0.get(place)?;
        if stretch.certainty != Certainty::Unknown && stretch.first < index {
            place += 1;
            self.0.insert(place, Stretch { first: index, ..stretch });
            if self.0.len() > MOST_STRETCHES {
                self.0.pop_front();
                place -= 1;
            }
        }
        for (later, stretch) in self.0.iter_mut().enumerate().skip(place) {
            if later == place || stretch.certainty != Certainty::Known {
                stretch.base = stretch.base.wrapping_add(ahead.cast_unsigned());
            }
        }
        self.know(place);
        self.0.get(place).map(|raised| raised.first)
    }

    /// Numbers the first stretch whose numbers are unknown from `sequence` on, if none of it was heard and that is higher, by
    /// no more than `most`. Gives the first datagram that changes.
    pub(super) fn raise_unknown_to(&mut self, sequence: u16, most: i16) -> Option<u64> {
        let first = self.unknown().next().filter(|stretch| !stretch.is_heard)?.first;
        let ahead = sequence.wrapping_sub(self.number(first)).cast_signed();
        let later = self.0.iter_mut().filter(|stretch| stretch.first >= first && stretch.certainty != Certainty::Known);
        if !(1..=most).contains(&ahead) {
            return None;
        }
        later.for_each(|stretch| stretch.base = stretch.base.wrapping_add(ahead.cast_unsigned()));
        Some(first)
    }

    /// Gives up looking for numbers that were waited for until `now`.
    pub(super) fn assume(&mut self, now: Time, is_alone: bool) {
        let unknown = self.0.iter_mut().filter(|stretch| stretch.certainty == Certainty::Unknown);
        for stretch in unknown.filter(|stretch| stretch.limit(is_alone).is_some_and(|limit| limit <= now)) {
            stretch.certainty = Certainty::Assumed;
        }
    }

    /// Whether the numbers of some are unknown.
    pub(super) fn has_unknown(&self) -> bool {
        self.unknown().next().is_some()
    }

    /// Until when the first of them is waited for.
    pub(super) fn next_limit(&self, is_alone: bool) -> Option<Time> {
        self.unknown().filter_map(|stretch| stretch.limit(is_alone)).min()
    }

    /// This stretch is known. What others have sent before it they will not send any more.
    fn know(&mut self, place: usize) {
        for (earlier, stretch) in self.0.iter_mut().enumerate().take(place + 1) {
            if earlier == place {
                stretch.certainty = Certainty::Known;
            } else if stretch.certainty == Certainty::Unknown {
                stretch.certainty = Certainty::Assumed;
            }
        }
    }

    fn unknown(&self) -> impl Iterator<Item = &Stretch> {
        self.0.iter().filter(|stretch| stretch.certainty == Certainty::Unknown)
    }

    fn at(&self, index: u64) -> Option<usize> {
        self.0.iter().rposition(|stretch| stretch.first <= index)
    }

    fn push(&mut self, stretch: Stretch) {
        if self.0.len() == MOST_STRETCHES {
            self.0.pop_front();
        }
        self.0.push_back(stretch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(20);

    fn numbers(stretches: &Stretches, indices: [u64; 4]) -> [u16; 4] {
        indices.map(|index| stretches.number(index))
    }

    #[test]
    fn what_is_found_of_one_stretch_counts_for_those_after_it_that_are_not_known() {
        let mut stretches = Stretches::new(PATIENCE);
        stretches.confirm(5);
        [10, 20, 30].into_iter().for_each(|first| stretches.begin(first, Before::Loss, PATIENCE));
        assert_eq!(stretches.raise(12, 3), Some(10));
        assert_eq!(numbers(&stretches, [9, 10, 20, 30]), [9, 13, 23, 33]);
        stretches.confirm(30);
        assert_eq!(stretches.raise(25, 2), Some(25));
        assert_eq!(numbers(&stretches, [9, 24, 25, 30]), [9, 27, 30, 33]);
        assert!(!stretches.has_unknown());
    }

    #[test]
    fn a_loss_that_nobody_noticed_begins_where_it_shows() {
        let mut stretches = Stretches::new(PATIENCE);
        stretches.confirm(0);
        assert_eq!(stretches.raise(50, 7), Some(50));
        assert_eq!(numbers(&stretches, [0, 49, 50, 60]), [0, 49, 57, 67]);
    }

    #[test]
    fn a_stretch_is_waited_for_from_its_first_datagram_on_that_can_be_told() {
        let mut stretches = Stretches::new(PATIENCE);
        let at = |millis: u64| Time(0) + Duration::from_millis(millis);
        stretches.note_made(at(0), false);
        assert_eq!(stretches.next_limit(false), Some(at(100)));
        stretches.note_made(at(5), true);
        stretches.note_made(at(9), true);
        assert_eq!(stretches.next_limit(false), Some(at(25)));
        stretches.assume(at(24), false);
        assert!(stretches.has_unknown());
        stretches.assume(at(25), false);
        assert!(!stretches.has_unknown());
    }

    #[test]
    fn numbers_that_come_with_the_datagrams_are_known() {
        let mut stretches = Stretches::new(PATIENCE);
        stretches.give(0, 65_535);
        stretches.give(1, 0);
        stretches.give(2, 9);
        assert_eq!(numbers(&stretches, [0, 1, 2, 3]), [65_535, 0, 9, 10]);
        assert!(!stretches.has_unknown());
    }
}
