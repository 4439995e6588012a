//! Another leg, as it is heard.

use std::time::Duration;

use super::recent::Recent;
use super::{LegStand, Stamp};
use crate::pair::fingerprint::Fingerprint;
use crate::time::Time;

/// A leg that is silent for so long is not there.
const SILENCE: Duration = Duration::from_secs(1);
/// Datagrams heard in a row that were not made here, after which a leg is taken to have another stream.
const MOST_UNKNOWN: u32 = 200;

/// A leg, as it is heard; nothing is ever heard on our own.
#[derive(Debug, Default)]
pub(super) struct Leg {
    pub(super) heard: Recent,
    last: Option<Time>,
    /// Datagrams heard since the last one that was made here too.
    unknown: u32,
    /// The number of the last one.
    pub(super) newest: Option<u16>,
    /// The same, if it was not made here: we may have lost it.
    pub(super) missing: Option<u16>,
    pub(super) agrees: bool,
    pub(super) votes: Votes,
    pub(super) equal: u64,
    pub(super) unequal: u64,
}

/// What the last datagrams on a leg say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Votes {
    /// How far it is ahead of us.
    pub(super) ahead: i16,
    pub(super) count: u32,
    /// The first datagram of the stretch that they are of.
    stretch: u64,
    /// The first of ours that says so.
    pub(super) first: u64,
}

impl Leg {
    /// Takes a datagram that came in on it at `arrival`, and says whether it can be told from others of late.
    pub(super) fn hear(&mut self, arrival: Time, fingerprint: Fingerprint, stamp: Stamp) -> bool {
        (self.last, self.newest) = (self.last.max(Some(arrival)), Some(stamp.sequence));
        self.unknown = self.unknown.saturating_add(1);
        self.heard.insert(fingerprint, arrival, stamp);
        let can_be_told = self.heard.only(fingerprint).is_some();
        if can_be_told {
            self.missing = None;
        }
        can_be_told
    }

    pub(super) fn is_heard(&self, now: Time) -> bool {
        self.gone_from().is_some_and(|gone| now < gone)
    }

    /// From when on it is not there, unless it is heard before.
    pub(super) fn gone_from(&self) -> Option<Time> {
        self.last.map(|last| last + SILENCE)
    }

    /// How it stands to ours.
    pub(super) fn stand(&self, now: Time) -> LegStand {
        LegStand {
            is_heard: self.is_heard(now),
            agrees: self.agrees && self.unknown < MOST_UNKNOWN,
            equal: self.equal,
            unequal: self.unequal,
        }
    }

    /// Takes how far it is `ahead` of us by our datagram `index`, and gives what the last ones say; nothing if it is not.
    pub(super) fn compare(&mut self, ahead: i16, index: u64, stretch: u64) -> Votes {
        (self.unknown, self.agrees) = (0, ahead == 0);
        if ahead == 0 {
            self.equal += 1;
            self.votes = Votes::default();
        } else {
            self.unequal += 1;
            let is_same = self.votes.count > 0 && (self.votes.ahead, self.votes.stretch) == (ahead, stretch);
            let (count, first) = if is_same { (self.votes.count, self.votes.first) } else { (0, index) };
            self.votes = Votes { ahead, count: count + 1, stretch, first: first.min(index) };
        }
        self.votes
    }
}
