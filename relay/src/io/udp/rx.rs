//! The receiving socket.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::net::{RecvFlags, recvfrom};
use socket2::{Domain, Protocol, Socket, Type};

use super::{UdpError, filter};
use crate::mem::{Pool, SlotId};
use crate::spec::{Input, Output};
use crate::sys::{self, MAX_BATCH, Membership, Received, Receiver, Sources};

/// A socket that receives one input.
pub struct Rx {
    socket: Socket,
    granted_buffer_bytes: usize,
    drops_seen: u32,
    sources: Sources,
}

/// What one call received; kept between calls for its memory.
pub struct Batch {
    receiver: Receiver,
    slots: Vec<SlotId>,
    received: Vec<Received>,
    /// Buffers offered to the next call: what a slow flow never fills need not be prepared each time.
    offered: usize,
}

/// Buffers that a call is offered at least.
const LEAST_OFFERED: usize = 2;

impl Default for Batch {
    fn default() -> Self {
        let (receiver, slots, received) = (Receiver::default(), Vec::new(), Vec::new());
        Self { receiver, slots, received, offered: LEAST_OFFERED }
    }
}

impl Rx {
    /// Opens the socket of `input`, joins its group, and asks for a receive buffer of `buffer_bytes`.
    ///
    /// # Errors
    /// [`UdpError`] says which step failed and what would help.
    pub fn open(input: &Input, buffer_bytes: usize) -> Result<Self, UdpError> {
        let step = |name| UdpError::step(input, name);
        let interface_index = match &input.interface {
            None => 0,
            Some(wanted) => UdpError::index_of(input, wanted)?,
        };
        let socket = Socket::new(Domain::for_address(input.address), Type::DGRAM.nonblocking(), Some(Protocol::UDP))
            .map_err(step("open a socket"))?;
        socket.set_reuse_address(true).map_err(step("share the port"))?;
        if input.address.is_ipv6() {
            socket.set_only_v6(true).map_err(step("keep to IPv6"))?;
        }
        let granted_buffer_bytes = size_buffer(&socket, buffer_bytes).map_err(step("size the receive buffer"))?;
        sys::stamp_arrivals(socket.as_fd()).map_err(step("ask for arrival stamps"))?;
        sys::report_drops(socket.as_fd()).map_err(step("ask for the drop counter"))?;
        // An older kernel gives datagrams one by one, which works as well.
        let _ = sys::enable_receive_offload(socket.as_fd());
        socket.bind(&input.address.into()).map_err(step("bind"))?;
        if input.address.ip().is_multicast() {
            only_joined_groups(&socket, input.address).map_err(step("keep to joined groups"))?;
            let membership = Membership { group: input.address.ip(), source: input.source, interface_index };
            sys::join(socket.as_fd(), &membership).map_err(step("join the group"))?;
        }
        Ok(Self { socket, granted_buffer_bytes, drops_seen: 0, sources: Sources::NotAsked })
    }

