//! To take the air when it is silent, and to leave it to another.

use std::net::SocketAddr;
use std::time::Duration;

use super::reason::Reason;
use super::{Action, LEAST_HOLD, MOST_HOLD, Machine, Role};
use crate::pair::alignment::MATCHES_ALIGNED;
use crate::pair::fingerprint::Fingerprint;
use crate::pair::message::{Message, Quality, Standing};
use crate::pair::peers::{merit, weight};
use crate::time::{Moment, Time};

/// Each candidate that goes before has so much time to do so.
const TURN: Duration = Duration::from_millis(4);
/// Interval between two answers to somebody else on air.
const ANSWER_INTERVAL: Duration = Duration::from_millis(2);
/// Without a datagram for so long, the air is no longer somebody's.
const AIR_GONE: Duration = Duration::from_secs(1);
/// A pause is so long at least, and so many times the usual interval.
const LEAST_PAUSE: Duration = Duration::from_millis(5);
const PAUSE_INTERVALS: u32 = 4;
/// What is on air is ahead when nothing made here was the same for so long at least, and so many times the usual interval.
const LEAST_LEAD: Duration = Duration::from_millis(100);
const LEAD_INTERVALS: u32 = 8;
/// For so long after a pause, or after a change of who has the air, it is not steady.
const STEADY: Duration = Duration::from_millis(100);
/// Who is called so much later than it wanted did not get to run meanwhile.
const LEAST_MISSED: Duration = Duration::from_millis(1);
/// Who is told to leave the air for so long, and does not, does not hear it.
const UNHEARD: Duration = Duration::from_millis(500);
/// So many in a row that one sends who was not on air, and that we did not, are not what it sent before it left.
const UNSENT: u32 = 2;
/// Without a datagram of the other for so long, it has left.
const CONTEST_PAUSE: Duration = Duration::from_millis(100);
/// Interval between two reports of a stranger.
const STRANGER_INTERVAL: Duration = Duration::from_secs(10);
/// Another's input must be better for so long: both may be about to find out the same.
const BETTER_FOR: Duration = Duration::from_millis(500);

/// What was heard on air from others.
#[derive(Debug, Default)]
pub(super) struct Air {
    /// The last datagram from one of us.
    ours: Option<Time>,
    interval: Interval,
    respite: Respite,
    /// When one of ours was last the same as one on air.
    pub(super) matched: Option<Time>,
    /// Who sent it, and since when without a pause.
    run: Option<(SocketAddr, Time)>,
    /// The last one from somebody else, and who that is.
    stranger: Option<(Time, SocketAddr)>,
    stranger_told: Option<Time>,
    contest: Option<Contest>,
    /// Datagrams in a row, while on air, that another sends and this instance did not: it has been overtaken.
    unsent: u32,
    answered: Time,
    better_since: Option<Time>,
}

/// Another is on air that should leave it.
#[derive(Clone, Copy, Debug)]
struct Contest {
    since: Time,
    last: Time,
    /// Datagrams of it that were ours as well.
    equal: u32,
}

impl Contest {
    /// Notes a datagram of the other, which may be one of ours.
    fn note(now: Time, before: Option<Self>, is_equal: bool) -> Self {
        let before = before.filter(|contest| now.since(contest.last) < CONTEST_PAUSE);
        let Self { since, equal, .. } = before.unwrap_or(Self { since: now, last: now, equal: 0 });
        Self { since, last: now, equal: equal.saturating_add(is_equal.into()) }
    }

    /// Whether the other sends what we send, and cannot hear us.
    fn is_unheard(&self) -> bool {
        self.last.since(self.since) >= UNHEARD && self.equal >= MATCHES_ALIGNED
    }
}

/// Usual time between two datagrams on air: a mean in which the latest counts for a sixteenth.
#[derive(Debug, Default)]
struct Interval(Duration);

impl Interval {
    /// Returns whether this was a pause.
    fn observe(&mut self, span: Duration) -> bool {
        let pause = LEAST_PAUSE.max(self.0 * PAUSE_INTERVALS);
        self.0 = (self.0 * 15 + span.min(pause)) / 16;
        span > pause
    }
}

/// Time given to others by one that did not get to run itself: they may have waited for the same processor.
#[derive(Debug, Default)]
struct Respite {
    until: Time,
    /// Since they were last heard, in all.
    given: Duration,
}

