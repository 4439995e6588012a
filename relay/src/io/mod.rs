//! Where datagrams come from and go to.

pub mod capture;
pub mod clock;
pub mod file;
pub mod interface;
pub mod netlink;
pub mod qdisc;
pub mod recording;
pub mod synthetic;
pub mod udp;
pub mod xdp;

use crate::time::Utc;

/// A source of datagrams made on this host: synthetic channels and looped files.
///
/// Both are functions of UTC: datagram number `n` has one content and one moment, whoever makes it and whenever he
/// started, so that two instances emit the same bytes at the same time.
pub trait Generator: Send {
    /// Moves to the first datagram due at or after `now`: at the start, after a freeze, after a step of the clock.
    fn seek(&mut self, now: Utc);

    /// When the next datagram is due; `None` when the source has ended.
    fn due(&self) -> Option<Utc>;

    /// Number of the next datagram, in a count that goes up by one with each and is a function of UTC as well; `None` when
    /// the source is not.
    fn number(&self) -> Option<u64>;

    /// Writes the next datagram, a whole number of transport packets, into `buffer` and moves on.
    /// Returns its length in bytes, `0` when the source has ended.
    ///
    /// # Errors
    /// When the source cannot be read; the next call tries again.
    fn fill(&mut self, buffer: &mut [u8]) -> std::io::Result<usize>;
}
