//! The outputs of a flow: each datagram to each, and opened anew when one fails.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::clocks;
use super::engines::Outlet;
use super::pacing::Pacing;
use super::ports::{SharedLane, locked};
use crate::event::EventKind;
use crate::flow::Flow;
use crate::io::udp::{Turn, Tx, UdpError};
use crate::io::xdp::Headers;
use crate::mem::Pool;
use crate::spec::{FlowSpec, Output, Transport};
use crate::stage::numbering::Numbering;
use crate::time::{Moment, Time};
use crate::wire::ts::PACKET_LEN;

/// Interval between attempts to open a failing output anew.
const REOPEN_INTERVAL: Duration = Duration::from_secs(1);
/// An output that has failed may be tried again after so long.
const FAILING_FOR: Duration = Duration::from_secs(5);

/// All outputs of a flow.
pub(super) struct Outputs {
    outputs: Vec<Egress>,
    /// The next RTP header, the same for all.
    numbering: Numbering,
    has_rtp: bool,
    /// How often one was opened anew.
    reopened: u64,
    /// Only if the flow is paced.
    pacing: Option<Pacing>,
    /// Bytes of a datagram without an RTP header.
    datagram_len: usize,
}

struct Egress {
    tx: Tx,
    /// By AF_XDP, with these headers; through the socket if none.
    lane: Option<(SharedLane, Headers)>,
    failing: Option<Failing>,
}

struct Failing {
    last: Time,
    next_try: Time,
}

impl Outputs {
    pub(super) fn open(spec: &FlowSpec) -> Result<Self, UdpError> {
        let outputs =
            spec.own_outputs().iter().map(|output| Ok(Egress { tx: Tx::open(output)?, lane: None, failing: None }));
        let first = spec.outputs.first().map_or_else(|| (Ipv4Addr::UNSPECIFIED, 0).into(), |output| output.address);
        Ok(Self {
            outputs: outputs.collect::<Result<_, UdpError>>()?,
            numbering: Numbering::new(&spec.name, first),
            has_rtp: spec.outputs.iter().any(|output| output.transport == Transport::Rtp),
            reopened: 0,
            pacing: Pacing::of(spec),
            datagram_len: spec.packets_per_datagram * PACKET_LEN,
        })
    }

    /// Which outputs may be sent by AF_XDP.
    pub(super) fn outlets(&self) -> Vec<Outlet> {
        let outlets = self.outputs.iter().map(|egress| Outlet {
            url: egress.tx.output().to_string(),
            interface: egress.tx.xdp_interface(self.datagram_len),
            bursts: self.bursts(),
        });
        outlets.collect()
    }

    /// Has an output send by AF_XDP, unless it does so already. Returns what is to be said of it.
    pub(super) fn send_by(&mut self, number: usize, lane: &SharedLane, way: &'static str) -> Option<EventKind> {
        let egress = self.outputs.get_mut(number).filter(|egress| egress.lane.is_none() && egress.failing.is_none())?;
        let (interface, headers) = egress.tx.headers()?;
        egress.lane = Some((Arc::clone(lane), headers));
        self.pacing.iter_mut().for_each(Pacing::probe_soon);
        Some(EventKind::OutputByXdp { output: egress.tx.output().to_string(), interface, way })
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
            let by_xdp = self.outputs.iter().any(|egress| egress.lane.is_some());
            let sockets = self.outputs.iter_mut().map(|egress| &mut egress.tx);
            pacing.probe(now, sockets, by_xdp, &mut flow.counters, say);
        }
    }

    /// Whether datagrams that are due together may leave as one burst: only as they arrive, never when paced.
    const fn bursts(&self) -> bool {
        self.pacing.is_none()
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
        // Paced datagrams leave early, rather than that arriving ones find no room.
        let horizon = if pool.is_crowded() { Time(u64::MAX) } else { horizon };
        self.send_until(horizon, now, pool, flow, say);
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
        let turn = Turn { now, horizon, numbering: self.numbering, burst: self.bursts() };
        let mut in_place = true;
        for egress in &mut self.outputs {
            let had_lane = egress.lane.is_some();
            let (reopened, still_in_place) = egress.send(turn, pool, flow, in_place, say);
            in_place = still_in_place;
            self.reopened += u64::from(reopened);
            if reopened || had_lane != egress.lane.is_some() {
                self.pacing.iter_mut().for_each(Pacing::probe_soon);
            }
        }
        let done = clocks::mono();
        if self.has_rtp {
            flow.queue().due(horizon).for_each(|(datagram, _)| self.numbering.pass(&datagram.rtp));
        }
        flow.counters.xdp_outputs_gauge = self.outputs.iter().filter(|egress| egress.lane.is_some()).count() as u64;
        if let Some(pacing) = &mut self.pacing {
            let (queue, counters) = flow.sending();
            queue.due(horizon).for_each(|(datagram, _)| pacing.sent(datagram.release, done, counters, say));
        }
        flow.sent(horizon, done, pool);
    }
}

impl Egress {
    /// Sends what is due; with `in_place`, the frames that datagrams came in may be written to. Returns whether it was opened
    /// anew after that, and whether frames may still be written to.
    fn send(
        &mut self,
        turn: Turn,
        pool: &mut Pool,
        flow: &mut Flow,
        in_place: bool,
        say: &mut impl FnMut(EventKind),
    ) -> (bool, bool) {
        let (sent, in_place) = match &self.lane {
            Some((lane, headers)) => {
                let lane = (&mut *locked(lane), headers);
                self.tx.send_by(lane, pool, flow.queue(), turn, in_place)
            }
            None => (self.tx.send(pool, flow.queue(), turn), in_place),
        };
        if sent.error.is_some() {
            // What AF_XDP refuses, the socket may take.
            self.lane = None;
        }
        flow.counters.output_datagrams += sent.datagrams;
        flow.counters.output_bytes += sent.bytes;
        flow.counters.output_errors += sent.refused;
        match sent.error {
            Some(error) => return (self.on_failure(turn.now.mono, &error.to_string(), say), in_place),
            None if self.failing.take().is_some() => {
                say(EventKind::OutputBack { output: self.tx.output().to_string() });
            }
            None => {}
        }
        (false, in_place)
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
