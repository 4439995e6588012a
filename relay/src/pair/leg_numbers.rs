//! RTP numbers on which all legs of a flow agree, so that a receiver can merge them (SMPTE ST 2022-7).
//!
//! Each instance sends its own leg and hears the others'. The same datagram there with another number tells how far the one is
//! ahead of the other. Whoever is behind has lost something at its input, and goes on with the number of the one ahead: so
//! the numbers meet without a leader, and what is missing in a leg is a gap in its numbers.
//!
//! Nobody sends what it cannot number: an instance that starts listens first; one that has lost something, or had no input, holds
//! back until it hears on another leg where it is.

mod leg;
mod recent;
mod stretches;

use std::time::Duration;

use super::fingerprint::Fingerprint;
use super::skew::Skew;
use crate::time::Time;
use leg::{Leg, Votes};
use recent::Recent;
use stretches::{Before, Certainty, Stretch, Stretches};

/// How long a new instance listens before its first datagram goes out.
pub const LISTEN: Duration = Duration::from_millis(300);
/// And for how long more it looks for its own datagrams in those that it hears.
const JOIN_PATIENCE: Duration = Duration::from_secs(2);
/// An input that was silent for so long begins anew.
const OUTAGE: Duration = Duration::from_secs(1);
/// After a loss, how long another leg is waited for: twice as long as it was behind us of late, but within these.
const LEAST_PATIENCE: Duration = Duration::from_millis(20);
const MOST_PATIENCE: Duration = Duration::from_millis(100);
/// How long an instance that has just been started holds back its first datagrams while nobody is heard: others have what came in not much later,
/// and those that were there before go first.
const FRESH_PATIENCE: Duration = Duration::from_millis(200);
/// Datagrams after a loss from which on that is measured: before, others may have waited too.
const UNDISTURBED: u64 = 256;
/// So many datagrams in a row must say the same.
const VOTES: u32 = 3;
/// Numbers that a loss, or a start, puts instances apart at most while they hear each other. Any two that are further apart were
/// counting apart; then the lowest leg is right.
const MOST_BEHIND: i16 = 4_096;

/// A datagram that was made here.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// When that was.
    pub now: Time,
    /// When it leaves.
    pub release: Time,
    /// What is in it.
    pub fingerprint: Fingerprint,
    /// The RTP number that it brings, if it does.
    pub sequence: Option<u16>,
    /// Whether something was lost before it.
    pub is_after_loss: bool,
}

/// What the RTP header of a datagram says that was heard on another leg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Its number.
    pub sequence: u16,
    /// Its timestamp, 90 kHz.
    pub timestamp: u32,
}

/// How another leg stands to ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegStand {
    /// Whether it is heard.
    pub is_heard: bool,
    /// Whether the same datagrams have the same numbers there.
    pub agrees: bool,
    /// Datagrams that had the same number on both.
    pub equal: u64,
    /// Datagrams that had another number there.
    pub unequal: u64,
}

/// The numbers of one leg.
#[derive(Debug)]
pub struct LegNumbers {
    own: usize,
    legs: Vec<Leg>,
    /// All that had come on the other legs until then was heard: what is judged is judged as of then.
    listened: Time,
    made: Recent,
    stretches: Stretches,
    /// Whether the datagrams bring their numbers.
    is_given: bool,
    /// Until when it listens at least, while it has not begun yet.
    joining: Option<Time>,
    last_release: Option<Time>,
    skew: Skew,
    renumbered: Option<u64>,
}

impl LegNumbers {
    /// For leg `own` of so many, counted from 0; the instance starts at `now`.
    pub fn new(now: Time, own: usize, legs: usize) -> Self {
        Self {
            own,
            listened: now,
            legs: (0..legs).map(|_| Leg::default()).collect(),
            made: Recent::default(),
            stretches: Stretches::new(JOIN_PATIENCE),
            is_given: false,
            joining: Some(now + LISTEN),
            last_release: None,
            skew: Skew::default(),
            renumbered: None,
        }
    }

