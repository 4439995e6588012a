//! The order of a flow's datagrams when they come to it another way than before: through its socket, or by AF_XDP at a port.
//!
//! The kernel sends each datagram one way or the other in the order in which they arrive, but what it sent the old way may be
//! seen here after what it sent the new way: it waits in the socket or in the ring, or is being carried there by another CPU.
//! So from the first datagram that comes the new way, nothing more is taken from there for a while. Then all that came the
//! old way is there to be taken, and goes first.

use std::time::Duration;

use crate::flow::Arrived;
use crate::time::Time;

/// How long a datagram may take, at most, from the program that sorts to where it is taken from. It is microseconds unless
/// the CPU is taken away from the kernel meanwhile.
const SETTLE_TIME: Duration = Duration::from_millis(10);

/// Where datagrams come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Socket,
    Port,
}

/// Which way a flow's datagrams come, and what came by the other before its time.
#[derive(Debug)]
pub(super) struct Crossing {
    way: Way,
    /// When all that came before the change has surely arrived, if there is one under way.
    due: Option<Time>,
    /// What came at the port. The socket keeps by itself what comes there.
    held: Vec<Arrived>,
    /// Whether nothing more comes at the port, so that the socket may have got something after it.
    is_left: bool,
}

impl Default for Crossing {
    fn default() -> Self {
        Self { way: Way::Socket, due: None, held: Vec::new(), is_left: false }
    }
}

impl Crossing {
    /// Whether a datagram at the port is taken now; else it is to be given to [`Self::hold`].
    #[inline]
    pub(super) fn takes_from_port(&self) -> bool {
        self.way == Way::Port
    }

    /// Whether what is in the socket is taken now.
    pub(super) fn takes_from_socket(&self) -> bool {
        self.way == Way::Socket && !self.is_under_way()
    }

    /// Whether the flow is changing over. What comes through the socket waits there meanwhile, whichever way the change goes.
    pub(super) fn is_under_way(&self) -> bool {
        self.due.is_some()
    }

    /// When it is to be finished, if it is under way: all that waits at the port is to be taken then, and after it all that
    /// waits in the socket.
    pub(super) fn due(&self) -> Option<Time> {
        self.due
    }

    /// From now on the program takes what comes. Nothing of it is seen yet, but it may go before the next that is seen in
    /// the socket: the program leaves some flows to the kernel at once.
    pub(super) fn enter(&mut self, now: Time) {
        (self.way, self.due) = (Way::Socket, Some(now + SETTLE_TIME));
    }

    /// Keeps what came at the port until all that the socket got before has been taken.
    pub(super) fn hold(&mut self, now: Time, arrived: Arrived) {
        self.begin(now);
        self.held.push(arrived);
    }

    /// Something waits in the socket while datagrams come at the port.
    pub(super) fn note_waiting(&mut self, now: Time) {
        self.begin(now);
    }

    /// Nothing more comes at the port: the flow is left to the kernel.
    pub(super) fn note_left(&mut self) {
        self.is_left = true;
    }

    /// Gives what is held, in order, if it goes before a datagram that arrived at the socket at this time.
    #[inline]
    pub(super) fn release_before(&mut self, arrival: Time) -> Vec<Arrived> {
        let is_before = self.is_left && self.held.last().is_some_and(|last| last.arrival < arrival);
        if is_before { std::mem::take(&mut self.held) } else { Vec::new() }
    }

    /// Ends the change, with all taken that had waited. Gives what goes after it, in order.
    pub(super) fn finish(&mut self) -> Vec<Arrived> {
        self.way = if std::mem::take(&mut self.is_left) { Way::Socket } else { Way::Port };
        self.due = None;
        std::mem::take(&mut self.held)
    }

    fn begin(&mut self, now: Time) {
        self.due.get_or_insert(now + SETTLE_TIME);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mem::Pool;

    const SETTLED: Time = Time(1_000 + SETTLE_TIME.as_nanos() as u64);

    fn arrived(pool: &mut Pool, at: u64) -> Arrived {
        let slot = pool.take().unwrap();
        Arrived { slot, start: 0, len: 0, segment_len: None, arrival: Time(at), truncated: false }
    }

    fn arrivals(released: &[Arrived]) -> Vec<u64> {
        released.iter().map(|arrived| arrived.arrival.0).collect()
    }

    /// The program takes what comes, and two have come.
    fn entered() -> Crossing {
        let (mut pool, mut crossing) = (Pool::new(2), Crossing::default());
        crossing.enter(Time(1_000));
        for at in [1_100, 2_000] {
            assert!(!crossing.takes_from_port());
            crossing.hold(Time(at), arrived(&mut pool, at));
        }
        crossing
    }

    #[test]
    fn what_comes_at_the_port_waits_for_what_is_on_its_way_to_the_socket() {
        let mut crossing = entered();
        assert_eq!(crossing.due(), Some(SETTLED), "from the moment on at which it was taken");
        assert!(crossing.is_under_way() && !crossing.takes_from_socket());
        assert_eq!(arrivals(&crossing.release_before(Time(3_000))), [], "whatever its stamp says");
        assert_eq!(arrivals(&crossing.finish()), [1_100, 2_000]);
        assert!(crossing.takes_from_port() && !crossing.takes_from_socket() && !crossing.is_under_way());
    }

    #[test]
    fn what_waits_in_the_socket_waits_for_what_is_on_its_way_to_the_port() {
        let mut crossing = entered();
        crossing.finish();
        crossing.note_waiting(Time(1_000));
        assert_eq!(crossing.due(), Some(SETTLED));
        assert!(crossing.takes_from_port() && !crossing.takes_from_socket());
        crossing.note_left();
        assert_eq!(arrivals(&crossing.finish()), []);
        assert!(!crossing.takes_from_port() && crossing.takes_from_socket());
    }

    #[test]
    fn what_strays_into_the_socket_changes_nothing() {
        let mut crossing = entered();
        crossing.finish();
        crossing.note_waiting(Time(3_000));
        crossing.finish();
        assert!(crossing.takes_from_port());
    }

    #[test]
    fn a_flow_that_is_left_at_once_stays_at_its_socket_and_what_was_taken_goes_between() {
        let mut crossing = entered();
        crossing.note_left();
        assert_eq!(arrivals(&crossing.release_before(Time(900))), []);
        assert_eq!(arrivals(&crossing.release_before(Time(2_100))), [1_100, 2_000]);
        assert_eq!(arrivals(&crossing.finish()), []);
        assert!(crossing.takes_from_socket());
    }
}
