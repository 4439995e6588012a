//! The order of a flow's datagrams when they come to it another way than before: through its socket, or by AF_XDP at a port.
//!
//! The kernel gives each datagram to one of the two in the order in which they arrive. But a datagram may be seen in the one
//! while an earlier one is still on its way to the other, or waits there since this thread was kept from its CPU. So when the
//! way changes, what comes the new way is left alone for a while; then all that came the old way is there to be taken, and goes
//! first.

use std::time::Duration;

use crate::flow::Arrived;
use crate::time::Time;

/// How long a datagram may take, at most, from the program that sorts to where it is taken from. It is microseconds unless
/// the CPU is taken away from the kernel meanwhile.
const SETTLE_TIME: Duration = Duration::from_millis(10);

/// Which way a flow's datagrams come, and what came the other way before its time.
#[derive(Debug, Default)]
pub(super) struct Crossing {
    /// Whether they come at a port.
    at_port: bool,
    /// When all that came before a change has arrived, if there is one under way.
    due: Option<Time>,
    /// What came at the port before its time. The socket keeps by itself what comes there.
    held: Vec<Arrived>,
    /// Whether nothing more comes at the port, so that the socket may have got something after what is held.
    is_left: bool,
}

impl Crossing {
    /// Whether what comes at the port is taken now; else it is to be given to [`Self::hold`].
    #[inline]
    pub(super) const fn takes_from_port(&self) -> bool {
        self.at_port
    }

    /// Whether what is in the socket is taken now.
    pub(super) const fn takes_from_socket(&self) -> bool {
        !self.at_port && !self.is_under_way()
    }

    /// Whether there is a change. What comes through the socket waits there meanwhile, whichever way it goes.
    pub(super) const fn is_under_way(&self) -> bool {
        self.due.is_some()
    }

    /// When the change is to be finished, if there is one: all that waits at the port is to be taken then, or held; after it
    /// all that waits in the socket; and then [`Self::finish`] gives what is held.
    pub(super) const fn due(&self) -> Option<Time> {
        self.due
    }

    /// From now on the program takes what comes. Nothing of it is seen yet, but it may go before the next that is seen in
    /// the socket: the program leaves some flows to the kernel at once.
    pub(super) fn enter(&mut self, now: Time) {
        (self.at_port, self.due) = (false, Some(now + SETTLE_TIME));
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
    pub(super) const fn note_left(&mut self) {
        self.is_left = true;
    }

    /// Gives what is held, in order, if it goes before a datagram that arrived at the socket at this time.
    #[inline]
    pub(super) fn release_before(&mut self, arrival: Time) -> Vec<Arrived> {
        let is_before = self.is_left && self.held.last().is_some_and(|last| last.arrival < arrival);
        if is_before { std::mem::take(&mut self.held) } else { Vec::new() }
    }

    /// Ends the change. Gives what goes after all that was taken, in order.
    pub(super) fn finish(&mut self) -> Vec<Arrived> {
        (self.at_port, self.due) = (!std::mem::take(&mut self.is_left), None);
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
        let (mut pool, mut crossing) = (Pool::new(2, 64), Crossing::default());
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
        assert_eq!(arrivals(&crossing.release_before(Time(3_000))), [0; 0], "whatever its stamp says");
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
        assert_eq!(arrivals(&crossing.finish()), [0; 0]);
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
        assert_eq!(arrivals(&crossing.release_before(Time(900))), [0; 0]);
        assert_eq!(arrivals(&crossing.release_before(Time(2_100))), [1_100, 2_000]);
        assert_eq!(arrivals(&crossing.finish()), [0; 0]);
        assert!(crossing.takes_from_socket());
    }
}
