//! A flow whose datagrams come or leave by AF_XDP.

use std::ops::Range;

use super::{FlowInput, FlowTask};
use crate::drive::clocks;
use crate::drive::crossing::Crossing;
use crate::drive::engines::Outlet;
use crate::drive::ports::{Finding, SharedLane};
use crate::drive::socket::{Filled, note_drops};
use crate::event::EventKind;
use crate::flow::Arrived;
use crate::io::udp::Batch;
use crate::io::xdp::{Refusal, Taken};
use crate::mem::Pool;
use crate::spec::Input;
use crate::time::Moment;

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
                if socket.crossing.takes_from_port() {
                    self.flow.receive(pool, arrived);
                } else {
                    socket.crossing.hold(clocks::mono(), arrived);
                }
                socket.note_arrival(now, &mut self.flow, &mut |kind| self.teller.say(kind));
            }
            _ => {
                self.flow.counters.malformed_checksum += 1;
                pool.release(taken.frame);
            }
        }
        !std::mem::replace(&mut self.touched, true)
    }

    /// Datagrams come by AF_XDP from now on.
    pub(in crate::drive) fn enter(&mut self) {
        self.crossing_mut().into_iter().for_each(|crossing| crossing.enter(clocks::mono()));
        self.note_engine(true);
    }

    /// Datagrams come by AF_XDP, or no more.
    pub(in crate::drive) fn note_engine(&mut self, by_xdp: bool) {
        self.flow.counters.xdp_gauge = u64::from(by_xdp);
        self.stats.publish(&self.flow.counters);
    }

    /// Which way its datagrams come, if from the network.
    pub(in crate::drive) const fn crossing(&self) -> Option<&Crossing> {
        match &self.input {
            FlowInput::Socket(socket) => Some(&socket.crossing),
            FlowInput::Made(_) => None,
        }
    }

    const fn crossing_mut(&mut self) -> Option<&mut Crossing> {
        match &mut self.input {
            FlowInput::Socket(socket) => Some(&mut socket.crossing),
            FlowInput::Made(_) => None,
        }
    }

    /// Whether its datagrams begin to come another way, so that what is in its socket waits.
    pub(in crate::drive) fn is_crossing(&self) -> bool {
        self.crossing().is_some_and(Crossing::is_under_way)
    }

    /// Notes what may wait in the socket while datagrams come by AF_XDP. Returns whether that begins a change.
    pub(in crate::drive) fn note_waiting(&mut self) -> bool {
        let FlowInput::Socket(socket) = &mut self.input else { return false };
        let begins = !socket.crossing.is_under_way() && socket.has_waiting();
        if begins {
            socket.crossing.note_waiting(clocks::mono());
        }
        begins
    }

    /// Ends a change of the way by which its datagrams come: takes all that waits in the socket, and what was held in its
    /// place. `is_left` says whether nothing more comes by AF_XDP. Returns what that filled.
    pub(in crate::drive) fn finish_crossing(
        &mut self,
        now: Moment,
        is_left: bool,
        (pool, batch): (&mut Pool, &mut Batch),
    ) -> Filled {
        if is_left {
            self.crossing_mut().into_iter().for_each(Crossing::note_left);
        }
        // It ends: what waits may be seconds of the stream, but what comes meanwhile is little.
        let filled = self.take_in(now, pool, batch, usize::MAX);
        let held = self.crossing_mut().map(Crossing::finish).unwrap_or_default();
        held.into_iter().for_each(|held| self.flow.receive(pool, held));
        filled
    }

    /// Takes what is left, for no more comes.
    pub(in crate::drive) fn take_rest(&mut self, now: Moment, pool: &mut Pool, batch: &mut Batch) {
        if self.is_crossing() {
            self.finish_crossing(now, true, (pool, batch));
        } else {
            self.on_readable(now, pool, batch);
        }
    }

    /// What was found about its datagrams at a port.
    pub(in crate::drive) fn note_finding(&mut self, finding: Finding) {
        match finding {
            Finding::Dropped(count) => note_drops(count, &mut self.flow, &mut |kind| self.teller.say(kind)),
            Finding::Left => {
                self.note_engine(false);
                self.teller.say(EventKind::InputThroughSockets { reason: Refusal::Fragments, against_will: false });
            }
        }
    }
}
