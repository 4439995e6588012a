//! Datagrams of late, found by their content.

use super::Stamp;
use crate::pair::fingerprint::Fingerprint;
use crate::time::Time;

/// Places for datagrams: twice as many as are looked at, so that few push each other out.
const PLACES: usize = 4_096;
/// Datagrams that are looked at. Older ones say nothing: a loop may have come round.
const RECENT: u64 = 2_048;

/// A datagram that was made here or heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    fingerprint: Fingerprint,
    /// How many came before it.
    pub(super) index: u64,
    /// When it leaves, or was heard.
    pub(super) at: Time,
    /// What its RTP header said, if it was heard.
    pub(super) stamp: Stamp,
    /// It came more than once of late, as datagrams of null packets do: nobody can tell which is which.
    is_repeated: bool,
}

/// The last datagrams.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// None before the first datagram: many a leg is never heard.
    places: Vec<Option<Seen>>,
    count: u64,
}

impl Recent {
    /// How many there were, those too that are forgotten.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Takes the next one.
    pub(super) fn insert(&mut self, fingerprint: Fingerprint, at: Time, stamp: Stamp) {
        self.places.resize(PLACES, None);
        let is_repeated = self.last(fingerprint).is_some();
        let seen = Seen { fingerprint, index: self.count, at, stamp, is_repeated };
        if let Some(place) = self.places.get_mut(place_of(fingerprint)) {
            *place = Some(seen);
        }
        self.count += 1;
    }

    /// The only one of late with this content, if there is one.
    pub(super) fn only(&self, fingerprint: Fingerprint) -> Option<Seen> {
        self.last(fingerprint).filter(|seen| !seen.is_repeated)
    }

    fn last(&self, fingerprint: Fingerprint) -> Option<Seen> {
        let seen = self.places.get(place_of(fingerprint)).copied().flatten()?;
        (seen.fingerprint == fingerprint && self.count - seen.index <= RECENT).then_some(seen)
    }
}

const fn place_of(fingerprint: Fingerprint) -> usize {
    fingerprint.0 as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index_of(recent: &Recent, number: u64) -> Option<u64> {
        recent.only(Fingerprint(number)).map(|seen| seen.index)
    }

    #[test]
    fn a_datagram_is_found_while_it_is_recent_and_the_only_one() {
        let mut recent = Recent::default();
        (0..RECENT).for_each(|number| recent.insert(Fingerprint(number), Time(number), Stamp::default()));
        assert_eq!((index_of(&recent, 0), index_of(&recent, 9), index_of(&recent, RECENT)), (Some(0), Some(9), None));
        recent.insert(Fingerprint(9), Time(0), Stamp::default());
        assert_eq!((index_of(&recent, 0), index_of(&recent, 9)), (None, None));
    }

    #[test]
    fn one_that_comes_again_after_long_is_another() {
        let mut recent = Recent::default();
        for number in 0..3 * RECENT {
            recent.insert(Fingerprint(number % (2 * RECENT)), Time(number), Stamp::default());
        }
        assert_eq!(index_of(&recent, 9), Some(2 * RECENT + 9));
    }
}
