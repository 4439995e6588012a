//! To pass the air on as planned: the one on air stops, and names the last datagram that it has sent; the successor starts
//! with the next.

use std::time::Duration;

use thiserror::Error;

use super::reason::Reason;
use super::{Action, Machine, Role};
use crate::pair::message::{HandOver, InstanceId};
use crate::pair::peers::merit;
use crate::time::{Moment, Time};

/// Interval between two attempts to hand over, and their number.
const INTERVAL: Duration = Duration::from_millis(5);
const ATTEMPTS: u32 = 8;

/// What is said to the successor until it is heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    hand_over: HandOver,
    attempts: u32,
    pub(super) next: Time,
}

/// Why the air was not handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotHandedOver {
    /// Another instance is to be asked.
    #[error("this instance is not on air")]
    NotOnAir,
    /// Nobody could go on.
    #[error("no other instance is ready to go on")]
    NobodyReady,
    /// The one that was named could not go on.
    #[error("instance {0} is not there, or not ready to go on")]
    NotReady(InstanceId),
}

impl Machine {
    /// Hands over to another, or to `to` and no other, if it is ready.
    ///
    /// # Errors
    /// [`NotHandedOver`] says why nothing happens.
    pub fn hand_over(&mut self, now: Moment, to: Option<InstanceId>) -> Result<(), NotHandedOver> {
        if self.role != Role::OnAir {
            return Err(NotHandedOver::NotOnAir);
        }
        match to.or_else(|| self.best_successor(now)) {
            None => Err(NotHandedOver::NobodyReady),
            Some(to) if !self.could_succeed(now, to) => Err(NotHandedOver::NotReady(to)),
            Some(to) => {
                self.offer_to(now, to, Reason::HandOver);
                Ok(())
            }
        }
    }

    fn could_succeed(&self, now: Moment, instance: InstanceId) -> bool {
        self.peers.candidates(now.mono).any(|peer| peer.instance == instance)
    }

    /// Begins to leave: the air is handed over first, if this instance has it and another is ready.
    pub fn leave(&mut self, now: Moment) {
        self.leaving = true;
        match self.role {
            Role::OnAir => self.offer_or_end(now),
            Role::HandingOver => {}
            Role::Joining | Role::Standby | Role::Refused | Role::Left => self.end(now),
        }
    }

    pub(super) fn offer_or_end(&mut self, now: Moment) {
        if !self.offer(now, Reason::HandOver) {
            self.end(now);
        }
    }

    /// Hands over to the best of those that could go on, one that did not answer last of all. Returns whether there is one.
    pub(super) fn offer(&mut self, now: Moment, reason: Reason) -> bool {
        let best = self.best_successor(now);
        best.into_iter().for_each(|to| self.offer_to(now, to, reason));
        best.is_some()
    }

    fn best_successor(&self, now: Moment) -> Option<InstanceId> {
        let silent = self.offer.map(|offer| offer.hand_over.to);
        let candidates = self.peers.candidates(now.mono).filter(|peer| !self.leaving || Some(peer.instance) != silent);
        let best = candidates.max_by_key(|peer| (Some(peer.instance) != silent, merit(peer)));
        best.map(|peer| peer.instance)
    }

    fn offer_to(&mut self, now: Moment, to: InstanceId, reason: Reason) {
        let hand_over = HandOver { to, place: self.alignment.place(), rtp_next: self.rtp_next };
        self.offer = Some(Offer { hand_over, attempts: 0, next: now.mono });
        self.term = self.term.saturating_add(1);
        self.enter(now.mono, Role::HandingOver);
        self.actions.push_back(Action::LeaveAir(reason));
        self.press(now);
    }

    /// Says it again, until it is enough.
    pub(super) fn press(&mut self, now: Moment) {
        let Some(offer) = &mut self.offer else { return };
        if offer.next > now.mono {
            return;
        }
        if offer.attempts == ATTEMPTS {
            return self.take_air(now, self.term.saturating_add(1), Reason::TakenBack);
        }
        offer.attempts += 1;
        offer.next = now.mono + INTERVAL;
        let hand_over = offer.hand_over;
        self.say(now, Some(hand_over));
    }

    pub(super) fn hear_successor(&mut self, now: Moment, instance: InstanceId) {
        if self.offer.is_some_and(|offer| offer.hand_over.to == instance) {
            self.offer = None;
            self.enter(now.mono, Role::Standby);
            if self.leaving {
                self.end(now);
            }
        }
    }

    pub(super) fn take_hand_over(&mut self, now: Moment, term: u64, hand_over: &HandOver) {
        if term <= self.term || !self.can_take() {
            return self.say_hello(now);
        }
        self.term = term;
        self.settled += self.alignment.skip_to(hand_over.place);
        self.skip_since = self.alignment.is_skipping().then_some(now.mono);
        self.go_on_air(now, Reason::HandOver, hand_over.rtp_next);
    }

    fn end(&mut self, now: Moment) {
        self.enter(now.mono, Role::Left);
        self.say_hello(now);
    }
}
