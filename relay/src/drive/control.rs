//! The socket on which the instances of a flow talk, at the port above the stream's.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};

use crate::io::udp::{Rx, Tx, UdpError};
use crate::pair::message::{Key, LONGEST, Message};
use crate::spec::Output;

/// Buffer for messages: some hundreds of them.
const BUFFER_BYTES: usize = 64 << 10;

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

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.rx.as_fd()
    }

    /// The next message that waits, and who sent it; what is none is skipped.
    pub(super) fn next(&self) -> Option<(Message, IpAddr)> {
        let mut buffer = [0; LONGEST];
        loop {
            let (bytes, source) = self.rx.take_one(&mut buffer).ok()?;
            if let (Ok(message), Some(source)) = (Message::read(bytes, self.key.as_ref()), source) {
                return Some((message, source.ip()));
            }
        }
    }

    /// Says something to the others.
    ///
    /// # Errors
    /// What the kernel says.
    pub(super) fn say(&self, message: &Message) -> io::Result<()> {
        self.tx.send_one(&message.write(self.key.as_ref()))
    }
}
