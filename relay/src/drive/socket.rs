//! A network input: its socket, its silence, and its opening anew.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use super::crossing::Crossing;
use super::queue_watch::QueueWatch;
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
    queue: QueueWatch,
    /// Whether it comes through the socket or by AF_XDP.
    pub(super) crossing: Crossing,
    failure: Option<String>,
}

enum State {
    /// Just opened; since when is known once the thread has looked at it.
    New { since: Option<Time> },
    /// Datagrams come in.
    Up { last: Time },
    /// Nothing has come in for a while, or not at all yet.
    Silent { since: Time, next_try: Time, was_up: bool },
}

/// What one batch brought.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filled {
    /// Buffers with something in them.
    pub(super) buffers: usize,
    /// Whether more may wait.
    pub(super) more: bool,
}

impl SocketInput {
    pub(super) fn open(input: &Input, buffer_bytes: usize) -> Result<Self, UdpError> {
        let rx = Rx::open(input, buffer_bytes)?;
        let (state, queue, crossing) = (State::New { since: None }, QueueWatch::default(), Crossing::default());
        Ok(Self { rx, input: input.clone(), buffer_bytes, state, queue, crossing, failure: None })
    }

    pub(super) const fn input(&self) -> &Input {
        &self.input
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.rx.as_fd()
    }

    /// Receive buffer granted, and asked for, in bytes.
    pub(super) const fn buffer_bytes(&self) -> (usize, usize) {
        (self.rx.granted_buffer_bytes(), self.buffer_bytes)
    }

    /// Whether something waits in the socket.
    pub(super) fn has_waiting(&self) -> bool {
        self.rx.has_waiting()
    }

    /// Gives the flow what waits, one batch.
    pub(super) fn receive(
        &mut self,
        now: Moment,
        pool: &mut Pool,
        batch: &mut Batch,
        flow: &mut Flow,
        say: &mut impl FnMut(EventKind),
    ) -> Filled {
        flow.counters.input_queue_bytes_gauge = self.queue.observe(now.mono, || self.rx.queue_bytes());
        let more = match self.rx.receive(pool, batch) {
            Ok(more) => more,
            Err(error) => {
                // An error takes the place of what waits behind it; the same one again is there to stay.
                let more = self.failed(error.to_string(), say);
                return Filled { buffers: 0, more };
            }
        };
        let (mut dropped, mut buffers) = (0, 0);
        for (slot, received) in batch.drain() {
            buffers += 1;
            dropped += self.rx.new_drops(&received);
            let arrival = received.arrival_by(now);
            let Received { len, segment_len, truncated, .. } = received;
            self.crossing.release_before(arrival).into_iter().for_each(|held| flow.receive(pool, held));
            flow.receive(pool, Arrived { slot, start: 0, len, segment_len, arrival, truncated });
        }
        if buffers > 0 {
            self.note_arrival(now, flow, say);
        }
        note_drops(dropped, flow, say);
        Filled { buffers, more }
    }

    /// When [`Self::on_deadline`] wants to be called.
    pub(super) fn deadline(&self) -> Time {
        match self.state {
            State::New { since } => since.map_or(Time::default(), |since| since + SILENCE),
            State::Up { last } => last + SILENCE,
            State::Silent { next_try, .. } => next_try,
        }
    }

    /// Notices silence, and opens a silent input anew. Returns whether the socket is to be watched anew.
    pub(super) fn on_deadline(&mut self, now: Time, flow: &mut Flow, say: &mut impl FnMut(EventKind)) -> bool {
        if self.deadline() > now {
            return false;
        }
        match &mut self.state {
            State::New { since: since @ None } => *since = Some(now),
            State::New { since: Some(since) } => {
                let since = *since;
                self.fall_silent(now, since, false, flow, say);
            }
            State::Up { last } => {
                let since = *last;
                self.fall_silent(now, since, true, flow, say);
            }
            State::Silent { next_try, .. } => {
                *next_try = now + REOPEN_INTERVAL;
                return self.reopen(flow, say);
            }
        }
        false
    }

    fn fall_silent(&mut self, now: Time, since: Time, was_up: bool, flow: &mut Flow, say: &mut impl FnMut(EventKind)) {
        self.count_drops(flow, say);
        flow.counters.input_up_gauge = 0;
        flow.counters.input_queue_bytes_gauge = 0;
        self.state = State::Silent { since, next_try: now + REOPEN_INTERVAL, was_up };
        say(EventKind::InputSilent(now.since(since)));
    }

    /// Counts what the kernel dropped and no later datagram told of.
    pub(super) fn count_drops(&mut self, flow: &mut Flow, say: &mut impl FnMut(EventKind)) {
        note_drops(self.rx.last_drops(), flow, say);
    }

    /// The interface may have gone and come back, under another number or with another address: only a new socket has
    /// the group there. The old one is dropped when nothing waits in it, so that no datagram is lost or doubled.
    /// Returns whether the socket is to be watched anew.
    fn reopen(&mut self, flow: &mut Flow, say: &mut impl FnMut(EventKind)) -> bool {
        match Rx::open(&self.input, self.buffer_bytes) {
            Ok(fresh) => {
                if self.failure.take().is_some() {
                    say(EventKind::InputReopened);
                }
                if !self.rx.has_waiting() {
                    self.count_drops(flow, say);
                    self.rx = fresh;
                }
                // Watched anew, the old one tells again of what was left in it, too.
                true
            }
            Err(error) => {
                self.failed(error.to_string(), say);
                false
            }
        }
    }

    /// Says what has failed, if that is new. Returns whether it is.
    fn failed(&mut self, reason: String, say: &mut impl FnMut(EventKind)) -> bool {
        let is_new = self.failure.as_ref() != Some(&reason);
        if is_new {
            say(EventKind::InputFailed(reason.clone()));
            self.failure = Some(reason);
        }
        is_new
    }

    /// A datagram has come, by whichever way.
    #[inline]
    pub(super) fn note_arrival(&mut self, now: Moment, flow: &mut Flow, say: &mut impl FnMut(EventKind)) {
        match self.state {
            State::Up { .. } => {}
            State::New { .. } | State::Silent { was_up: false, .. } => say(EventKind::InputStarted),
            State::Silent { since, .. } => say(EventKind::InputBack(now.mono.since(since))),
        }
        self.state = State::Up { last: now.mono };
        flow.counters.input_up_gauge = 1;
        flow.counters.last_input_utc_nanos_gauge = now.utc.0;
    }
}

/// Counts datagrams that the kernel dropped, and says so.
pub(super) fn note_drops(dropped: u64, flow: &mut Flow, say: &mut impl FnMut(EventKind)) {
    if dropped > 0 {
        flow.counters.dropped_kernel += dropped;
        say(EventKind::KernelDrops(dropped));
    }
}
