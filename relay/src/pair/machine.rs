//! Who is on air: one instance's view, and what it does. Pure: sockets, queues and clocks are the caller's.

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::alignment::{Agreement, Alignment, Made};
use super::fingerprint::{Fingerprint, Position};
use super::message::{InstanceId, Message, Standing};
use super::peers::{Peers, weight};
use super::skew::Skew;
use crate::time::{Moment, Time};

/// Interval between two hellos.
const HELLO_INTERVAL: Duration = Duration::from_millis(100);
/// How long a new instance only listens.
const JOIN: Duration = Duration::from_millis(300);
/// Each candidate of higher rank has so much time to go first.
const TURN: Duration = Duration::from_millis(4);
/// Interval between two attempts to hand over, and their number.
const HAND_OVER_INTERVAL: Duration = Duration::from_millis(5);
const HAND_OVER_ATTEMPTS: u32 = 4;
/// How long to wait for the place up to which a predecessor sent.
const SKIP_LIMIT: Duration = Duration::from_millis(50);
/// Interval between two answers to somebody else on air.
const ANSWER_INTERVAL: Duration = Duration::from_millis(2);

/// What can be set.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Of two on air with the same term, the higher stays.
    pub rank: u16,
    /// A standby waits at least so long before it takes the air from one that is silent.
    pub least_patience: Duration,
    /// And at most so long.
    pub most_patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { rank: 0, least_patience: Duration::from_millis(5), most_patience: Duration::from_millis(100) }
    }
}

/// What an instance does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It listens who is there.
    Joining,
    /// It holds back.
    Standby,
    /// It sends.
    OnAir,
    /// It has stopped sending and waits until the successor is heard.
    HandingOver,
    /// It is done.
    Left,
}

/// Why the air changed hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Nobody was on air.
    Nobody,
    /// Our datagrams were not heard on air in time.
    Silence,
    /// It was handed over.
    HandOver,
    /// Another is on air that goes before this one.
    Outranked,
    /// This instance did not get to run: what it has is stale.
    Stalled,
    /// The successor was not heard, so it is taken back.
    TakenBack,
}

impl Reason {
    /// All there are.
    pub const ALL: [Self; 6] =
        [Self::Nobody, Self::Silence, Self::HandOver, Self::Outranked, Self::Stalled, Self::TakenBack];

    /// Name, as a label of metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Silence => "silence",
            Self::HandOver => "hand_over",
            Self::Outranked => "outranked",
            Self::Stalled => "stalled",
            Self::TakenBack => "taken_back",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nobody => "nobody else was",
            Self::Silence => "what should have been on air was not heard there",
            Self::HandOver => "handed over as planned",
            Self::Outranked => "another instance is on air that goes before this one",
            Self::Stalled => "this instance did not get to run in time",
            Self::TakenBack => "the successor was not heard",
        })
    }
}

/// What the caller is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send what waits from now on.
    TakeAir(Reason),
    /// Send nothing any more.
    LeaveAir(Reason),
    /// Send this to the others.
    Say(Message),
    /// Somebody who is none of us sends to the group.
    Stranger(SocketAddr),
}

/// What to do with a datagram that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Keep it in the queue: it leaves in its turn, or when this instance takes the air.
    Keep,
    /// Drop it, and so many of the queue before it: they were on air.
    Drop {
        /// Of those that wait.
        before: usize,
    },
}

/// One instance of a flow.
#[derive(Debug)]
pub struct Machine {
    options: Options,
    instance: InstanceId,
    port: u16,
    role: Role,
    term: u64,
    healthy: bool,
    leaving: bool,
    since: Time,
    alignment: Alignment,
    peers: Peers,
    skew: Skew,
    air_heard: Option<Time>,
    next_hello: Time,
    answered: Time,
    hand_over: Option<HandOver>,
    skip_since: Option<Time>,
    /// Of the oldest that wait, so many were on air.
    settled: usize,
    actions: VecDeque<Action>,
}

#[derive(Clone, Copy, Debug)]
struct HandOver {
    to: InstanceId,
    place: Position,
    attempts: u32,
    next: Time,
}

impl Machine {
    /// An instance that starts at `now` and sends the stream from UDP port `port`.
    pub fn new(now: Time, instance: InstanceId, port: u16, options: Options) -> Self {
        Self {
            options,
            instance,
            port,
            role: Role::Joining,
            term: 0,
            healthy: false,
            leaving: false,
            since: now,
            alignment: Alignment::default(),
            peers: Peers::default(),
            skew: Skew::default(),
            air_heard: None,
            next_hello: now,
            answered: Time::default(),
            hand_over: None,
            skip_since: None,
            settled: 0,
            actions: VecDeque::new(),
        }
    }

    /// What it does.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The term in which it is, or last knew somebody to be, on air.
    pub const fn term(&self) -> u64 {
        self.term
    }

    /// How well its datagrams and those on air agree.
    pub const fn agreement(&self) -> Agreement {
        self.alignment.agreement
    }

