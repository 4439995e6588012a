//! The interfaces that a thread receives from by AF_XDP, and which flow each datagram is for.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::io::xdp::{Lane, Port, Taken};
use crate::mem::Pool;
use crate::time::Time;

/// Interval between two looks at what the program counts.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Number of a port in the process.
pub(super) type PortId = u64;

/// The way out through an interface, for all of a thread's flows. It is locked once a batch, by one thread only.
pub(super) type SharedLane = Arc<Mutex<Lane>>;

/// Where a flow's datagrams come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entrance {
    pub(super) port: PortId,
    pub(super) destination: SocketAddrV4,
    /// The only sender wanted, or any.
    pub(super) source: Option<Ipv4Addr>,
}

/// All ports of a thread.
#[derive(Default)]
pub(super) struct Ports {
    ports: HashMap<PortId, Open>,
    lanes: HashMap<PortId, SharedLane>,
    entrances: HashMap<u64, Entrance>,
}

struct Open {
    port: Port,
    seats: HashMap<SocketAddrV4, Seat>,
    next_look: Time,
}

/// A flow at a port.
struct Seat {
    flow: u64,
    source: Option<Ipv4Addr>,
    received: u64,
    dropped: u64,
    /// How many the program had taken a while ago, and when that was: none of them is still on its way.
    taken_before: (Time, u64),
    is_left: bool,
}

/// What a look at a flow's datagrams has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// So many more were taken from the kernel and never came.
    Dropped(u64),
    /// The program has left them to the kernel.
    Left,
}