impl Air {
    pub(super) fn note(&mut self, now: Time, is_ours: bool, source: SocketAddr) {
        if is_ours {
            let is_pause = self.ours.is_none_or(|ours| self.interval.observe(now.since(ours)));
            let since = self.run.filter(|(sender, _)| *sender == source && !is_pause).map_or(now, |(_, since)| since);
            (self.ours, self.run, self.respite) = (Some(now), Some((source, since)), Respite::default());
        } else {
            self.stranger = Some((now, source));
        }
    }

    /// Whether one of us has it.
    pub(super) fn is_ours(&self, now: Time) -> bool {
        self.ours.is_some_and(|ours| now.since(ours) < AIR_GONE)
    }

    /// Whether it goes on with what is not made here.
    pub(super) fn is_ahead(&self) -> bool {
        let limit = LEAST_LEAD.max(self.interval.0 * LEAD_INTERVALS);
        self.ours.zip(self.matched).is_some_and(|(ours, matched)| ours.since(matched) > limit)
    }

    /// Whether it runs as it should: after a change of who has it, what was late comes first.
    pub(super) fn is_steady(&self, now: Time) -> bool {
        self.run.is_some_and(|(_, since)| now.since(since) >= STEADY)
    }

    fn stranger(&self, now: Time) -> Option<SocketAddr> {
        self.stranger.filter(|(heard, _)| now.since(*heard) < AIR_GONE).map(|(_, source)| source)
    }
}

impl Machine {
    /// Takes the air if our datagrams should have been heard there by now, and nothing was.
    pub(super) fn watch_air(&mut self, now: Moment) {
        self.give_up_stale(now.mono);
        if !self.is_due(now.mono) {
            return;
        }
        let is_first = self.term == 0;
        match self.air.stranger(now.mono).filter(|_| is_first) {
            Some(stranger) => self.refuse(now.mono, stranger),
            None if is_first => self.take_air(now, 1, Reason::Nobody),
            None => self.take_air(now, self.term.saturating_add(1), Reason::Silence),
        }
    }

    /// While another has the air, ours go with its. What waits since it fell silent is not stale, however late this instance
    /// came to look at it.
    fn give_up_stale(&mut self, now: Time) {
        let (until, hold) = match self.air.ours.filter(|_| self.air.is_ours(now)) {
            Some(ours) => (ours, LEAST_HOLD.max(self.patience(now) * 2)),
            None => (now, MOST_HOLD),
        };
        self.comparison.give_up_older_than(until, hold);
        self.settled += self.alignment.give_up_older_than(until, hold);
    }

    /// Called later than it wanted, it waits as long once more before it takes the air.
    pub(super) fn note_late(&mut self, now: Time) {
        let late = now.since(self.next_look);
        if late >= LEAST_MISSED && self.air.respite.given < self.options.most_patience {
            let span = late.min(self.patience(now));
            self.air.respite = Respite { until: now + span, given: self.air.respite.given + span };
        }
    }

    /// Whether it would take the air at `now`, if nothing more was heard.
    pub fn is_due(&self, now: Time) -> bool {
        self.can_take() && self.overdue_at(now).is_some_and(|at| now > at)
    }

    pub(super) fn can_take(&self) -> bool {
        self.quality > Quality::None && !self.leaving
    }

    /// When our oldest datagram and the air have both waited too long, and this instance has been there to notice.
    pub(super) fn overdue_at(&self, now: Time) -> Option<Time> {
        let oldest = self.alignment.oldest()?;
        let since = self.air.ours.map_or(oldest, |ours| ours.max(oldest));
        Some((since + self.patience(now)).max(self.air.respite.until))
    }

    /// How long a silence it bears: more, the more others go before it, or while it cannot tell that it has the same stream.
    pub(super) fn patience(&self, now: Time) -> Duration {
        let (least, most) = (self.options.least_patience, self.options.most_patience);
        let bears = (2 * self.skew.largest()).clamp(least, most.max(least));
        let is_foreign = self.air.is_ours(now) && !self.alignment.is_aligned();
        bears + TURN * self.before_us(now) + if is_foreign { most } else { Duration::ZERO }
    }