    /// Opens a socket that hears what others send to the group of `output`, and from whom; not what `own` sends there.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_beside(output: &Output, own: SocketAddr, buffer_bytes: usize) -> Result<Self, UdpError> {
        let Output { transport, address, interface, .. } = output.clone();
        let mut rx = Self::open(&Input { transport, source: None, address, interface }, buffer_bytes)?;
        rx.socket
            .attach_filter(&filter::all_but(own))
            .map_err(UdpError::step(output, "leave out what it sends itself"))?;
        rx.sources = Sources::Asked;
        Ok(rx)
    }

    /// Receive buffer that the kernel granted, in bytes.
    pub const fn granted_buffer_bytes(&self) -> usize {
        self.granted_buffer_bytes
    }

    /// Takes what waits, as many slots full as the batch offers; see [`Batch::drain`]. Returns whether all were filled, so
    /// that more may wait.
    ///
    /// # Errors
    /// What the kernel says; nothing waiting is not an error.
    pub fn receive(&self, pool: &mut Pool, batch: &mut Batch) -> io::Result<bool> {
        batch.reserve(pool);
        let Batch { receiver, slots, received, offered } = batch;
        let (layout, count) = (pool.layout(), slots.len().min(*offered));
        let places = slots.iter().rev().take(count).map(|&slot| layout.place(slot));
        receiver.receive(self.socket.as_fd(), pool.memory_mut(), places, self.sources, received)?;
        *offered = (2 * received.len()).clamp(LEAST_OFFERED, MAX_BATCH);
        Ok(received.len() == count)
    }

    /// Takes one datagram into `buffer`, and who sent it.
    ///
    /// # Errors
    /// When none waits, and what else the kernel says.
    pub fn take_one<'a>(&self, buffer: &'a mut [u8]) -> io::Result<(&'a [u8], Option<SocketAddr>)> {
        let (len, _, source) = recvfrom(&self.socket, &mut *buffer, RecvFlags::DONTWAIT)?;
        Ok((&buffer[..len], source.and_then(|source| source.try_into().ok())))
    }

    /// Memory of the datagrams that wait, in bytes, as the kernel counts it: the buffer is full at twice what it granted.
    /// `None` where the kernel does not tell.
    pub fn queue_bytes(&self) -> Option<u64> {
        sys::queue_bytes(self.socket.as_fd()).ok().map(u64::from)
    }

    /// Whether a datagram waits.
    pub fn has_waiting(&self) -> bool {
        let mut byte = [std::mem::MaybeUninit::uninit(); 1];
        self.socket.peek(&mut byte).is_ok()
    }

    /// Takes and drops what waits, up to a batch; for when no slot is free. Returns how many datagrams.
    pub fn discard(&self) -> u64 {
        let mut byte = [std::mem::MaybeUninit::uninit(); 1];
        (0..MAX_BATCH).take_while(|_| self.socket.recv(&mut byte).is_ok()).count() as u64
    }

    /// Datagrams that the kernel dropped at this socket before `received` came, and that were not told of yet.
    pub fn new_drops(&mut self, received: &Received) -> u64 {
        received.drops.map_or(0, |count| self.drops_up_to(count))
    }

    /// Datagrams that the kernel dropped at this socket and that were not told of yet, though none has come since.
    pub fn last_drops(&mut self) -> u64 {
        // A kernel that does not know tells with the next datagram.
        sys::drops(self.socket.as_fd()).map_or(0, |count| self.drops_up_to(count))
    }

    /// New drops by the kernel's running count. What waited in the socket when the count was asked for holds older ones.
    fn drops_up_to(&mut self, count: u32) -> u64 {
        let new = count.wrapping_sub(self.drops_seen).cast_signed().max(0).cast_unsigned();
        self.drops_seen = self.drops_seen.wrapping_add(new);
        u64::from(new)
    }
}

impl AsFd for Rx {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Batch {
    /// Takes what was received, in order; the hold of each slot passes to the caller.
    pub fn drain(&mut self) -> impl Iterator<Item = (SlotId, Received)> {
        let Self { slots, received, .. } = self;
        received.drain(..).map_while(move |received| slots.pop().map(|slot| (slot, received)))
    }

    /// Free slots for a whole batch, or as many as there are; those the last call left are kept.
    fn reserve(&mut self, pool: &mut Pool) {
        while self.slots.len() < MAX_BATCH
            && let Some(slot) = pool.take()
        {
            self.slots.push(slot);
        }
    }
}

/// Asks for a receive buffer of `wanted` bytes; returns how many the kernel granted.
pub(super) fn size_buffer(socket: &Socket, wanted: usize) -> io::Result<usize> {
    socket.set_recv_buffer_size(wanted)?;
    // The kernel doubles what is asked for, to cover its own bookkeeping, and reports the double.
    if socket.recv_buffer_size()? / 2 < wanted {
        // With CAP_NET_ADMIN the limit does not hold; without it the error says nothing new.
        let _ = sys::force_receive_buffer(socket.as_fd(), wanted);
    }
    Ok(socket.recv_buffer_size()? / 2)
}

/// Without this a socket also hears groups that other sockets of the host joined.
fn only_joined_groups(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    match address {
        SocketAddr::V4(_) => socket.set_multicast_all_v4(false),
        SocketAddr::V6(_) => socket.set_multicast_all_v6(false),
    }
}

/// The address that means any of this host's, in the family of `address`.
pub(super) fn unspecified(address: SocketAddr) -> IpAddr {
    match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}
