//! What comes by AF_XDP: from a port to the flows.

use rustix::event::epoll;

use super::{PORT, Reactor, watch};
use crate::drive::crossing::Crossing;
use crate::drive::engines::Move;
use crate::drive::ports::{Entrance, PortId};
use crate::io::xdp::{TAKES_TO_EMPTY, Taken};
use crate::time::Moment;

/// Times that a port may be taken from a turn, so that it does not keep the others waiting.
const MOST_TAKES_A_TURN: usize = 4;

impl Reactor {
    /// Takes what waits in a flow's socket, unless that is to wait for what is on its way to the port: then what is there.
    pub(super) fn take_in_order(&mut self, id: u64, now: Moment) {
        let crossing = self.flows.get(&id).and_then(|task| task.crossing());
        if crossing.is_none_or(Crossing::takes_from_socket) {
            return self.take_in(id, now);
        }
        let entrance = self.ports.entrance(id);
        entrance.into_iter().for_each(|entrance| self.empty_port(entrance.port, now));
        let Some(task) = self.flows.get_mut(&id) else { return };
        let begins = task.note_waiting();
        if task.is_crossing() {
            watch(&self.epoll, id, task);
        }
        if begins && let Some(entrance) = entrance {
            // The program may have left the flow to the kernel.
            self.ports.hasten_look(id);
            self.look(entrance.port, now);
        }
    }

    /// Has a flow's datagrams be taken the way that they come by now, if what came the other way has had its time to arrive.
    pub(super) fn finish_crossing_if_due(&mut self, id: u64, now: Moment) {
        let due = self.flows.get(&id).and_then(|task| task.crossing()?.due());
        if due.is_none_or(|due| due > now.mono) {
            return;
        }
        if let Some(entrance) = self.ports.entrance(id) {
            self.empty_port(entrance.port, now);
        }
        let is_left = self.ports.is_left(id);
        if let Some(task) = self.flows.get_mut(&id) {
            self.filled += task.finish_crossing(now, is_left, (&mut self.pool, &mut self.batch)).buffers;
            watch(&self.epoll, id, task);
        }
    }

    pub(super) fn turn_port(&mut self, port: PortId, now: Moment) {
        self.take_from(port, now, MOST_TAKES_A_TURN);
    }

    /// Takes all that waits at a port by now.
    fn empty_port(&mut self, port: PortId, now: Moment) {
        self.take_from(port, now, TAKES_TO_EMPTY);
    }

    fn take_from(&mut self, port: PortId, now: Moment, most_takes: usize) {
        let mut taken = std::mem::take(&mut self.taken);
        for _ in 0..most_takes {
            let more = self.ports.receive(port, &mut self.pool, now.mono, &mut taken);
            self.filled += taken.len();
            self.hand_out(port, &mut taken, now);
            self.ports.refill(port, &mut self.pool);
            if !more {
                self.look(port, now);
                break;
            }
        }
        self.taken = taken;
    }

    /// Has a flow told of what it lost at its port also when nothing more comes there.
    pub(super) fn look_at_port_of(&mut self, id: u64, now: Moment) {
        if let Some(entrance) = self.ports.entrance(id)
            && self.ports.wants_look(entrance.port, now.mono)
        {
            self.turn_port(entrance.port, now);
        }
    }

    /// Tells the flows what the program counts of them.
    fn look(&mut self, port: PortId, now: Moment) {
        let flows = &mut self.flows;
        self.ports.look(port, now.mono, |flow, finding| {
            flows.get_mut(&flow).into_iter().for_each(|task| task.note_finding(finding));
        });
    }

    /// Gives each flow its datagrams, and then each of those flows a turn.
    fn hand_out(&mut self, port: PortId, taken: &mut Vec<Taken>, now: Moment) {
        for datagram in taken.drain(..) {
            let flow = self.ports.flow_of(port, &datagram);
            match flow.and_then(|flow| Some((flow, self.flows.get_mut(&flow)?))) {
                Some((flow, task)) => {
                    if task.on_frame(now, &mut self.pool, &datagram) {
                        self.touched.push(flow);
                    }
                }
                None => self.pool.release(datagram.frame),
            }
        }
        while let Some(flow) = self.touched.pop() {
            self.finish_turn(flow, now);
        }
    }

    pub(super) fn carry_out(&mut self, step: Move, now: Moment) {
        match step {
            Move::Attach(id, port, lane) => {
                self.ports.attach(id, port, lane, &mut self.pool);
                for descriptor in self.ports.fds(id) {
                    // It fails only without memory; what is taken then waits for the next turn of the port.
                    let event = epoll::EventData::new_u64(id | PORT);
                    let _ = epoll::add(&self.epoll, descriptor, event, epoll::EventFlags::IN);
                }
            }
            Move::Detach(id) => self.ports.detach(id, &mut self.pool),
            Move::Enter(flow, entrance) => self.enter_port(flow, entrance, now),
            Move::Leave(flow) => {
                self.close_entrance(flow, now);
                self.flows.get_mut(&flow).into_iter().for_each(|task| task.note_engine(false));
            }
            Move::Send(flow, output, lane, way) => {
                self.flows.get_mut(&flow).into_iter().for_each(|task| task.send_by(output, &lane, way));
            }
            Move::Say(flow, event) => self.flows.get(&flow).into_iter().for_each(|task| task.say(event.clone())),
        }
    }

    fn enter_port(&mut self, flow: u64, entrance: Entrance, now: Moment) {
        if let Some(task) = self.flows.get_mut(&flow)
            && self.ports.enter(flow, entrance)
        {
            task.enter();
            watch(&self.epoll, flow, task);
            self.finish_turn(flow, now);
        }
    }

    /// The flow's datagrams go through its socket again; those that were taken already are received. One that is being taken
    /// just now comes yet: its seat is kept as long as there is the flow.
    pub(super) fn close_entrance(&mut self, flow: u64, now: Moment) {
        if let Some(entrance) = self.ports.entrance(flow) {
            self.ports.close_entrance(flow);
            self.empty_port(entrance.port, now);
        }
    }
}
