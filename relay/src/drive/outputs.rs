//! The outputs of a flow: each datagram to each, and opened anew when one fails.

use std::time::Duration;

use super::clocks;
use crate::event::EventKind;
use crate::flow::Flow;
use crate::io::udp::{Tx, UdpError};
use crate::mem::Pool;
use crate::spec::{FlowSpec, Pace};
use crate::time::{Moment, Time};

/// Interval between attempts to open a failing output anew.
const REOPEN_INTERVAL: Duration = Duration::from_secs(1);
/// Free slots below which paced datagrams leave early, rather than that arriving ones find no room.
const LOW_WATER_SLOTS: usize = 128;

/// All outputs of a flow.
pub(super) struct Outputs {
    outputs: Vec<Egress>,
    /// Whether datagrams due together may leave as one burst: only as they arrive, never when paced.
    burst: bool,
}

struct Egress {
    tx: Tx,
    failing: Option<Failing>,
}

struct Failing {
    next_try: Time,
}

impl Outputs {
    pub(super) fn open(spec: &FlowSpec) -> Result<Self, UdpError> {
        let outputs = spec.outputs.iter().map(|output| Ok(Egress { tx: Tx::open(output)?, failing: None }));
        Ok(Self { outputs: outputs.collect::<Result<_, UdpError>>()?, burst: spec.pace == Pace::Arrival })
    }

    /// Sends what is due, and lets it go.
    pub(super) fn send(&mut self, now: Moment, pool: &mut Pool, flow: &mut Flow, say: &mut impl FnMut(EventKind)) {
        let horizon = if pool.free_slots() < LOW_WATER_SLOTS { Time(u64::MAX) } else { now.mono };
        for egress in &mut self.outputs {
            egress.send(now, horizon, pool, flow, self.burst, say);
        }
        flow.sent(horizon, clocks::mono(), pool);
    }
}

impl Egress {
    fn send(
        &mut self,
        now: Moment,
        horizon: Time,
        pool: &Pool,
        flow: &mut Flow,
        burst: bool,
        say: &mut impl FnMut(EventKind),
    ) {
        let sent = self.tx.send(pool, flow.queue(), horizon, now, burst);
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