    /// Takes what is to be done, in order.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// How many of those that wait, the oldest, were on air by what was heard and said since the last call: they are to be
    /// dropped before the next datagram is given.
    pub const fn take_settled(&mut self) -> usize {
        std::mem::replace(&mut self.settled, 0)
    }

    /// Whether the input is good, as the caller sees it.
    pub fn set_healthy(&mut self, now: Time, healthy: bool) {
        if self.healthy != healthy {
            // The others count on it, or do no longer.
            self.next_hello = now;
        }
        self.healthy = healthy;
    }

    /// A datagram was made that leaves, or would leave, at `release`.
    pub fn made(&mut self, release: Time, fingerprint: Fingerprint) -> Verdict {
        match self.alignment.made(release, fingerprint) {
            Made::Waits => Verdict::Keep,
            Made::Past { before } => Verdict::Drop { before },
        }
    }

    /// The oldest `count` datagrams of the queue were sent.
    pub fn sent(&mut self, count: usize) {
        self.alignment.sent(count);
    }

    /// A datagram came in on the output group, from somebody else.
    pub fn heard(&mut self, now: Moment, fingerprint: Fingerprint, source: SocketAddr) {
        self.air_heard = Some(now.mono);
        let sender = self.peers.sender(source).copied();
        if self.role == Role::OnAir {
            return self.contend(now, sender, source);
        }
        if let Some((count, since)) = self.alignment.heard(fingerprint) {
            self.skew.observe(now.mono, now.mono.since(since));
            self.settled += count;
        }
        if self.role == Role::HandingOver
            && let (Some(hand_over), Some(sender)) = (self.hand_over, sender)
            && sender.instance == hand_over.to
        {
            self.handed_over(now);
        }
    }

    /// A message came in.
    pub fn said(&mut self, now: Moment, message: &Message, address: IpAddr) {
        let standing = &message.standing;
        if standing.instance == self.instance {
            return;
        }
        let news = self.peers.note(now.mono, message, address);
        if news == Some(true) {
            self.next_hello = now.mono;
        }
        match message.hand_over {
            // It may be overtaken by a later hello; its term tells whether it still holds.
            Some((to, place)) if to == self.instance => self.take_hand_over(now, standing.term, place),
            _ if standing.on_air && news.is_some() => self.hear_of_air(now, standing),
            _ => {}
        }
    }

    /// Begins to leave: the air is handed over first, if this instance has it and another is ready.
    pub fn leave(&mut self, now: Moment) {
        self.leaving = true;
        match self.role {
            Role::OnAir => {
                if !self.offer(now) {
                    self.end(now);
                }
            }
            Role::HandingOver => {}
            Role::Joining | Role::Standby | Role::Left => self.end(now),
        }
    }

    /// Does what time demands, and says when to be called again at the latest. What was heard is to be given first:
    /// who wakes from a freeze must not act on the time before.
    pub fn poll(&mut self, now: Moment) -> Time {
        match self.role {
            Role::Joining if now.mono.since(self.since) >= JOIN => self.become_standby(now),
            Role::Standby => self.watch_air(now),
            Role::OnAir => self.watch_self(now),
            Role::HandingOver => self.press_hand_over(now),
            Role::Joining | Role::Left => {}
        }
        if self.skip_since.is_some_and(|since| now.mono.since(since) >= SKIP_LIMIT) {
            self.alignment.stop_skipping();
            self.skip_since = None;
        }
        if self.next_hello <= now.mono && self.role != Role::Left {
            self.say_hello(now);
        }
        self.deadline()
    }

    fn deadline(&self) -> Time {
        let own = match self.role {
            Role::Joining => Some(self.since + JOIN),
            Role::Standby => self.alignment.oldest().map(|oldest| oldest + self.patience(self.next_hello)),
            Role::HandingOver => self.hand_over.map(|hand_over| hand_over.next),
            Role::OnAir | Role::Left => None,
        };
        own.map_or(self.next_hello, |own| own.min(self.next_hello))
    }

    fn become_standby(&mut self, now: Moment) {
        self.role = Role::Standby;
        self.alignment.wait_anew(now.mono);
        self.say_hello(now);
    }

    /// Takes the air if our datagrams should have been heard there by now.
    fn watch_air(&mut self, now: Moment) {
        let overdue = self.alignment.oldest().is_some_and(|oldest| now.mono.since(oldest) > self.patience(now.mono));
        if overdue && self.healthy && !self.leaving {
            let reason = if self.air_heard.is_some() { Reason::Silence } else { Reason::Nobody };
            self.take_air(now, self.term + 1, reason);
        }
    }

    /// Steps back if what it has is stale: meanwhile another has taken the air.
    fn watch_self(&mut self, now: Moment) {
        let stale =
            self.alignment.oldest().is_some_and(|oldest| now.mono.since(oldest) > self.options.least_patience * 4 / 5);
        if stale && self.peers.candidates(now.mono).next().is_some() {
            self.step_back(now, Reason::Stalled);
        } else if !self.healthy {
            self.offer(now);
        }
    }

