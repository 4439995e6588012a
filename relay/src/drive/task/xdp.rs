//! A flow whose datagrams come or leave by AF_XDP.

use std::ops::Range;
use std::time::Duration;

use super::{FlowInput, FlowTask};
use crate::drive::engines::Outlet;
use crate::drive::ports::{Finding, SharedLane};
use crate::drive::socket::note_drops;
use crate::event::EventKind;
use crate::flow::Arrived;
use crate::io::udp::Batch;
use crate::io::xdp::{Refusal, Taken};
use crate::mem::Pool;
use crate::spec::Input;
use crate::time::{Moment, Time};

/// How long after datagrams began to come by AF_XDP the kernel may still deliver one to the socket that came before.
const ENTER_TIME: Duration = Duration::from_millis(10);

impl FlowTask {
    /// Its input, if it comes from the network.
    pub(in crate::drive) fn network_input(&self) -> Option<&Input> {
        match &self.input {
            FlowInput::Socket(socket) => Some(socket.input()),
            FlowInput::Made(_) => None,
        }
    }

    /// Which of its outputs may be sent by AF_XDP.
    pub(in crate::drive) fn outlets(&self) -> Vec<Outlet> {
        self.outputs.outlets()
    }

    /// Has an output send by AF_XDP, unless it does so already.
    pub(in crate::drive) fn send_by(&mut self, output: usize, lane: &SharedLane, way: &'static str) {
        if let Some(event) = self.outputs.send_by(output, lane, way) {
            self.teller.say(event);
        }
    }

    /// A datagram has come by AF_XDP, whose frame it takes over. Returns whether it is the first since the last turn.
    #[inline]
    pub(in crate::drive) fn on_frame(&mut self, now: Moment, pool: &mut Pool, taken: &Taken) -> bool {
        match (&mut self.input, &taken.packet.payload) {
            (FlowInput::Socket(socket), Some(Range { start, end })) => {
                let (slot, start, len, arrival) = (taken.frame, *start, end - start, taken.arrival);
                let arrived = Arrived { slot, start, len, segment_len: None, arrival, truncated: false };
                self.flow.receive(pool, arrived);
                socket.note_arrival(now, &mut self.flow, &mut |kind| self.teller.say(kind));
            }
            _ => {
                self.flow.counters.malformed_checksum += 1;
                pool.release(taken.frame);
            }
        }
        !std::mem::replace(&mut self.touched, true)
    }

    /// Datagrams come by AF_XDP from now on, or no more.
    pub(in crate::drive) fn note_engine(&mut self, now: Time, by_xdp: bool) {
        if by_xdp {
            self.entered = Some(now);
        }
        self.flow.counters.xdp_gauge = u64::from(by_xdp);
        self.stats.publish(&self.flow.counters);
    }

    /// Whether what waits in the socket may still have come before what comes by AF_XDP.
    pub(in crate::drive) fn has_just_entered(&self, now: Time) -> bool {
        self.entered.is_some_and(|entered| now.since(entered) < ENTER_TIME)
    }

    /// Takes in all that waits at the socket, which may be seconds of the stream. It ends: nothing more comes there.
    pub(in crate::drive) fn empty_socket(&mut self, now: Moment, pool: &mut Pool, batch: &mut Batch) {
        self.take_in(now, pool, batch, usize::MAX);
    }

    pub(in crate::drive) const fn is_touched(&self) -> bool {
        self.touched
    }

    /// What was found about its datagrams at a port.
    pub(in crate::drive) fn note_finding(&mut self, now: Time, finding: Finding) {
        match finding {
            Finding::Dropped(count) => note_drops(count, &mut self.flow, &mut |kind| self.teller.say(kind)),
            Finding::Left => {
                self.note_engine(now, false);
                self.teller.say(EventKind::InputThroughSockets { reason: Refusal::Fragments, against_will: false });
            }
        }
    }
}
