//! What is made here, compared with what is on air, datagram by datagram.

use std::collections::VecDeque;
use std::time::Duration;

use super::fingerprint::Fingerprint;
use crate::time::Time;

/// Datagrams heard before ours came that are kept at most: half a second at 80 Mb/s.
const MOST_AHEAD: usize = 4_096;
/// So many that are equal, none of them like one before, are no chance.
const MATCHES_IN_STEP: u32 = 8;
/// So many given up, and none equal, are another stream.
const MOST_UNLIKE: u64 = 256;

/// How well ours and the air agree, since some were equal for the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Datagrams that both had, the same.
    pub equal: u64,
    /// Datagrams on air that were not made here.
    pub only_on_air: u64,
    /// Datagrams made here that were not on air when they should have been.
    pub only_here: u64,
    /// Where the two began to differ.
    pub first_difference: Option<Difference>,
}

/// A datagram that only one of two has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// So many were equal before.
    pub after: u64,
    /// Whether it was on air, and not made here; else it was made here, and not on air.
    pub is_on_air: bool,
    /// What tells it apart.
    pub fingerprint: Fingerprint,
}

/// Two streams side by side, of which now one is ahead and now the other.
///
/// As long as they are the same, only the one that is ahead has any that the other lacks, and each new one of the other is
/// the oldest of those. That holds for datagrams that come again and again as well, as those of null packets do. Where it does
/// not hold they differ, until the next one that both have and that was not there before.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Made here, not on air yet, oldest first.
    here: VecDeque<(Fingerprint, Time)>,
    /// On air, not made here yet, oldest first.
    air: VecDeque<Fingerprint>,
    /// How many of both were equal, and like none before.
    in_step: u32,
    /// Given up since some were.
    unlike: u64,
    agreement: Agreement,
}

impl Comparison {
    /// Takes a datagram that was made here at `now`; `is_repeat` tells of any whether it is like one of ours that is past.
    pub fn made(&mut self, now: Time, fingerprint: Fingerprint, is_repeat: impl Fn(Fingerprint) -> bool) {
        let place = self.air.iter().position(|&heard| heard == fingerprint);
        match place.filter(|&place| self.is_meant(place, self.here.is_empty(), fingerprint, &is_repeat)) {
            Some(place) => self.meet(self.here.len(), place, fingerprint, is_repeat),
            None => self.here.push_back((fingerprint, now)),
        }
    }

    /// Takes a datagram heard on air.
    pub fn heard(&mut self, fingerprint: Fingerprint, is_repeat: impl Fn(Fingerprint) -> bool) {
        let place = self.here.iter().position(|&(made, _)| made == fingerprint);
        match place.filter(|&place| self.is_meant(place, self.air.is_empty(), fingerprint, &is_repeat)) {
            Some(place) => self.meet(place, self.air.len(), fingerprint, is_repeat),
            None => self.keep_heard(fingerprint, is_repeat),
        }
    }

    /// Whether one that is like the other's at `place` is the same: the streams are level there, or it is like no other.
    fn is_meant(
        &self,
        place: usize,
        is_level: bool,
        fingerprint: Fingerprint,
        is_repeat: impl Fn(Fingerprint) -> bool,
    ) -> bool {
        (place == 0 && is_level) || !is_repeat(fingerprint)
    }

    /// Both have `fingerprint`, after so many that the other may lack.
    fn meet(&mut self, made: usize, heard: usize, fingerprint: Fingerprint, is_repeat: impl Fn(Fingerprint) -> bool) {
        let made: Vec<_> = self.here.drain(..made).map(|(fingerprint, _)| fingerprint).collect();
        let heard: Vec<_> = self.air.drain(..heard).collect();
        self.differ(made, heard, &is_repeat);
        // Of the one that was ahead.
        self.here.pop_front();
        self.air.pop_front();
        self.note_equal(fingerprint, is_repeat);
    }

    /// These were `made` and those `heard` where both should have been the same.
    fn differ(&mut self, made: Vec<Fingerprint>, mut heard: Vec<Fingerprint>, is_repeat: impl Fn(Fingerprint) -> bool) {
        for made in made {
            if let Some(place) = heard.iter().position(|&heard| heard == made) {
                heard.remove(place);
                self.note_equal(made, &is_repeat);
            } else {
                self.note_only_here(made);
            }
        }
        heard.into_iter().for_each(|heard| self.note_only_on_air(heard, &is_repeat));
    }

    fn keep_heard(&mut self, fingerprint: Fingerprint, is_repeat: impl Fn(Fingerprint) -> bool) {
        if self.air.len() == MOST_AHEAD {
            let oldest = self.air.pop_front();
            oldest.into_iter().for_each(|oldest| self.note_only_on_air(oldest, &is_repeat));
        }
        self.air.push_back(fingerprint);
    }

    /// Those made here more than `limit` ago will not be on air any more.
    pub fn give_up_older_than(&mut self, now: Time, limit: Duration) {
        let count = self.here.iter().take_while(|(_, since)| now.since(*since) > limit).count();
        for _ in 0..count {
            let oldest = self.here.pop_front();
            self.unlike += 1;
            oldest.into_iter().for_each(|(fingerprint, _)| self.note_only_here(fingerprint));
        }
    }

    /// Begins anew with what comes next; what was counted stays.
    pub fn begin_anew(&mut self) {
        *self = Self { agreement: self.agreement, ..Self::default() };
    }

    /// How well both agree.
    pub const fn agreement(&self) -> Agreement {
        self.agreement
    }

    fn note_equal(&mut self, fingerprint: Fingerprint, is_repeat: impl Fn(Fingerprint) -> bool) {
        self.agreement.equal += 1;
        if (!self.is_compared() || self.unlike > 0) && !is_repeat(fingerprint) {
            self.in_step = self.in_step.saturating_add(1);
            self.unlike = 0;
        }
    }

    /// Once more the same is no difference: who takes the air may send again what its predecessor did.
    fn note_only_on_air(&mut self, fingerprint: Fingerprint, is_repeat: impl Fn(Fingerprint) -> bool) {
        if self.is_compared() && !is_repeat(fingerprint) {
            self.agreement.only_on_air += 1;
            self.note_difference(true, fingerprint);
        }
    }

    fn note_only_here(&mut self, fingerprint: Fingerprint) {
        if self.is_compared() {
            self.agreement.only_here += 1;
            self.note_difference(false, fingerprint);
        }
    }

    /// Whether differences count: until some were equal they only show that one began before the other, or cuts elsewhere;
    /// unless there are too many for that.
    const fn is_compared(&self) -> bool {
        self.in_step >= MATCHES_IN_STEP || self.unlike >= MOST_UNLIKE
    }

    fn note_difference(&mut self, is_on_air: bool, fingerprint: Fingerprint) {
        let after = self.agreement.equal;
        self.agreement.first_difference.get_or_insert(Difference { after, is_on_air, fingerprint });
    }
}

#[cfg(test)]
mod tests;