    /// Takes the next datagram that was made, and gives its number as far as it is known by now.
    pub fn made(&mut self, made: Made) -> u16 {
        let index = self.made.count();
        self.is_given = made.sequence.is_some();
        match made.sequence {
            Some(sequence) => {
                self.stretches.give(index, sequence);
                self.joining = None;
            }
            None => self.look_for_loss(index, &made),
        }
        self.last_release = Some(made.release);
        self.made.insert(made.fingerprint, made.release, Stamp::default());
        let can_be_told = self.made.only(made.fingerprint).is_some();
        self.stretches.note_made(made.release.max(made.now), can_be_told);
        if can_be_told {
            for leg in 0..self.legs.len() {
                if let Some(seen) = self.legs[leg].heard.only(made.fingerprint) {
                    self.legs[leg].missing.take_if(|missing| *missing == seen.stamp.sequence);
                    self.compare(leg, index, seen.stamp.sequence);
                }
            }
        }
        self.number(index)
    }

    /// Takes a datagram that had come in on leg `leg`, from 0, at `arrival`. Gives how many were made here before the one that is to have its
    /// timestamp, if there is one.
    pub fn heard(&mut self, arrival: Time, leg: usize, fingerprint: Fingerprint, stamp: Stamp) -> Option<u64> {
        let other = self.legs.get_mut(leg)?;
        if !other.hear(arrival, fingerprint, stamp) {
            return None;
        }
        let Some(seen) = self.made.only(fingerprint) else {
            other.missing = Some(stamp.sequence);
            return None;
        };
        if self.stretches.of(seen.index).is_some_and(|stretch| seen.index - stretch.first >= UNDISTURBED) {
            self.skew.observe(arrival, arrival.since(seen.at));
        }
        self.compare(leg, seen.index, stamp.sequence);
        (!self.is_given).then_some(seen.index)
    }

    /// The timestamp that a datagram made here has on another leg, if it was heard there and does not bring its own.
    pub fn timestamp(&self, fingerprint: Fingerprint) -> Option<u32> {
        let ours = self.made.only(fingerprint).filter(|_| !self.is_given);
        ours.and_then(|_| self.legs.iter().find_map(|leg| leg.heard.only(fingerprint))).map(|seen| seen.stamp.timestamp)
    }

    /// All that had come on the other legs until `time` was heard. Who wakes from a freeze knows by its clock only that nobody
    /// was heard: whether anybody spoke it knows when it has listened.
    pub fn listened(&mut self, time: Time) {
        self.listened = self.listened.max(time);
    }

    /// When that was.
    pub const fn listened_until(&self) -> Time {
        self.listened
    }

    /// Does what time demands, and says when to be called again at the latest: with the other legs listened to until then.
    pub fn poll(&mut self) -> Option<Time> {
        let now = self.listened;
        let not_before = self.joining.filter(|&time| time > now);
        let is_alone = !self.is_anybody_heard(now);
        if not_before.is_none() {
            self.give_up_waiting(now, is_alone);
            if is_alone || !self.stretches.has_unknown() {
                self.joining = None;
            }
        }
        let gone = self.legs.iter().filter_map(Leg::gone_from).max().filter(|_| self.stretches.has_unknown());
        [not_before, self.stretches.next_limit(is_alone), gone].into_iter().flatten().filter(|&time| time > now).min()
    }

    /// Whether what is due may be sent: its numbers are known, or nobody knows better.
    pub fn may_send(&self) -> bool {
        !self.is_joining() && !self.stretches.has_unknown()
    }

    /// Whether it has not begun yet: what would be due meanwhile is not sent at all.
    pub const fn is_joining(&self) -> bool {
        self.joining.is_some()
    }

    /// Whether another leg is further than our datagram `index`, or as far.
    pub fn is_passed(&self, index: u64) -> bool {
        let number = self.number(index);
        let newest =
            self.legs.iter().filter(|leg| leg.is_heard(self.listened) && leg.agrees).filter_map(|leg| leg.newest);
        newest.into_iter().any(|newest| newest.wrapping_sub(number).cast_signed() >= 0)
    }

    /// The number of the datagram that was made after `index` others.
    pub fn number(&self, index: u64) -> u16 {
        self.stretches.number(index)
    }

    /// How many datagrams were made.
    pub const fn count(&self) -> u64 {
        self.made.count()
    }

    /// The first datagram that has another number than it had at the last call, if there is one. Those after it have others too.
    pub const fn take_renumbered(&mut self) -> Option<u64> {
        self.renumbered.take()
    }

