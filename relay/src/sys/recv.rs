//! Many datagrams from one socket in one call.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use libc::{c_int, iovec, mmsghdr, msghdr, sockaddr_storage, socklen_t, timespec};
use socket2::SockAddr;

use super::control::{self, ControlBuffer};
use super::region::Region;
use crate::mem::{SlotId, Span};
use crate::time::{Moment, Time, Utc};

/// The most buffers that one call fills.
pub(crate) const MAX_BATCH: usize = 64;

/// What the kernel put into one buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Bytes in the buffer.
    pub len: usize,
    /// Length of each datagram in the buffer but the last, when the kernel joined several (UDP_GRO).
    pub segment_len: Option<usize>,
    /// When the (first) datagram arrived.
    pub arrival: Option<Utc>,
    /// Datagrams dropped at this socket so far, modulo 2^32 (SO_RXQ_OVFL); reported only once there are some.
    pub drops: Option<u32>,
    /// Whether the datagram was longer than the buffer.
    pub truncated: bool,
    /// Who sent it, if that was asked for.
    pub source: Option<SocketAddr>,
}

impl Received {
    /// When it arrived on the monotonic clock, by `now`, at which it is taken.
    pub fn arrival_by(&self, now: Moment) -> Time {
        self.arrival.map_or(now.mono, |utc| now.mono_at(utc).min(now.mono))
    }

    /// The datagrams in it, received into `slot`.
    pub fn datagrams(&self, slot: SlotId) -> impl Iterator<Item = Span> {
        Span { slot, start: 0, len: self.len as u32 }.segments(self.segment_len)
    }
}

/// Whether to ask who sent each datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sources {
    Asked,
    NotAsked,
}

/// The arrays that `recvmmsg` works on, kept between calls.
pub(crate) struct Receiver {
    headers: Vec<mmsghdr>,
    buffers: Vec<iovec>,
    controls: Vec<ControlBuffer>,
    names: Vec<sockaddr_storage>,
}

// SAFETY: the raw pointers inside are set anew before each call and never read outside of it.
unsafe impl Send for Receiver {}

impl Default for Receiver {
    fn default() -> Self {
        // SAFETY: all-zero bytes are a valid `mmsghdr`: null pointers and zero lengths.
        let header: mmsghdr = unsafe { std::mem::zeroed() };
        Self {
            headers: vec![header; MAX_BATCH],
            buffers: vec![iovec { iov_base: ptr::null_mut(), iov_len: 0 }; MAX_BATCH],
            controls: vec![ControlBuffer::EMPTY; MAX_BATCH],
            // SAFETY: all-zero bytes are a valid `sockaddr_storage`, of no family.
            names: vec![unsafe { std::mem::zeroed() }; MAX_BATCH],
        }
    }
}

impl Receiver {
    /// Fills the `places` of `memory`, one buffer each, with what waits at the non-blocking `socket`, and appends a
    /// [`Received`] for each that was filled, in order. Places after the [`MAX_BATCH`]th are left alone.
    ///
    /// # Errors
    /// What the kernel says; nothing waiting is not an error.
    ///
    /// # Panics
    /// When a place lies outside `memory`.
    pub(crate) fn receive(
        &mut self,
        socket: BorrowedFd,
        memory: &mut Region,
        places: impl Iterator<Item = Range<usize>>,
        sources: Sources,
        received: &mut Vec<Received>,
    ) -> io::Result<()> {
        let mut count = 0;
        for place in places.take(MAX_BATCH) {
            self.prepare(count, memory.bytes_mut(place), sources);
            count += 1;
        }
        // SAFETY: the first `count` headers point to buffers inside `memory`, which is borrowed mutably for this call,
        // and to control buffers that `self` owns; places that overlap would only overwrite each other's bytes.
        let filled = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                self.headers.as_mut_ptr(),
                count as u32,
                libc::MSG_DONTWAIT as _,
                ptr::null_mut(),
            )
        };
        match usize::try_from(filled) {
            Ok(filled) => {
                received.extend(self.headers[..filled].iter().map(describe));
                if sources == Sources::Asked {
                    let first = received.len() - filled;
                    for (received, name) in received[first..].iter_mut().zip(&self.names) {
                        received.source = source(name);
                    }
                }
                Ok(())
            }
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
                error => Err(error),
            },
        }
    }

    fn prepare(&mut self, index: usize, place: &mut [u8], sources: Sources) {
        self.buffers[index] = iovec { iov_base: place.as_mut_ptr().cast(), iov_len: place.len() };
        let header = &mut self.headers[index].msg_hdr;
        header.msg_iov = &raw mut self.buffers[index];
        header.msg_iovlen = 1;
        header.msg_control = self.controls[index].0.as_mut_ptr().cast();
        header.msg_controllen = size_of::<ControlBuffer>();
        (header.msg_name, header.msg_namelen) = match sources {
            Sources::Asked => ((&raw mut self.names[index]).cast(), size_of::<sockaddr_storage>() as socklen_t),
            Sources::NotAsked => (ptr::null_mut(), 0),
        };
    }
}

fn source(name: &sockaddr_storage) -> Option<SocketAddr> {
    // SAFETY: a `sockaddr_storage` holds what its family says, written by the kernel, or zeros, which are no family.
    let address = unsafe {
        SockAddr::try_init(|storage, len| {
            storage.cast::<sockaddr_storage>().write(*name);
            *len = size_of::<sockaddr_storage>() as socklen_t;
            Ok(())
        })
    };
    address.ok().and_then(|((), address)| address.as_socket())
}

fn describe(message: &mmsghdr) -> Received {
    let header = &message.msg_hdr;
    let truncated = header.msg_flags & libc::MSG_TRUNC != 0;
    let mut received = Received { len: message.msg_len as usize, truncated, ..Received::default() };
    read_control(header, &mut received);
    received
}

fn read_control(header: &msghdr, received: &mut Received) {
    // SAFETY: `describe` is only given headers that the kernel has just filled in.
    unsafe {
        control::for_each(header, |level, kind, data| match (level, kind) {
            (libc::SOL_UDP, libc::UDP_GRO) => {
                let segment_len = ptr::read_unaligned(data.cast::<c_int>());
                received.segment_len = usize::try_from(segment_len).ok().filter(|&len| len > 0);
            }
            (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                let stamp = ptr::read_unaligned(data.cast::<timespec>());
                received.arrival = Some(Utc(stamp.tv_sec as u64 * 1_000_000_000 + stamp.tv_nsec as u64));
            }
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => received.drops = Some(ptr::read_unaligned(data.cast::<u32>())),
            _ => {}
        });
    }
}
