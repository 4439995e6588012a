//! The outputs of a flow: each datagram to each, and opened anew when one fails.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::clocks;
use crate::event::EventKind;
use crate::flow::Flow;
use crate::io::udp::{Turn, Tx, UdpError};
use crate::mem::Pool;
use crate::spec::{FlowSpec, Output, Pace, Transport};
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
    /// Whether datagrams due together may leave as one burst: only as they arrive, never when paced.
    burst: bool,
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
            burst: spec.pace == Pace::Arrival,
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

    /// Sends what is due, and lets it go.
    pub(super) fn send(&mut self, now: Moment, pool: &mut Pool, flow: &mut Flow, say: &mut impl FnMut(EventKind)) {
        if pool.free_slots() < LOW_WATER_SLOTS {
            return self.send_all(now, pool, flow, say);
        }
        self.send_until(now.mono, now, pool, flow, say);
    }

    /// Sends all that waits, before its time too, and lets it go.
    pub(super) fn send_all(&mut self, now: Moment, pool: &mut Pool, flow: &mut Flow, say: &mut impl FnMut(EventKind)) {
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
        let turn = Turn { now, horizon, numbering: self.numbering, burst: self.burst };
        for egress in &mut self.outputs {
            self.reopened += u64::from(egress.send(turn, pool, flow, say));
        }
        if self.has_rtp {
            flow.queue().due(horizon).for_each(|(datagram, _)| self.numbering.pass(&datagram.rtp));
        }
        flow.sent(horizon, clocks::mono(), pool);
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
