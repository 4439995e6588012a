//! Who is on air: one instance's view, and what it does. Pure: sockets, queues and clocks are the caller's.
//!
//! - [`reason`]: why the air changes hands.
//! - `air`: to take the air when it is silent, and to leave it to another.
//! - `hand_over`: to pass it on as planned.

mod air;
mod hand_over;
pub mod reason;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::alignment::{Alignment, Heard, Made};
use super::comparison::{Agreement, Comparison};
use super::fingerprint::Fingerprint;
use super::message::{InstanceId, Message, Quality, Standing};
use super::peers::{Peer, Peers};
use super::skew::Skew;
use crate::time::{Moment, Time};

use air::Air;
pub use hand_over::NotHandedOver;
use hand_over::Offer;
use reason::Reason;

/// Interval between two hellos.
const HELLO_INTERVAL: Duration = Duration::from_millis(100);
/// How long a new instance only listens.
const JOIN: Duration = Duration::from_millis(300);
/// Ours that had waited so long when another's were last on air are given up: at least so long.
const LEAST_HOLD: Duration = Duration::from_millis(250);
/// Who only holds back reads its input and the air so often: each datagram has the time of its arrival, and to be woken for each costs more
/// than to read it.
const READ_EVERY: Duration = Duration::from_millis(4);
/// A term that is further ahead is none: nobody is to use them up.
const MOST_TERMS_AHEAD: u64 = 1 << 20;
/// Datagrams older than this are stale whoever is on air.
const MOST_HOLD: Duration = Duration::from_secs(1);

/// What can be set.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Of two that could go on air, or are with the same term, the higher goes first.
    pub rank: u16,
    /// A standby waits at least so long before it takes the air from one that is silent.
    pub least_patience: Duration,
    /// And at most so long.
    pub most_patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { rank: 0, least_patience: Duration::from_millis(8), most_patience: Duration::from_millis(100) }
    }
}

/// What an instance does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It listens who is there.
    Joining,
    /// It holds back.
    Standby,
    /// It holds back, and will not go on air while somebody who is none of us uses the group.
    Refused,
    /// It sends.
    OnAir,
    /// It has stopped sending and waits until the successor is heard.
    HandingOver,
    /// It is done.
    Left,
}

/// What the caller is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send what waits from now on.
    TakeAir {
        /// Why.
        reason: Reason,
        /// The RTP sequence to go on with, if the predecessor has told it.
        rtp_next: Option<u16>,
    },
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
    /// Since when it has this role.
    since: Time,
    term: u64,
    quality: Quality,
    leaving: bool,
    alignment: Alignment,
    comparison: Comparison,
    peers: Peers,
    skew: Skew,
    air: Air,
    offer: Option<Offer>,
    next_hello: Time,
    /// When it wanted to be called at the latest.
    next_look: Time,
    said: u64,
    /// Since when a place is waited for up to which the predecessor has sent.
    skip_since: Option<Time>,
    /// Of the oldest that wait, so many were on air.
    settled: usize,
    /// RTP sequence number of the next datagram that is sent from here.
    rtp_next: Option<u16>,
    actions: VecDeque<Action>,
}

impl Machine {
    /// An instance that starts at `now` and sends the stream from UDP port `port`.
    pub fn new(now: Time, instance: InstanceId, port: u16, options: Options) -> Self {
        Self {
            options,
            instance,
            port,
            role: Role::Joining,
            since: now,
            term: 0,
            quality: Quality::None,
            leaving: false,
            alignment: Alignment::default(),
            comparison: Comparison::default(),
            peers: Peers::default(),
            skew: Skew::default(),
            air: Air::default(),
            offer: None,
            next_hello: now,
            next_look: now,
            said: 0,
            skip_since: None,
            settled: 0,
            rtp_next: None,
            actions: VecDeque::new(),
        }
    }

    /// What it does.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Since when it does that.
    pub const fn since(&self) -> Time {
        self.since
    }

    /// Whether it is to send what waits: it is on air, and knows where to go on.
    pub fn may_send(&self) -> bool {
        self.role == Role::OnAir && !self.alignment.is_skipping()
    }

    /// Whether another is on air with what is made here, so that this instance has nothing to do but wait.
    pub fn is_aside(&self) -> bool {
        self.role == Role::Standby && self.is_in_step() && self.can_take()
    }

    /// The term in which it is, or last knew somebody to be, on air.
    pub const fn term(&self) -> u64 {
        self.term
    }

    /// How well its datagrams and those on air agree.
    pub const fn agreement(&self) -> Agreement {
        self.comparison.agreement()
    }

    /// How it stands, as it tells the others.
    pub fn standing(&self, now: Time) -> Standing {
        Standing {
            instance: self.instance,
            rank: self.options.rank,
            term: self.term,
            on_air: self.role == Role::OnAir,
            ready: self.is_ready(now),
            quality: self.quality,
            leaving: self.leaving,
            port: self.port,
        }
    }

