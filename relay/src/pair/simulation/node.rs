//! One instance: the machine with a queue and sockets that are lists.

use std::collections::VecDeque;
use std::net::SocketAddr;

use crate::pair::fingerprint::{Fingerprint, Position};
use crate::pair::machine::{Action, Machine, Options, Role, Verdict};
use crate::pair::message::{InstanceId, Message, Quality};
use crate::time::{Moment, Time, Utc};

/// A mistake that the simulation must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bug {
    /// None.
    None,
    /// The place in a hand-over is not looked at.
    IgnoresPlace,
    /// After a freeze it goes on as if nothing had been.
    SendsBacklog,
    /// It forgets what waits when it takes the air.
    StartsWithTheNext,
}

/// What reaches an instance.
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// A datagram of the channel.
    Channel { number: u64, arrival: Time },
    /// A datagram on the output group.
    Air { number: u64, arrival: Time, source: SocketAddr },
    /// A message beside the stream.
    Said { message: Message, from: SocketAddr },
    /// Its deadline.
    Wake,
}

/// What an instance sends.
#[derive(Clone, Debug)]
pub(super) enum Output {
    Air(u64),
    Said(Message),
}

pub(super) struct Node {
    pub(super) address: SocketAddr,
    pub(super) machine: Machine,
    queue: VecDeque<u64>,
    bug: Bug,
    /// Frozen until then; what comes meanwhile waits.
    pub(super) frozen_until: Option<Time>,
    backlog: Vec<Input>,
    pub(super) has_input: bool,
    pub(super) has_output: bool,
    /// Whether it hears nothing of the others, while they hear it.
    pub(super) is_deaf: bool,
    /// What its clock shows too much.
    pub(super) clock_error_nanos: i64,
    /// Of its input, as long as there is one.
    pub(super) quality: Quality,
    last_input: Time,
}

/// Datagrams are all the same so often: a channel that sends null packets.
const SAME_EVERY: u64 = 37;
/// Without input for so long it is not healthy.
const INPUT_LIMIT: std::time::Duration = std::time::Duration::from_millis(100);

fn fingerprint(number: u64) -> Fingerprint {
    Fingerprint(if number % SAME_EVERY < 2 { 0 } else { number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 })
}

impl Node {
    pub(super) fn new(now: Time, id: u64, address: SocketAddr, options: Options, bug: Bug) -> Self {
        let machine = Machine::new(now, InstanceId(id), address.port(), options);
        let (queue, backlog) = (VecDeque::new(), Vec::new());
        Self {
            address,
            machine,
            queue,
            bug,
            frozen_until: None,
            backlog,
            has_input: true,
            has_output: true,
            is_deaf: false,
            clock_error_nanos: 0,
            quality: Quality::Good,
            last_input: Time::default(),
        }
    }

    pub(super) fn is_on_air(&self) -> bool {
        self.machine.role() == Role::OnAir
    }

    pub(super) fn is_standby(&self) -> bool {
        self.machine.role() == Role::Standby
    }

    /// Takes what came; gives what it sends and when it wants to be woken.
    pub(super) fn take(&mut self, now: Moment, input: Input) -> (Vec<Output>, Option<Time>) {
        let now = Moment { utc: Utc(now.utc.0.saturating_add_signed(self.clock_error_nanos)), ..now };
        if self.frozen_until.is_some_and(|until| until > now.mono) {
            self.backlog.push(input);
            return (Vec::new(), None);
        }
        self.frozen_until = None;
        let mut inputs = std::mem::take(&mut self.backlog);
        inputs.push(input);
        // The rule of use: what was heard comes first.
        let (heard, made): (Vec<_>, Vec<_>) =
            inputs.into_iter().partition(|input| !matches!(input, Input::Channel { .. }));
        let mut out = Vec::new();
        let [first, second] = if self.bug == Bug::SendsBacklog { [made, heard] } else { [heard, made] };
        first.into_iter().for_each(|input| self.feed(now, input));
        if self.bug == Bug::SendsBacklog {
            self.send(&mut out);
        }
        second.into_iter().for_each(|input| self.feed(now, input));
        let has_input = now.mono.since(self.last_input) < INPUT_LIMIT;
        self.machine.set_quality(now.mono, if has_input { self.quality } else { Quality::None });
        let deadline = self.machine.poll(now);
        self.act(&mut out);
        self.send(&mut out);
        (out, (self.machine.role() != Role::Left).then_some(deadline))
    }

    fn feed(&mut self, now: Moment, input: Input) {
        match input {
            Input::Channel { number, arrival } => {
                self.last_input = arrival;
                match self.machine.made(arrival, fingerprint(number)) {
                    Verdict::Keep => self.queue.push_back(number),
                    Verdict::Drop { before } => drop(self.queue.drain(..before)),
                }
            }
            Input::Air { number, arrival, source } => self.machine.heard(now, arrival, fingerprint(number), source),
            Input::Said { mut message, from } => {
                if let (Bug::IgnoresPlace, Some(hand_over)) = (self.bug, &mut message.hand_over) {
                    hand_over.place = Position::default();
                }
                self.machine.said(now, &message, from.ip());
            }
            Input::Wake => {}
        }
        // What is to be dropped counts from the queue as it is now.
        self.drop_settled();
    }

    fn send(&mut self, out: &mut Vec<Output>) {
        if self.machine.may_send() {
            let count = self.queue.len();
            out.extend(self.queue.drain(..).map(Output::Air));
            self.machine.sent(count);
        }
    }

    fn drop_settled(&mut self) {
        drop(self.queue.drain(..self.machine.take_settled()));
    }

    fn act(&mut self, out: &mut Vec<Output>) {
        while let Some(action) = self.machine.next_action() {
            match action {
                Action::Say(message) => out.push(Output::Said(message)),
                Action::TakeAir { .. } if self.bug == Bug::StartsWithTheNext => {
                    self.machine.sent(self.queue.len());
                    self.queue.clear();
                }
                Action::TakeAir { .. } | Action::LeaveAir(_) | Action::Stranger(_) => {}
            }
        }
    }
}