/// The lane; a thread that panicked with it is gone, and so are its flows.
pub(super) fn locked(lane: &SharedLane) -> MutexGuard<'_, Lane> {
    lane.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ports {
    pub(super) fn attach(&mut self, id: PortId, port: Option<Port>, lane: SharedLane, pool: &mut Pool) {
        if let Some(mut port) = port {
            port.refill(pool, self.ports.len() + 1);
            self.ports.insert(id, Open { port, seats: HashMap::new(), next_look: Time::default() });
        }
        self.lanes.insert(id, lane);
    }

    pub(super) fn detach(&mut self, id: PortId, pool: &mut Pool) {
        if let Some(lane) = self.lanes.remove(&id) {
            locked(&lane).close(pool);
        }
        if let Some(open) = self.ports.remove(&id) {
            self.entrances.retain(|_, entrance| entrance.port != id);
            open.port.close(pool);
        }
    }

    pub(super) fn fds(&self, id: PortId) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.ports.get(&id).into_iter().flat_map(|open| open.port.fds())
    }

    /// Where a flow's datagrams come in, if by AF_XDP.
    pub(super) fn entrance(&self, flow: u64) -> Option<Entrance> {
        self.entrances.get(&flow).copied()
    }

    /// From now on the flow's datagrams come in here. Returns whether that was possible.
    pub(super) fn enter(&mut self, flow: u64, entrance: Entrance) -> bool {
        let Some(open) = self.ports.get_mut(&entrance.port) else { return false };
        let seat = Seat {
            flow,
            source: entrance.source,
            received: 0,
            dropped: 0,
            taken_before: (Time::default(), 0),
            is_left: false,
        };
        open.seats.insert(entrance.destination, seat);
        let entered = open.port.sorter().take(entrance.destination).is_ok();
        if entered {
            self.entrances.insert(flow, entrance);
        } else {
            open.seats.remove(&entrance.destination);
        }
        entered
    }

    /// No more of the flow's datagrams are taken from the kernel; those taken are still to be received.
    pub(super) fn close_entrance(&mut self, flow: u64) {
        if let Some(Entrance { port, destination, .. }) = self.entrance(flow)
            && let Some(open) = self.ports.get_mut(&port)
        {
            open.port.sorter().leave(destination);
            open.seats.get_mut(&destination).into_iter().for_each(|seat| seat.is_left = true);
        }
    }

    /// Whether the kernel has the flow's datagrams again, or still.
    pub(super) fn is_left(&self, flow: u64) -> bool {
        let tally = self
            .entrance(flow)
            .and_then(|Entrance { port, destination, .. }| self.ports.get(&port)?.port.sorter().tally(destination));
        tally.is_none_or(|tally| tally.is_left)
    }

    /// Has the next look come now: something of the flow came through its socket, as if the program had left it.
    pub(super) fn hasten_look(&mut self, flow: u64) {
        if let Some(Entrance { port, destination, .. }) = self.entrance(flow)
            && let Some(open) = self.ports.get_mut(&port)
            && open.seats.get(&destination).is_some_and(|seat| !seat.is_left)
        {
            open.next_look = Time::default();
        }
    }

    /// Forgets the flow.
    pub(super) fn leave(&mut self, flow: u64) {
        if let Some(entrance) = self.entrances.remove(&flow)
            && let Some(open) = self.ports.get_mut(&entrance.port)
        {
            open.seats.remove(&entrance.destination);
        }
    }

    /// Takes what waits at a port, up to a limit. Returns whether more may wait.
    pub(super) fn receive(&mut self, id: PortId, pool: &mut Pool, now: Time, taken: &mut Vec<Taken>) -> bool {
        self.ports.get_mut(&id).is_some_and(|open| open.port.receive(pool, now, taken))
    }

    /// Gives the kernel free frames to receive into.
    pub(super) fn refill(&mut self, id: PortId, pool: &mut Pool) {
        let ports = self.ports.len();
        if let Some(open) = self.ports.get_mut(&id) {
            open.port.refill(pool, ports);
        }
    }

    /// The flow that a datagram is for.
    #[inline]
    pub(super) fn flow_of(&mut self, id: PortId, taken: &Taken) -> Option<u64> {
        let seat = self.ports.get_mut(&id)?.seats.get_mut(&taken.packet.destination)?;
        seat.received += 1;
        seat.source.is_none_or(|source| source == taken.packet.source).then_some(seat.flow)
    }

    /// Whether [`Self::look`] is due.
    pub(super) fn wants_look(&self, id: PortId, now: Time) -> bool {
        self.ports.get(&id).is_some_and(|open| open.next_look <= now)
    }

    /// Tells what is new of each flow, once a second; for when nothing waits at the port.
    pub(super) fn look(&mut self, id: PortId, now: Time, mut tell: impl FnMut(u64, Finding)) {
        let Some(open) = self.ports.get_mut(&id).filter(|open| open.next_look <= now) else { return };
        open.next_look = now + LOOK_INTERVAL;
        for (destination, seat) in open.seats.iter_mut().filter(|(_, seat)| !seat.is_left) {
            let Some(tally) = open.port.sorter().tally(*destination) else { continue };
            let missing = seat.missing(now, tally.taken);
            if missing > 0 {
                tell(seat.flow, Finding::Dropped(missing));
            }
            if tally.is_left {
                seat.is_left = true;
                tell(seat.flow, Finding::Left);
            }
        }
    }
}

impl Seat {
    /// How many more are missing, of those that the program had taken by the look before: those taken just now may still be on
    /// their way from the program to us.
    fn missing(&mut self, now: Time, taken: u64) -> u64 {
        let (when, taken_before) = self.taken_before;
        if now.since(when) < LOOK_INTERVAL {
            return 0;
        }
        self.taken_before = (now, taken);
        let missing = taken_before.saturating_sub(self.received + self.dropped);
        self.dropped += missing;
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_its_way_is_not_missing_and_what_never_comes_is_missed_once() {
        let mut seat =
            Seat { flow: 0, source: None, received: 1, dropped: 0, taken_before: (Time(0), 0), is_left: false };
        let look = |seat: &mut Seat, seconds: u64, taken| seat.missing(Time(seconds * 1_000_000_000), taken);
        assert_eq!(look(&mut seat, 1, 10), 0, "nine are on their way");
        seat.received = 8;
        assert_eq!(look(&mut seat, 1, 20), 0, "a look again at once");
        assert_eq!(look(&mut seat, 2, 20), 2, "two of ten never came");
        seat.received = 18;
        assert_eq!(look(&mut seat, 3, 20), 0);
    }
}