    /// Datagrams of ours that were compared with others.
    pub fn compared(&self) -> u64 {
        self.legs.iter().map(|leg| leg.equal + leg.unequal).sum()
    }

    /// How leg `leg` stands to ours.
    pub fn stand(&self, leg: usize) -> LegStand {
        self.legs.get(leg).map_or_else(LegStand::default, |leg| leg.stand(self.listened))
    }

    fn look_for_loss(&mut self, index: u64, made: &Made) {
        let is_outage = self.last_release.is_some_and(|last| made.release.since(last) >= OUTAGE);
        if self.is_joining() && (is_outage || made.is_after_loss) {
            self.stretches.begin_anew(index, Before::Nothing, JOIN_PATIENCE);
        } else if is_outage {
            // Nobody knows how much was lost.
            self.stretches.begin_anew(index, Before::Outage, MOST_PATIENCE);
        } else if made.is_after_loss {
            let patience = (2 * self.skew.largest()).clamp(LEAST_PATIENCE, MOST_PATIENCE);
            self.stretches.begin(index, Before::Loss, patience);
        }
    }

    fn compare(&mut self, leg: usize, index: u64, sequence: u16) {
        let Some(stretch) = self.stretches.of(index) else { return };
        let Some(other) = self.legs.get_mut(leg) else { return };
        let ahead = sequence.wrapping_sub(self.stretches.number(index)).cast_signed();
        self.stretches.note_heard(index);
        let votes = other.compare(ahead, index, stretch.first);
        if ahead == 0 {
            self.stretches.confirm(index);
        } else if votes.count >= Self::votes_needed(ahead, &stretch) && self.is_to_follow(leg, ahead, &stretch) {
            self.go_on_with(leg, votes);
        }
    }

    fn votes_needed(ahead: i16, stretch: &Stretch) -> u32 {
        // What was lost puts us behind, and by no more than that.
        let is_loss = stretch.certainty == Certainty::Unknown && (1..=MOST_BEHIND).contains(&ahead);
        if is_loss && stretch.before != Before::Nothing { 1 } else { VOTES }
    }

    fn is_to_follow(&self, leg: usize, ahead: i16, stretch: &Stretch) -> bool {
        match stretch.certainty {
            _ if self.is_given => false,
            Certainty::Unknown if stretch.before == Before::Nothing => true,
            // So many may be lost that the count came round: then a number ahead looks like one far behind.
            Certainty::Unknown => ahead > 0 || is_far(ahead),
            _ => (1..=MOST_BEHIND).contains(&ahead) || is_far(ahead) && leg < self.own,
        }
    }

    fn go_on_with(&mut self, leg: usize, votes: Votes) {
        let Some(first) = self.stretches.raise(votes.first, votes.ahead) else { return };
        self.note_renumbered(first);
        self.legs.iter_mut().for_each(|leg| leg.votes = Votes::default());
        if let Some(leg) = self.legs.get_mut(leg) {
            leg.agrees = true;
        }
    }

    /// Gives up waiting for what is not heard in time. What others have sent and we have not made was before it.
    fn give_up_waiting(&mut self, now: Time, is_alone: bool) {
        let is_over = self.stretches.next_limit(is_alone).is_some_and(|limit| limit <= now);
        if is_over && !self.is_joining() {
            for leg in 0..self.legs.len() {
                let missing = self.legs.get_mut(leg).and_then(|leg| leg.missing.take());
                let after = missing.map(|sequence| sequence.wrapping_add(1));
                let first = after.and_then(|after| self.stretches.raise_unknown_to(after, MOST_BEHIND));
                first.into_iter().for_each(|first| self.note_renumbered(first));
            }
        }
        self.stretches.assume(now, is_alone);
    }

    fn note_renumbered(&mut self, first: u64) {
        self.renumbered = Some(self.renumbered.map_or(first, |earlier| earlier.min(first)));
    }

    fn is_anybody_heard(&self, now: Time) -> bool {
        self.legs.iter().any(|leg| leg.is_heard(now))
    }
}

const fn is_far(ahead: i16) -> bool {
    ahead.unsigned_abs() > MOST_BEHIND.unsigned_abs()
}

#[cfg(test)]
mod tests;