    /// How many could take the air that go before this one.
    fn before_us(&self, now: Time) -> u32 {
        let mine = self.standing(now);
        let count = if self.term == 0 {
            // Before the first datagram nobody's input is any good.
            let others = self.peers.present(now).map(|peer| &peer.standing).filter(|other| !other.leaving);
            others.filter(|other| (other.rank, other.instance) > (mine.rank, mine.instance)).count()
        } else {
            self.peers.candidates(now).filter(|other| merit(other) > merit(&mine)).count()
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn refuse(&mut self, now: Time, stranger: SocketAddr) {
        if self.role != Role::Refused {
            self.enter(now, Role::Refused);
        }
        self.tell_of(now, stranger);
    }

    fn tell_of(&mut self, now: Time, stranger: SocketAddr) {
        if self.air.stranger_told.is_none_or(|told| now.since(told) >= STRANGER_INTERVAL) {
            self.air.stranger_told = Some(now);
            self.actions.push_back(Action::Stranger(stranger));
        }
    }

    pub(super) fn take_air(&mut self, now: Moment, term: u64, reason: Reason) {
        self.term = term;
        self.go_on_air(now, reason, None);
    }

    pub(super) fn go_on_air(&mut self, now: Moment, reason: Reason, rtp_next: Option<u16>) {
        self.enter(now.mono, Role::OnAir);
        self.alignment.take_lead();
        self.comparison.begin_anew();
        (self.air.contest, self.air.better_since, self.air.unsent) = (None, None, 0);
        self.actions.push_back(Action::TakeAir { reason, rtp_next });
        self.say_hello(now);
    }

    /// On air: passes it on to one that has a better input, and when it leaves.
    pub(super) fn watch_self(&mut self, now: Moment) {
        if self.leaving {
            self.offer_or_end(now);
        } else {
            self.watch_quality(now);
        }
    }

    fn watch_quality(&mut self, now: Moment) {
        let is_better = self.peers.candidates(now.mono).any(|peer| peer.quality > self.quality);
        let since = self.air.better_since.filter(|_| is_better);
        self.air.better_since = is_better.then(|| since.unwrap_or(now.mono));
        let has_nothing = self.quality == Quality::None;
        if is_better && (has_nothing || since.is_some_and(|since| now.mono.since(since) >= BETTER_FOR)) {
            self.air.better_since = None;
            self.offer(now, Reason::BetterInput);
        }
    }

    fn step_back(&mut self, now: Moment, reason: Reason) {
        self.enter(now.mono, Role::Standby);
        self.alignment.wait_anew(now.mono);
        self.alignment.stop_skipping();
        self.actions.push_back(Action::LeaveAir(reason));
        self.say_hello(now);
    }

    /// On air, and somebody else is as well.
    pub(super) fn contend(
        &mut self,
        now: Moment,
        sender: Option<Standing>,
        fingerprint: Fingerprint,
        source: SocketAddr,
    ) {
        match sender {
            // It has left, and this was on its way; or it went on air while this instance did not get to run.
            Some(other) if !other.on_air => {
                self.air.unsent = if self.alignment.is_known(fingerprint) { 0 } else { self.air.unsent + 1 };
                if self.air.unsent >= UNSENT {
                    self.step_back(now, Reason::Stalled);
                }
            }
            Some(other) if weight(&other) > weight(&self.standing(now.mono)) => {
                // Should it fall silent, the next term is the one after its own.
                self.term = other.term;
                self.step_back(now, Reason::Outranked);
            }
            Some(_) => {
                let contest = Contest::note(now.mono, self.air.contest, self.alignment.is_known(fingerprint));
                self.air.contest = Some(contest);
                if contest.is_unheard() { self.step_back(now, Reason::Unheard) } else { self.answer(now) }
            }
            None => {
                self.answer(now);
                self.tell_of(now.mono, source);
            }
        }
    }

    /// Another says that it is on air. By itself that moves nobody: only what is heard on air does.
    pub(super) fn hear_of_air(&mut self, now: Moment, other: &Standing) {
        match self.role {
            Role::OnAir => self.answer(now),
            Role::HandingOver => self.hear_successor(now, other.instance),
            Role::Joining | Role::Standby | Role::Refused | Role::Left => self.term = self.term.max(other.term),
        }
    }

    fn answer(&mut self, now: Moment) {
        if now.mono.since(self.air.answered) >= ANSWER_INTERVAL {
            self.air.answered = now.mono;
            self.say_hello(now);
        }
    }

    pub(super) fn say(&mut self, now: Moment, hand_over: Option<crate::pair::message::HandOver>) {
        self.said += 1;
        let standing = self.standing(now.mono);
        self.actions.push_back(Action::Say(Message { standing, count: self.said, sent: now.utc, hand_over }));
    }
}
