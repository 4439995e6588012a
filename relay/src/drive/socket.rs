//! A network input: its socket, its silence, and its opening anew.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::event::EventKind;
use crate::flow::{Arrived, Flow};
use crate::io::udp::{Batch, Rx, UdpError};
use crate::mem::Pool;
use crate::spec::Input;
use crate::sys::Received;
use crate::time::{Moment, Time};

/// Silence after which an input counts as down.
const SILENCE: Duration = Duration::from_secs(1);
/// Interval between attempts to open a silent input anew.
const REOPEN_INTERVAL: Duration = Duration::from_secs(1);

/// A network input.
pub(super) struct SocketInput {
    rx: Rx,
    input: Input,
    buffer_bytes: usize,
    state: State,
    failure: Option<String>,
}

enum State {
    /// Nothing has come in yet.
    Waiting { next_try: Time },
    /// Datagrams come in.
    Up { last: Time },
    /// Nothing has come in for a while.
    Silent { since: Time, next_try: Time },
}

impl SocketInput {
    pub(super) fn open(input: &Input, buffer_bytes: usize) -> Result<Self, UdpError> {
        let rx = Rx::open(input, buffer_bytes)?;
        let state = State::Waiting { next_try: Time::default() };
        Ok(Self { rx, input: input.clone(), buffer_bytes, state, failure: None })
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.rx.as_fd()
    }

    /// Receive buffer granted, and asked for, in bytes.
    pub(super) const fn buffer_bytes(&self) -> (usize, usize) {
        (self.rx.granted_buffer_bytes(), self.buffer_bytes)
    }

    /// Gives the flow what waits, one batch. Returns whether more may wait.
    pub(super) fn receive(
        &mut self,
        now: Moment,
        pool: &mut Pool,
        batch: &mut Batch,
        flow: &mut Flow,
        say: &mut impl FnMut(EventKind),
    ) -> bool {
        if let Err(error) = self.rx.receive(pool, batch) {
            self.failed(error.to_string(), say);
            return false;
        }
        let (mut dropped, mut any) = (0, false);
        for (slot, received) in batch.drain() {
            any = true;
            dropped += self.rx.new_drops(&received);
            let arrival = received.arrival.map_or(now.mono, |utc| now.mono_at(utc).min(now.mono));
            let Received { len, segment_len, truncated, .. } = received;
            flow.receive(pool, Arrived { slot, len, segment_len, arrival, truncated });
        }
        if any {
            self.note_arrival(now, flow, say);
        }
        if dropped > 0 {
            flow.counters.dropped_kernel += dropped;
            say(EventKind::KernelDrops(dropped));
        }
        batch.is_full()
    }

    /// When [`Self::on_deadline`] wants to be called.
    pub(super) fn deadline(&self) -> Time {
        match self.state {
            State::Up { last } => last + SILENCE,
            State::Waiting { next_try } | State::Silent { next_try, .. } => next_try,
        }
    }

    /// Notices silence, and opens a silent input anew. Returns whether there is a new socket to watch.
    pub(super) fn on_deadline(&mut self, now: Time, flow: &mut Flow, say: &mut impl FnMut(EventKind)) -> bool {
        if self.deadline() > now {
            return false;
        }
        match &mut self.state {
            State::Up { last } => {
                let since = *last;
                flow.counters.input_up_gauge = 0;
                self.state = State::Silent { since, next_try: now + REOPEN_INTERVAL };
                say(EventKind::InputSilent(now.since(since)));
                false
            }
            State::Waiting { next_try } if *next_try == Time::default() => {
                *next_try = now + REOPEN_INTERVAL;
                false
            }
            State::Waiting { next_try } | State::Silent { next_try, .. } => {
                *next_try = now + REOPEN_INTERVAL;
                self.reopen(say)
            }
        }
    }

    /// The interface may have gone and come back, under another number or with another address: only a new socket has
    /// the group there. The old one is dropped when nothing waits in it, so that no datagram is lost or doubled.
    fn reopen(&mut self, say: &mut impl FnMut(EventKind)) -> bool {
        match Rx::open(&self.input, self.buffer_bytes) {
            Ok(fresh) => {
                if self.failure.take().is_some() {
                    say(EventKind::InputReopened);
                }
                let idle = !self.rx.has_waiting();
                if idle {
                    self.rx = fresh;
                }
                idle
            }
            Err(error) => {
                self.failed(error.to_string(), say);
                false
            }
        }
    }

    fn failed(&mut self, reason: String, say: &mut impl FnMut(EventKind)) {
        if self.failure.as_ref() != Some(&reason) {
            say(EventKind::InputFailed(reason.clone()));
            self.failure = Some(reason);
        }
    }

    fn note_arrival(&mut self, now: Moment, flow: &mut Flow, say: &mut impl FnMut(EventKind)) {
        match self.state {
            State::Up { .. } => {}
            State::Waiting { .. } => say(EventKind::InputStarted),
            State::Silent { since, .. } => say(EventKind::InputBack(now.mono.since(since))),
        }
        self.state = State::Up { last: now.mono };
        flow.counters.input_up_gauge = 1;
        flow.counters.last_input_utc_nanos_gauge = now.utc.0;
    }
}
