//! The outputs of a flow: each datagram to each, and opened anew when one fails.

use std::sync::Arc;
use std::time::Duration;

use super::clocks;
use super::engines::Outlet;
use super::ports::{SharedLane, locked};
use crate::event::EventKind;
use crate::flow::Flow;
use crate::io::udp::{Tx, UdpError};
use crate::io::xdp::Headers;
use crate::mem::Pool;
use crate::spec::{FlowSpec, Pace};
use crate::time::{Moment, Time};
use crate::wire::ts::PACKET_LEN;

/// Interval between attempts to open a failing output anew.
const REOPEN_INTERVAL: Duration = Duration::from_secs(1);
/// Free slots below which paced datagrams leave early, rather than that arriving ones find no room.
const LOW_WATER_SLOTS: usize = 128;

/// All outputs of a flow.
pub(super) struct Outputs {
    outputs: Vec<Egress>,
    /// Whether datagrams due together may leave as one burst: only as they arrive, never when paced.
    burst: bool,
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
    next_try: Time,
}

impl Outputs {
    pub(super) fn open(spec: &FlowSpec) -> Result<Self, UdpError> {
        let outputs = spec.outputs.iter().map(|output| Ok(Egress { tx: Tx::open(output)?, lane: None, failing: None }));
        let (burst, datagram_len) = (spec.pace == Pace::Arrival, spec.packets_per_datagram * PACKET_LEN);
        Ok(Self { outputs: outputs.collect::<Result<_, UdpError>>()?, burst, datagram_len })
    }

    /// Which outputs may be sent by AF_XDP.
    pub(super) fn outlets(&self) -> Vec<Outlet> {
        let outlets = self.outputs.iter().map(|egress| Outlet {
            url: egress.tx.output().to_string(),
            interface: egress.tx.xdp_interface(self.datagram_len),
            bursts: self.burst,
        });
        outlets.collect()
    }

    /// Has an output send by AF_XDP, unless it does so already. Returns what is to be said of it.
    pub(super) fn send_by(&mut self, number: usize, lane: &SharedLane, way: &'static str) -> Option<EventKind> {
        let egress = self.outputs.get_mut(number).filter(|egress| egress.lane.is_none() && egress.failing.is_none())?;
        let (interface, headers) = egress.tx.headers()?;
        egress.lane = Some((Arc::clone(lane), headers));
        Some(EventKind::OutputByXdp { output: egress.tx.output().to_string(), interface, way })
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
        let mut in_place = true;
        for egress in &mut self.outputs {
            let way = Way { burst: self.burst, in_place };
            in_place = egress.send(now, horizon, pool, flow, way, say);
        }
        flow.counters.xdp_outputs_gauge = self.outputs.iter().filter(|egress| egress.lane.is_some()).count() as u64;
        flow.sent(horizon, clocks::mono(), pool);
    }
}

/// How a batch is sent.
#[derive(Clone, Copy)]
struct Way {
    /// Whether datagrams due together may leave as one burst.
    burst: bool,
    /// Whether the frames that datagrams came in may be written to.
    in_place: bool,
}

impl Egress {
    /// Sends what is due. Returns whether the frames that the datagrams came in may be written to after that.
    fn send(
        &mut self,
        now: Moment,
        horizon: Time,
        pool: &mut Pool,
        flow: &mut Flow,
        way: Way,
        say: &mut impl FnMut(EventKind),
    ) -> bool {
        let (sent, in_place) = match &self.lane {
            Some((lane, headers)) => {
                let lane = (&mut *locked(lane), headers);
                self.tx.send_by(lane, pool, flow.queue(), (horizon, now), way.in_place)
            }
            None => (self.tx.send(pool, flow.queue(), horizon, now, way.burst), way.in_place),
        };
        if sent.error.is_some() {
            // What AF_XDP refuses, the socket may take.
            self.lane = None;
        }
        flow.counters.output_datagrams += sent.datagrams;
        flow.counters.output_bytes += sent.bytes;
        flow.counters.output_errors += sent.refused;
        match sent.error {
            Some(error) => self.on_failure(now.mono, &error.to_string(), say),
            None if self.failing.take().is_some() => {
                say(EventKind::OutputBack { output: self.tx.output().to_string() });
            }
            None => {}
        }
        in_place
    }

    /// The route, the interface or its address may have changed: a socket opened anew finds them as they are now.
    fn on_failure(&mut self, now: Time, reason: &str, say: &mut impl FnMut(EventKind)) {
        let failing = self.failing.get_or_insert_with(|| {
            let output = self.tx.output().to_string();
            say(EventKind::OutputFailed { output, reason: reason.to_owned() });
            Failing { next_try: now }
        });
        if failing.next_try <= now {
            failing.next_try = now + REOPEN_INTERVAL;
            // As long as it fails the old socket stays, and its refusals are counted.
            let _ = self.tx.reopen();
        }
    }
}
