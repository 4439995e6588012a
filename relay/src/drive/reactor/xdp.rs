//! What comes by AF_XDP: from a port to the flows.

use rustix::event::epoll;

use super::{PORT, Reactor};
use crate::drive::engines::Move;
use crate::drive::ports::{Entrance, PortId};
use crate::io::xdp::{TAKES_TO_EMPTY, Taken};
use crate::time::Moment;

/// Times that a port may be taken from a turn, so that it does not keep the others waiting.
const MOST_TAKES_A_TURN: usize = 4;

impl Reactor {
    /// The turn of a flow whose port may have something that came before what waits in the socket: the program leaves a flow
    /// to the kernel, but never takes it by itself.
    pub(super) fn turn_behind_port(&mut self, id: u64, now: Moment) {
        let Some(entrance) = self.ports.entrance(id) else { return };
        self.empty_port(entrance.port, now);
        if self.take_in(id, now) {
            self.ports.hasten_look(id);
            self.look(entrance.port, now);
        }
        self.turn(id, now, false);
    }

    /// Whether a flow's datagrams come through a port, and none of those that came before waits in its socket any more.
    pub(super) fn is_behind_port(&self, id: u64, now: Moment) -> bool {
        self.ports.entrance(id).is_some() && self.flows.get(&id).is_some_and(|task| !task.has_just_entered(now.mono))
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
            flows.get_mut(&flow).into_iter().for_each(|task| task.note_finding(now.mono, finding));
        });
    }

    /// Gives each flow its datagrams, and then each of those flows a turn.
    fn hand_out(&mut self, port: PortId, taken: &mut Vec<Taken>, now: Moment) {
        for datagram in taken.drain(..) {
            let flow = self.ports.flow_of(port, &datagram);
            match flow.and_then(|flow| Some((flow, self.flows.get_mut(&flow)?))) {
                Some((flow, task)) => {
                    if !task.is_touched() && task.has_just_entered(now.mono) {
                        task.empty_socket(now, &mut self.pool, &mut self.batch);
                    }
                    if task.on_frame(now, &mut self.pool, &datagram) {
                        self.touched.push(flow);
                    }
                }
                None => self.pool.release(datagram.frame),
            }
        }
        while let Some(flow) = self.touched.pop() {
            self.turn(flow, now, false);
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
                self.flows.get_mut(&flow).into_iter().for_each(|task| task.note_engine(now.mono, false));
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
            task.note_engine(now.mono, true);
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
