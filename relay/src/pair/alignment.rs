//! What was on air, matched with what is made here: which of our datagrams have not been on air yet.

use std::collections::VecDeque;

use super::fingerprint::{Fingerprint, Position};
use crate::time::Time;

/// Datagrams heard before ours came that are kept at most: half a second at 80 Mb/s.
const MOST_AHEAD: usize = 4_096;
/// Our datagrams remembered after they went.
const MOST_HISTORY: usize = 512;

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
    /// It was there already, and so the time is over for those that waited before it: so many.
    Past {
        /// How many waited.
        before: usize,
    },
}

/// How well ours and the air agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Datagrams that both had, the same.
    pub equal: u64,
    /// Datagrams on air that were not made here.
    pub only_on_air: u64,
    /// Datagrams made here that were not on air when later ones were.
    pub only_here: u64,
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
    /// Ours are dropped up to this place, and with it.
    skip_to: Option<Position>,
    /// How well both agree.
    pub agreement: Agreement,
}

impl Alignment {
    /// Takes a datagram made here.
    pub fn made(&mut self, now: Time, fingerprint: Fingerprint) -> Made {
        if let Some(place) = self.skip_to {
            let here = Position { before: self.newest(), last: fingerprint };
            if here == place {
                self.skip_to = None;
            }
            self.settle(fingerprint);
            return Made::Past { before: 0 };
        }
        let Some(place) = self.ahead.iter().position(|&heard| heard == fingerprint) else {
            // Perhaps the air is past it. To send it once more then is better than never to send it.
            self.waiting.push_back(Waiting { fingerprint, since: now });
            return Made::Waits;
        };
        self.ahead.drain(..=place);
        self.agreement.only_on_air += place as u64;
        self.agreement.equal += 1;
        Made::Past { before: self.give_up_waiting(fingerprint) }
    }

    /// Settles all that wait and then this one. Returns how many waited.
    fn give_up_waiting(&mut self, fingerprint: Fingerprint) -> usize {
        let before = self.waiting.len();
        self.agreement.only_here += before as u64;
        self.settle_waiting(before);
        self.settle(fingerprint);
        before
    }

    /// Takes a datagram heard on air. Returns how many of ours, the oldest, it settles, and since when the last of them waited.
    pub fn heard(&mut self, fingerprint: Fingerprint) -> Option<(usize, Time)> {
        if let Some(place) = self.waiting.iter().position(|waiting| waiting.fingerprint == fingerprint) {
            let since = self.waiting[place].since;
            self.agreement.only_on_air += self.ahead.len() as u64;
            self.ahead.clear();
            self.agreement.only_here += place as u64;
            self.agreement.equal += 1;
            self.settle_waiting(place + 1);
            return Some((place + 1, since));
        }
        if self.history.contains(&fingerprint) {
            return None;
        }
        if self.ahead.len() == MOST_AHEAD {
            self.ahead.pop_front();
            self.agreement.only_on_air += 1;
        }
        self.ahead.push_back(fingerprint);
        None
    }

    /// Ours up to `place`, that included, were on air. Returns how many of those waiting they are; when it has not been made
    /// here yet, those to come are dropped up to it.
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
        let is_settled = self
            .history
            .iter()
            .zip(self.history.iter().skip(1))
            .any(|(&before, &last)| Position { before, last } == place);
        if is_settled {
            return 0;
        }
        let count = self.waiting.len();
        self.settle_waiting(count);
        self.skip_to = Some(place);
        count
    }

    /// Gives up waiting for the place to skip to.
    pub fn stop_skipping(&mut self) {
        self.skip_to = None;
    }

    /// Whether ours are being dropped up to a place that was not made here yet.
    pub const fn is_skipping(&self) -> bool {
        self.skip_to.is_some()
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

    /// Forgets what was heard: we are on air now, nobody is ahead.
    pub fn take_lead(&mut self) {
        self.ahead.clear();
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
        if self.history.len() == MOST_HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(fingerprint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(0);

    fn fingerprint(number: u64) -> Fingerprint {
        Fingerprint(number)
    }

    fn made(alignment: &mut Alignment, numbers: impl IntoIterator<Item = u64>) -> Vec<Made> {
        numbers.into_iter().map(|number| alignment.made(NOW, fingerprint(number))).collect()
    }

    fn heard(alignment: &mut Alignment, numbers: impl IntoIterator<Item = u64>) -> usize {
        numbers.into_iter().filter_map(|number| alignment.heard(fingerprint(number))).map(|(count, _)| count).sum()
    }

    #[test]
    fn what_is_heard_no_longer_waits() {
        let mut alignment = Alignment::default();
        assert_eq!(made(&mut alignment, 1..=4), [Made::Waits; 4]);
        assert_eq!((heard(&mut alignment, 1..=2), alignment.waiting()), (2, 2));
    }

    #[test]
    fn what_was_heard_first_never_waits() {
        let mut alignment = Alignment::default();
        heard(&mut alignment, 1..=3);
        let past = Made::Past { before: 0 };
        assert_eq!(made(&mut alignment, 1..=4), [past, past, past, Made::Waits]);
        assert_eq!(alignment.agreement.equal, 3);
    }

    #[test]
    fn one_that_we_did_not_hear_is_settled_by_the_next() {
        let mut alignment = Alignment::default();
        made(&mut alignment, 1..=3);
        assert_eq!((heard(&mut alignment, [2]), alignment.waiting()), (2, 1));
        assert_eq!(alignment.agreement, Agreement { equal: 1, only_on_air: 0, only_here: 1 });
    }

    #[test]
    fn one_that_never_came_to_us_does_not_hold_up_the_others() {
        let mut alignment = Alignment::default();
        heard(&mut alignment, [1]);
        // 1 is missing here; ours are ahead of the air from now on.
        for number in 2..10 {
            made(&mut alignment, [number]);
            heard(&mut alignment, [number]);
        }
        assert_eq!(made(&mut alignment, [10]), [Made::Waits]);
        assert_eq!(alignment.agreement.only_on_air, 1);
    }

    #[test]
    fn one_that_only_we_had_is_given_up_when_the_air_is_past_it() {
        let mut alignment = Alignment::default();
        heard(&mut alignment, [2]);
        assert_eq!(made(&mut alignment, [1, 2]), [Made::Waits, Made::Past { before: 1 }]);
        assert_eq!((alignment.waiting(), alignment.agreement.only_here), (0, 1));
    }

    #[test]
    fn datagrams_that_are_all_the_same_do_no_lasting_harm() {
        let mut alignment = Alignment::default();
        made(&mut alignment, [7, 7, 7]);
        assert_eq!(heard(&mut alignment, [7, 7]), 2);
        made(&mut alignment, [1]);
        assert_eq!((heard(&mut alignment, [1]), alignment.waiting()), (2, 0));
    }

    #[test]
    fn a_place_among_those_waiting_is_skipped_to() {
        let mut alignment = Alignment::default();
        made(&mut alignment, 1..=5);
        let place = Position { before: fingerprint(2), last: fingerprint(3) };
        assert_eq!((alignment.skip_to(place), alignment.waiting()), (3, 2));
        assert_eq!(alignment.skip_to(place), 0);
    }

    #[test]
    fn a_place_not_made_yet_is_waited_for() {
        let mut alignment = Alignment::default();
        made(&mut alignment, 1..=2);
        assert_eq!(alignment.skip_to(Position { before: fingerprint(3), last: fingerprint(4) }), 2);
        let past = Made::Past { before: 0 };
        assert_eq!(made(&mut alignment, 3..=5), [past, past, Made::Waits]);
    }
}
