//! Where a pair is asked about, and asked to change: what is told of it, and who waits for a hand-over.

use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;

use crate::pair::machine::reason::Reason;
use crate::pair::machine::{Machine, NotHandedOver, Role};
use crate::pair::message::InstanceId;
use crate::pair::status::{Change, PairStatus, Stranger, unix_seconds};
use crate::stats::Counters;
use crate::time::{Moment, Time, Utc};

/// Interval between two reports, if nothing changes.
const REPORT_INTERVAL: Duration = Duration::from_millis(200);

/// Why the air was not handed over as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HandOverError {
    /// There are to be no others.
    #[error("the flow is not paired")]
    NotPaired,
    /// All instances are on air.
    #[error("each instance sends a leg of its own, so there is nothing to hand over")]
    OwnLeg,
    /// Nothing was done.
    #[error(transparent)]
    Refused(#[from] NotHandedOver),
    /// It was offered, and nobody took it.
    #[error("the successor was not heard, so this instance has taken the air back")]
    TakenBack,
    /// Another is waiting for the same.
    #[error("the air is being handed over already")]
    Busy,
    /// The flow has ended meanwhile.
    #[error("the flow has ended meanwhile")]
    Ended,
}

/// Takes what came of a hand-over; called on the flow's thread, so it must not block.
pub type HandOverAnswer = Box<dyn FnOnce(Result<(), HandOverError>) + Send>;

/// What is told of one pair, and who waits.
#[derive(Default)]
pub(super) struct Desk {
    last_change: Option<Change>,
    stranger: Option<Stranger>,
    told: Option<(Role, Time)>,
    waiting: Option<HandOverAnswer>,
}

impl Desk {
    /// Takes note that the air came.
    pub(super) fn note_taken(&mut self, utc: Utc, reason: Reason, counters: &mut Counters) {
        self.last_change = Some(Change { on_air: true, reason, timestamp: unix_seconds(utc) });
        match reason {
            Reason::Nobody => counters.takeovers_nobody += 1,
            Reason::Silence => counters.takeovers_silence += 1,
            Reason::HandOver => counters.takeovers_hand_over += 1,
            Reason::TakenBack => counters.takeovers_taken_back += 1,
            Reason::Outranked | Reason::Stalled | Reason::BetterInput | Reason::Unheard => {}
        }
    }

    /// Takes note that the air went.
    pub(super) fn note_left(&mut self, utc: Utc, reason: Reason, counters: &mut Counters) {
        self.last_change = Some(Change { on_air: false, reason, timestamp: unix_seconds(utc) });
        match reason {
            Reason::HandOver => counters.left_air_hand_over += 1,
            Reason::Outranked => counters.left_air_outranked += 1,
            Reason::Stalled => counters.left_air_stalled += 1,
            Reason::BetterInput => counters.left_air_better_input += 1,
            Reason::Unheard => counters.left_air_unheard += 1,
            Reason::Nobody | Reason::Silence | Reason::TakenBack => {}
        }
    }

    /// Takes note of somebody who is none of the instances.
    pub(super) fn note_stranger(&mut self, utc: Utc, address: SocketAddr, counters: &mut Counters) {
        counters.strangers += 1;
        self.stranger = Some(Stranger { address, timestamp: unix_seconds(utc) });
    }

    /// Has the air handed over, as [`Machine::hand_over`] does; `answer` gets what came of it.
    pub(super) fn hand_over(
        &mut self,
        now: Moment,
        machine: &mut Machine,
        to: Option<InstanceId>,
        answer: HandOverAnswer,
    ) {
        if self.waiting.is_some() || machine.role() == Role::HandingOver {
            return answer(Err(HandOverError::Busy));
        }
        match machine.hand_over(now, to) {
            Ok(()) => self.waiting = Some(answer),
            Err(why) => answer(Err(why.into())),
        }
    }

    /// Answers whoever waits for a hand-over, if it is over.
    pub(super) fn answer(&mut self, role: Role) {
        if role == Role::HandingOver {
            return;
        }
        let result = if role == Role::OnAir { Err(HandOverError::TakenBack) } else { Ok(()) };
        self.waiting.take().into_iter().for_each(|answer| answer(result));
    }

    /// What is to be told of the pair, if it is time or the role is another.
    pub(super) fn report(&mut self, now: Moment, machine: &Machine) -> Option<PairStatus> {
        let role = machine.role();
        let is_due = self.told.is_none_or(|(told, at)| told != role || now.mono.since(at) >= REPORT_INTERVAL);
        is_due.then(|| {
            self.told = Some((role, now.mono));
            machine.status(now, self.last_change, self.stranger)
        })
    }
}