    fn patience(&self, now: Time) -> Duration {
        let Options { least_patience, most_patience, .. } = self.options;
        let mine = (self.options.rank, self.instance);
        let before = self.peers.candidates(now).filter(|peer| (peer.rank, peer.instance) > mine).count() as u32;
        (2 * self.skew.largest()).clamp(least_patience, most_patience) + TURN * before
    }

    fn take_air(&mut self, now: Moment, term: u64, reason: Reason) {
        (self.role, self.term, self.since) = (Role::OnAir, term, now.mono);
        self.alignment.take_lead();
        self.actions.push_back(Action::TakeAir(reason));
        self.say_hello(now);
    }

    fn step_back(&mut self, now: Moment, reason: Reason) {
        (self.role, self.since) = (Role::Standby, now.mono);
        self.alignment.wait_anew(now.mono);
        self.actions.push_back(Action::LeaveAir(reason));
        self.say_hello(now);
    }

    /// Somebody else is on air as well.
    fn contend(&mut self, now: Moment, sender: Option<Standing>, source: SocketAddr) {
        match sender {
            // It has left: this was on its way.
            Some(other) if !other.on_air => {}
            Some(other) if weight(&other) > weight(&self.standing()) => self.step_back(now, Reason::Outranked),
            _ if now.mono.since(self.answered) < ANSWER_INTERVAL => {}
            Some(_) => self.answer(now),
            None => {
                self.answer(now);
                self.actions.push_back(Action::Stranger(source));
            }
        }
    }

    fn answer(&mut self, now: Moment) {
        self.answered = now.mono;
        self.say_hello(now);
    }

    fn hear_of_air(&mut self, now: Moment, other: &Standing) {
        match self.role {
            Role::OnAir if weight(other) > weight(&self.standing()) => self.step_back(now, Reason::Outranked),
            Role::OnAir => {
                if now.mono.since(self.answered) >= ANSWER_INTERVAL {
                    self.answer(now);
                }
            }
            Role::HandingOver if self.hand_over.is_some_and(|hand_over| hand_over.to == other.instance) => {
                self.handed_over(now);
            }
            Role::Joining | Role::Standby | Role::HandingOver | Role::Left => self.term = self.term.max(other.term),
        }
    }

    /// Hands over to the best of those that could go on. Returns whether there is one.
    fn offer(&mut self, now: Moment) -> bool {
        let Some(to) = self.peers.candidates(now.mono).max_by_key(|peer| (peer.rank, peer.instance)) else {
            return false;
        };
        let (to, place) = (to.instance, self.alignment.place());
        self.hand_over = Some(HandOver { to, place, attempts: 0, next: now.mono });
        (self.role, self.term, self.since) = (Role::HandingOver, self.term + 1, now.mono);
        self.actions.push_back(Action::LeaveAir(Reason::HandOver));
        self.press_hand_over(now);
        true
    }

    fn press_hand_over(&mut self, now: Moment) {
        let Some(hand_over) = &mut self.hand_over else { return };
        if hand_over.next > now.mono {
            return;
        }
        if hand_over.attempts == HAND_OVER_ATTEMPTS {
            self.hand_over = None;
            return self.take_air(now, self.term + 1, Reason::TakenBack);
        }
        hand_over.attempts += 1;
        hand_over.next = now.mono + HAND_OVER_INTERVAL;
        let said = Some((hand_over.to, hand_over.place));
        self.say(now, said);
    }

    fn take_hand_over(&mut self, now: Moment, term: u64, place: Position) {
        if term <= self.term || self.leaving {
            return self.say_hello(now);
        }
        let count = self.alignment.skip_to(place);
        self.settled += count;
        self.skip_since = self.alignment.is_skipping().then_some(now.mono);
        self.take_air(now, term, Reason::HandOver);
    }

    fn handed_over(&mut self, now: Moment) {
        (self.hand_over, self.role, self.since) = (None, Role::Standby, now.mono);
        if self.leaving {
            self.end(now);
        }
    }

    fn end(&mut self, now: Moment) {
        self.role = Role::Left;
        self.say_hello(now);
    }

    fn standing(&self) -> Standing {
        Standing {
            instance: self.instance,
            rank: self.options.rank,
            term: self.term,
            on_air: self.role == Role::OnAir,
            ready: self.role == Role::Standby,
            healthy: self.healthy,
            leaving: self.leaving,
            port: self.port,
        }
    }

    fn say_hello(&mut self, now: Moment) {
        self.next_hello = now.mono + HELLO_INTERVAL;
        self.say(now, None);
    }

    fn say(&mut self, now: Moment, hand_over: Option<(InstanceId, Position)>) {
        self.actions.push_back(Action::Say(Message { standing: self.standing(), sent: now.utc, hand_over }));
    }
}
