//! The socket on which the instances of a flow talk, at the port above the stream's.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};

use crate::io::udp::{Rx, Tx, UdpError};
use crate::pair::message::{Key, LONGEST, Message};
use crate::spec::Output;
use crate::time::Utc;

/// Buffer for messages: some hundreds of them.
const BUFFER_BYTES: usize = 64 << 10;

/// Messages read a turn at most: a flood must not keep the stream waiting.
const MOST_A_TURN: usize = 64;
/// A signed message whose time is further off is one that somebody has kept.
const MOST_CLOCK_OFFSET_NANOS: u64 = 30_000_000_000;

/// Where instances talk.
pub(super) struct Control {
    rx: Rx,
    tx: Tx,
    key: Option<Key>,
}

impl Control {
    /// Opens the sockets at `place`.
    pub(super) fn open(place: &Output, key: Option<Key>) -> Result<Self, UdpError> {
        let tx = Tx::open(place)?;
        let own = tx.source().map_err(|error| UdpError::of(place, "tell its own address", error))?;
        Ok(Self { rx: Rx::open_beside(place, own, BUFFER_BYTES)?, tx, key })
    }

    pub(super) const fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.rx.as_fd()
    }

    /// The messages that wait, and who sent them; what is none is skipped.
    pub(super) fn messages(&self, now: Utc) -> impl Iterator<Item = (Message, IpAddr)> {
        let waiting = (0..MOST_A_TURN).map_while(|_| {
            let mut buffer = [0; LONGEST];
            let (bytes, source) = self.rx.take_one(&mut buffer).ok()?;
            Some(Message::read(bytes, self.key.as_ref()).ok().zip(source))
        });
        let is_old = move |message: &Message| message.sent.0.abs_diff(now.0) > MOST_CLOCK_OFFSET_NANOS;
        waiting
            .flatten()
            .filter(move |(message, _)| self.key.is_none() || !is_old(message))
            .map(|(message, source)| (message, source.ip()))
    }

    /// Says something to the others.
    ///
    /// # Errors
    /// What the kernel says.
    pub(super) fn say(&self, message: &Message) -> io::Result<()> {
        self.tx.send_one(&message.write(self.key.as_ref()))
    }
}
