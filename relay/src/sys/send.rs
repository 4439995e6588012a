//! Many datagrams to one connected socket in one call, gathered from where they lie.

use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use libc::{iovec, mmsghdr};

use super::control::{self, ControlBuffer};
use super::region::Region;
use crate::time::Time;

/// Bytes to send, as they lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// In the pool's memory: payload.
    Payload(Range<usize>),
    /// In the headers made for this call.
    Header(Range<usize>),
}

impl Piece {
    /// Number of bytes.
    pub(crate) fn byte_len(&self) -> usize {
        let (Self::Payload(range) | Self::Header(range)) = self;
        range.len()
    }
}

/// A send: one datagram, or a run of datagrams that the kernel cuts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The pieces it is gathered from, as a range of the call's list.
    pub(crate) pieces: Range<usize>,
    /// Length of each datagram in the run but the last (UDP_SEGMENT); `None` when the pieces are one datagram.
    pub(crate) segment_len: Option<u16>,
    /// When it leaves, on the clock of [`keep_departures`](super::keep_departures); at once if `None`. A run has none: it
    /// would leave as one burst.
    pub(crate) departure: Option<Time>,
}

/// The arrays that `sendmmsg` works on, kept between calls.
#[derive(Default)]
pub(crate) struct Sender {
    headers: Vec<mmsghdr>,
    buffers: Vec<iovec>,
    controls: Vec<ControlBuffer>,
}

// SAFETY: the raw pointers inside are set anew before each call and never read outside of it.
unsafe impl Send for Sender {}

impl Sender {
    /// Sends `messages`, gathered from `pieces` of `memory` and `headers`, on a connected socket, without waiting.
    /// Returns how many messages went out: fewer than all when a later one failed, whose error the next call gives.
    ///
    /// # Errors
    /// What the kernel says of the first message.
    ///
    /// # Panics
    /// When a piece or a range of pieces lies outside what it points into.
    pub(crate) fn send(
        &mut self,
        socket: BorrowedFd,
        memory: &Region,
        headers: &[u8],
        pieces: &[Piece],
        messages: &[Message],
    ) -> io::Result<usize> {
        self.gather(memory, headers, pieces);
        self.address(messages);
        // SAFETY: each header points to iovecs and control buffers that `self` owns and that do not move until the
        // call returns; the iovecs point into `memory` and `headers`, borrowed for this call, which the kernel reads.
        let sent = unsafe {
            libc::sendmmsg(
                socket.as_raw_fd(),
                self.headers.as_mut_ptr(),
                messages.len() as u32,
                (libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL) as _,
            )
        };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }

    fn gather(&mut self, memory: &Region, headers: &[u8], pieces: &[Piece]) {
        self.buffers.clear();
        self.buffers.extend(pieces.iter().map(|piece| {
            let bytes = match piece {
                Piece::Payload(range) => memory.bytes(range.clone()),
                Piece::Header(range) => &headers[range.clone()],
            };
            iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() }
        }));
    }

    fn address(&mut self, messages: &[Message]) {
        self.controls.clear();
        self.controls.resize(messages.len(), ControlBuffer::EMPTY);
        self.headers.clear();
        for (message, control) in messages.iter().zip(&mut self.controls) {
            // SAFETY: all-zero bytes are a valid `mmsghdr`: null pointers and zero lengths.
            let mut header: mmsghdr = unsafe { std::mem::zeroed() };
            let buffers = &mut self.buffers[message.pieces.clone()];
            header.msg_hdr.msg_iov = buffers.as_mut_ptr();
            header.msg_hdr.msg_iovlen = buffers.len();
            let control_len = match (message.segment_len, message.departure) {
                (Some(segment_len), _) => control::write_segment_size(control, segment_len),
                (None, Some(departure)) => control::write_departure(control, departure.0),
                (None, None) => 0,
            };
            if control_len > 0 {
                header.msg_hdr.msg_controllen = control_len;
                header.msg_hdr.msg_control = ptr::from_mut(control).cast();
            }
            self.headers.push(header);
        }
    }
}
