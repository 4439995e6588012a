//! The outputs of a flow: each datagram to each, and opened anew when one fails.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::clocks;
use super::pacing::Pacing;
use crate::event::EventKind;
use crate::flow::Flow;
use crate::io::udp::{Turn, Tx, UdpError};
use crate::mem::Pool;
use crate::spec::{FlowSpec, Output, Transport};
use crate::stage::numbering::Numbering;
use crate::time::{Moment, Time};

/// Interval between attempts to open a failing output anew.
const REOPEN_INTERVAL: Duration = Duration::from_secs(1);
/// An output that has failed may be tried again after so long.
const FAILING_FOR: Duration = Duration::from_secs(5);
/// Free slots below which paced datagrams leave early, rather than that arriving ones find no room.
pub(super) const LOW_WATER_SLOTS: usize = 128;

/// All outputs of a flow.
pub(super) struct Outputs {
    outputs: Vec<Egress>,
    /// The next RTP header, the same for all.
    numbering: Numbering,
    has_rtp: bool,
    /// How often one was opened anew.
    reopened: u64,
    /// Only if the flow is paced. Datagrams due together may leave as one burst if it is not, never if it is.
    pacing: Option<Pacing>,
}

struct Egress {
    tx: Tx,
    failing: Option<Failing>,
}

struct Failing {
    last: Time,
    next_try: Time,
}

impl Outputs {
    pub(super) fn open(spec: &FlowSpec) -> Result<Self, UdpError> {
        let outputs = spec.own_outputs().iter().map(|output| Ok(Egress { tx: Tx::open(output)?, failing: None }));
        let first = spec.outputs.first().map_or_else(|| (Ipv4Addr::UNSPECIFIED, 0).into(), |output| output.address);
        Ok(Self {
            outputs: outputs.collect::<Result<_, UdpError>>()?,
            numbering: Numbering::new(&spec.name, first),
            has_rtp: spec.outputs.iter().any(|output| output.transport == Transport::Rtp),
            reopened: 0,
            pacing: Pacing::of(spec),
        })
    }

    /// The first output to a group, where other instances are heard, and the address that it is sent from.
    pub(super) fn meeting_point(&self) -> Option<(&Output, io::Result<SocketAddr>)> {
        let egress = self.outputs.iter().find(|egress| egress.tx.output().is_to_group())?;
        Some((egress.tx.output(), egress.tx.source()))
    }

    /// How often one was opened anew: its address may be another then.
    pub(super) const fn reopened(&self) -> u64 {
        self.reopened
    }

    /// Whether what was sent of late did not leave: no output works.
    pub(super) fn all_fail(&self, now: Time) -> bool {
        let mut failing = self.outputs.iter().map(|egress| egress.failing.as_ref());
        failing.all(|failing| failing.is_some_and(|failing| now.since(failing.last) < FAILING_FOR))
    }

    /// RTP sequence number of the next datagram that does not bring its own; `None` if no output is RTP.
    pub(super) fn next_sequence(&self) -> Option<u16> {
        self.has_rtp.then(|| self.numbering.next_sequence())
    }

    /// The next datagram that does not bring its own RTP sequence number has this one.
    pub(super) const fn go_on_with(&mut self, sequence: u16) {
        self.numbering.go_on_with(sequence);
    }

    /// Finds out how paced datagrams are released, and says so if that is news.
    pub(super) fn probe(&mut self, now: Time, flow: &mut Flow, say: &mut impl FnMut(EventKind)) {
        if let Some(pacing) = self.pacing.as_mut().filter(|pacing| pacing.wants_probe(now)) {
            pacing.probe(now, self.outputs.iter_mut().map(|egress| &mut egress.tx), &mut flow.counters, say);
        }
    }

    /// When something is to be sent, if the next datagram leaves at `release`.
    pub(super) fn wake(&self, release: Time) -> Time {
        self.pacing.as_ref().map_or(release, |pacing| pacing.wake(release))
    }

    /// Sends what is due, or may be sent ahead, and lets it go. Returns whether there was any.
    pub(super) fn send(
        &mut self,
        now: Moment,
        pool: &mut Pool,
        flow: &mut Flow,
        say: &mut impl FnMut(EventKind),
    ) -> bool {
        let horizon = match &mut self.pacing {
            Some(pacing) => pacing.horizon(now.mono, flow.queue()),
            None => flow.queue().next_release().filter(|&release| release <= now.mono).map(|_| now.mono),
        };
        let Some(horizon) = horizon else { return false };
        let is_crowded = pool.free_slots() < LOW_WATER_SLOTS;
        self.send_until(if is_crowded { Time(u64::MAX) } else { horizon }, now, pool, flow, say);
        true
    }

    /// Sends all that waits, before its time too, and lets it go: nothing comes after it.
    pub(super) fn send_all(&mut self, now: Moment, pool: &mut Pool, flow: &mut Flow, say: &mut impl FnMut(EventKind)) {
        self.pacing.iter_mut().for_each(Pacing::end);
        self.send_until(Time(u64::MAX), now, pool, flow, say);
    }

    fn send_until(
        &mut self,
        horizon: Time,
        now: Moment,
        pool: &mut Pool,
        flow: &mut Flow,
        say: &mut impl FnMut(EventKind),
    ) {
        let turn = Turn { now, horizon, numbering: self.numbering, burst: self.pacing.is_none() };
        for egress in &mut self.outputs {
            if egress.send(turn, pool, flow, say) {
                self.reopened += 1;
                self.pacing.iter_mut().for_each(Pacing::probe_soon);
            }
        }
        let done = clocks::mono();
        if self.has_rtp {
            flow.queue().due(horizon).for_each(|(datagram, _)| self.numbering.pass(&datagram.rtp));
        }
        if let Some(pacing) = &mut self.pacing {
            let (queue, counters) = flow.sending();
            queue.due(horizon).for_each(|(datagram, _)| pacing.sent(datagram.release, done, counters, say));
        }
        flow.sent(horizon, done, pool);
    }
}

impl Egress {
    /// Sends what is due. Returns whether it was opened anew after that.
    fn send(&mut self, turn: Turn, pool: &Pool, flow: &mut Flow, say: &mut impl FnMut(EventKind)) -> bool {
        let sent = self.tx.send(pool, flow.queue(), turn);
        flow.counters.output_datagrams += sent.datagrams;
        flow.counters.output_bytes += sent.bytes;
        flow.counters.output_errors += sent.refused;
        match sent.error {
            Some(error) => return self.on_failure(turn.now.mono, &error.to_string(), say),
            None if self.failing.take().is_some() => {
                say(EventKind::OutputBack { output: self.tx.output().to_string() });
            }
            None => {}
        }
        false
    }

    /// The route, the interface or its address may have changed: a socket opened anew finds them as they are now.
    /// Returns whether that was done.
    fn on_failure(&mut self, now: Time, reason: &str, say: &mut impl FnMut(EventKind)) -> bool {
        let failing = self.failing.get_or_insert_with(|| {
            let output = self.tx.output().to_string();
            say(EventKind::OutputFailed { output, reason: reason.to_owned() });
            Failing { last: now, next_try: now }
        });
        failing.last = now;
        if failing.next_try > now {
            return false;
        }
        failing.next_try = now + REOPEN_INTERVAL;
        // As long as it fails the old socket stays, and its refusals are counted.
        self.tx.reopen().is_ok()
    }
}