    /// The others that are there.
    pub fn peers(&self, now: Time) -> impl Iterator<Item = &Peer> {
        self.peers.present(now)
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

    /// How good the input is, as the caller sees it.
    pub fn set_quality(&mut self, now: Time, quality: Quality) {
        if self.quality != quality {
            // The others count on it, or do no longer.
            self.next_hello = now;
        }
        self.quality = quality;
    }

    /// The stream is sent from this UDP port from now on.
    pub const fn set_port(&mut self, now: Time, port: u16) {
        self.port = port;
        self.next_hello = now;
    }

    /// The next datagram sent from here has this RTP sequence number, unless it brings its own; a successor is told.
    pub const fn set_rtp_next(&mut self, rtp_next: Option<u16>) {
        self.rtp_next = rtp_next;
    }

    /// A datagram was made that leaves, or would leave, at `release`.
    pub fn made(&mut self, release: Time, fingerprint: Fingerprint) -> Verdict {
        if self.role != Role::OnAir {
            self.comparison.made(release, fingerprint, |other| self.alignment.is_known(other));
        }
        match self.alignment.made(release, fingerprint) {
            Made::Waits => Verdict::Keep,
            Made::Past { before } => {
                self.air.matched = Some(release);
                Verdict::Drop { before }
            }
        }
    }

    /// The oldest `count` datagrams of the queue were sent.
    pub fn sent(&mut self, count: usize) {
        self.alignment.sent(count);
    }

    /// A datagram had come in on the output group at `arrival`, from somebody else.
    pub fn heard(&mut self, now: Moment, arrival: Time, fingerprint: Fingerprint, source: SocketAddr) {
        let sender = self.peers.sender(source).copied();
        if self.role == Role::OnAir {
            return self.contend(now, sender, fingerprint, source);
        }
        self.comparison.heard(fingerprint, |other| self.alignment.is_known(other));
        let heard = self.alignment.heard(fingerprint);
        self.air.note(arrival, sender.is_some() || heard != Heard::Ahead, source);
        if let Heard::Settles { count, since } = heard {
            self.settled += count;
            self.air.matched = Some(arrival);
            if self.air.is_steady(arrival) {
                self.skew.observe(arrival, arrival.since(since));
            }
        }
        if let (Role::HandingOver, Some(sender)) = (self.role, sender) {
            self.hear_successor(now, sender.instance);
        }
    }

    /// A message came in.
    pub fn said(&mut self, now: Moment, message: &Message, address: IpAddr) {
        let standing = &message.standing;
        let is_plausible = self.term == 0 || standing.term <= self.term.saturating_add(MOST_TERMS_AHEAD);
        if standing.instance == self.instance || !is_plausible {
            return;
        }
        let news = self.peers.note(now, message, address);
        if news == Some(true) {
            self.next_hello = now.mono;
        }
        match &message.hand_over {
            // It may be overtaken by a later hello; its term tells whether it still holds.
            Some(hand_over) if hand_over.to == self.instance => self.take_hand_over(now, standing.term, hand_over),
            _ if standing.on_air && news.is_some() => self.hear_of_air(now, standing),
            _ => {}
        }
    }

    /// Does what time demands, and says when to be called again at the latest. What was heard is to be given first:
    /// who wakes from a freeze must not act on the time before.
    pub fn poll(&mut self, now: Moment) -> Time {
        self.note_late(now.mono);
        match self.role {
            Role::Joining if now.mono.since(self.since) >= JOIN => self.become_standby(now),
            Role::Standby | Role::Refused => self.watch_air(now),
            Role::OnAir => self.watch_self(now),
            Role::HandingOver => self.press(now),
            Role::Joining | Role::Left => {}
        }
        if self.skip_since.is_some_and(|since| now.mono.since(since) >= self.patience(now.mono)) {
            self.alignment.stop_skipping();
        }
        if !self.alignment.is_skipping() {
            self.skip_since = None;
        }
        if self.next_hello <= now.mono && self.role != Role::Left {
            self.say_hello(now);
        }
        self.next_look = self.deadline(now.mono);
        self.next_look
    }

    fn deadline(&self, now: Time) -> Time {
        let own = match self.role {
            Role::Joining => Some(self.since + JOIN),
            Role::Standby if self.is_aside() => Some(now + READ_EVERY),
            Role::Standby => self.overdue_at(now).filter(|_| self.can_take()),
            Role::HandingOver => self.offer.map(|offer| offer.next),
            Role::OnAir => self.skip_since.map(|since| since + self.patience(now)),
            Role::Refused | Role::Left => None,
        };
        own.map_or(self.next_hello, |own| own.min(self.next_hello))
    }

    fn become_standby(&mut self, now: Moment) {
        self.enter(now.mono, Role::Standby);
        self.alignment.wait_anew(now.mono);
        self.say_hello(now);
    }

    fn enter(&mut self, now: Time, role: Role) {
        (self.role, self.since) = (role, now);
    }

    /// It could go on where the air is: what it makes was heard there, or there is nobody to compare with.
    fn is_ready(&self, now: Time) -> bool {
        self.role == Role::Standby && (self.is_in_step() || !self.air.is_ours(now))
    }

    /// What is on air is made here as well, the latest included: an input that has just been cut makes nothing any more.
    fn is_in_step(&self) -> bool {
        self.alignment.is_aligned() && !self.air.is_ahead()
    }

    fn say_hello(&mut self, now: Moment) {
        self.next_hello = now.mono + HELLO_INTERVAL;
        self.say(now, None);
    }
}
