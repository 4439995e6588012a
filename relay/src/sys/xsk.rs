//! AF_XDP sockets: four rings shared with the kernel, over frames in memory shared with it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::net::xdp::{
    SocketAddrXdp, SocketAddrXdpFlags, SocketAddrXdpWithSharedUmem, XDP_PGOFF_RX_RING, XDP_PGOFF_TX_RING,
    XDP_UMEM_PGOFF_COMPLETION_RING, XDP_UMEM_PGOFF_FILL_RING, XdpDesc, XdpDescOptions, XdpOptionsFlags, XdpUmemReg,
    XdpUmemRegFlags,
};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::net::{bind, recv, send, socket_with, sockopt};

use super::region::SharedPart;
use super::ring::{Consumer, Producer};

/// Entries of each ring.
pub(crate) const RING_LEN: u32 = 8_192;

/// Memory to be shared with the kernel, in frames.
pub(crate) struct Frames<'a> {
    /// A multiple of `frame_len`.
    pub(crate) memory: &'a SharedPart,
    /// Bytes of a frame: 2,048 or 4,096.
    pub(crate) frame_len: u32,
    /// Bytes before each packet received, besides the kernel's own.
    pub(crate) headroom: u32,
    /// Bytes before each packet sent that tell the kernel what to do with it; 0 for none.
    pub(crate) tx_metadata_len: u32,
}

/// The receiving half of a socket on one queue of one interface.
pub(crate) struct Xsk {
    socket: Arc<OwnedFd>,
    fill: Producer<u64>,
    receive: Consumer<XdpDesc>,
}

/// The sending half.
pub(crate) struct XskSender {
    socket: Arc<OwnedFd>,
    completion: Consumer<u64>,
    transmit: Producer<XdpDesc>,
}

/// Whether this process may open sockets of this kind, and the kernel has them.
///
/// # Errors
/// What the kernel says.
pub(crate) fn probe() -> io::Result<()> {
    new_socket().map(drop)
}

fn new_socket() -> io::Result<OwnedFd> {
    Ok(socket_with(AddressFamily::XDP, SocketType::RAW, SocketFlags::CLOEXEC, None)?)
}

impl Xsk {
    /// Opens a socket on a queue. With `shared`, a socket whose frames it shares; else it registers `frames`.
    ///
    /// # Errors
    /// What the kernel says: no capability (EPERM), too little memory that may be locked (ENOBUFS), queue taken (EBUSY).
    pub(crate) fn open(
        frames: &Frames,
        shared: Option<BorrowedFd>,
        interface_index: u32,
        queue: u32,
    ) -> io::Result<(Self, XskSender)> {
        let socket = Arc::new(new_socket()?);
        if shared.is_none() {
            sockopt::set_xdp_umem_reg(&socket, registration(frames))?;
        }
        sockopt::set_xdp_umem_fill_ring_size(&socket, RING_LEN)?;
        sockopt::set_xdp_umem_completion_ring_size(&socket, RING_LEN)?;
        sockopt::set_xdp_rx_ring_size(&socket, RING_LEN)?;
        sockopt::set_xdp_tx_ring_size(&socket, RING_LEN)?;
        let offsets = sockopt::xdp_mmap_offsets(&socket)?;
        let fill = Producer::map(socket.as_fd(), XDP_UMEM_PGOFF_FILL_RING, &offsets.fr, RING_LEN)?;
        let completion = Consumer::map(socket.as_fd(), XDP_UMEM_PGOFF_COMPLETION_RING, &offsets.cr, RING_LEN)?;
        let receive = Consumer::map(socket.as_fd(), XDP_PGOFF_RX_RING, &offsets.rx, RING_LEN)?;
        let transmit = Producer::map(socket.as_fd(), XDP_PGOFF_TX_RING, &offsets.tx, RING_LEN)?;
        bind_to(&socket, shared, interface_index, queue)?;
        let sender = XskSender { socket: Arc::clone(&socket), completion, transmit };
        Ok((Self { socket, fill, receive }, sender))
    }

    /// Whether the driver reads and writes the frames itself, without a copy by the kernel.
    pub(crate) fn is_zero_copy(&self) -> bool {
        sockopt::xdp_options(&self.socket).is_ok_and(|options| options.contains(XdpOptionsFlags::XDP_OPTIONS_ZEROCOPY))
    }

    /// Gives the kernel a frame to receive into; `false` when it has enough.
    #[inline]
    pub(crate) fn offer(&mut self, frame: u64) -> bool {
        self.fill.push(frame)
    }

    /// Has the kernel see the frames offered, and wakes a driver that waits for some.
    #[inline]
    pub(crate) fn publish_offers(&mut self) {
        self.fill.publish();
        if self.fill.needs_wakeup() {
            // There is nothing to receive this way: it is the call that counts.
            let _ = recv(&self.socket, &mut [0_u8; 0][..], RecvFlags::DONTWAIT);
        }
    }

    /// Takes the next packet received: its address and length.
    #[inline]
    pub(crate) fn take_received(&mut self) -> Option<(u64, usize)> {
        self.receive.pop().map(|packet| (packet.addr, packet.len as usize))
    }

    /// Has the kernel see what was taken.
    #[inline]
    pub(crate) fn publish_taken(&mut self) {
        self.receive.publish();
    }
}

impl XskSender {
    /// Takes the next packet that was sent, by its address.
    #[inline]
    pub(crate) fn take_completed(&mut self) -> Option<u64> {
        self.completion.pop()
    }

    /// Has the kernel see what was taken.
    #[inline]
    pub(crate) fn publish_taken(&mut self) {
        self.completion.publish();
    }

    /// Queues a packet; `false` when the queue is full. With `metadata`, what lies before it tells what to do.
    #[inline]
    pub(crate) fn queue(&mut self, addr: u64, len: usize, metadata: bool) -> bool {
        let options = XdpDescOptions::from_bits_retain(if metadata { libc::XDP_TX_METADATA } else { 0 });
        self.transmit.push(XdpDesc { addr, len: len as u32, options })
    }

    /// Has the kernel send what is queued. `true` when nothing is left of it.
    ///
    /// # Errors
    /// When the interface is down (ENETDOWN) or gone (ENXIO).
    pub(crate) fn kick(&mut self) -> io::Result<bool> {
        use rustix::io::Errno;
        self.transmit.publish();
        match send(&self.socket, &[], SendFlags::DONTWAIT) {
            Ok(_) | Err(Errno::AGAIN | Errno::BUSY | Errno::NOBUFS) => Ok(self.transmit.is_drained()),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Xsk {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn registration(frames: &Frames) -> XdpUmemReg {
    let flags = if frames.tx_metadata_len > 0 { libc::XDP_UMEM_TX_METADATA_LEN } else { 0 };
    XdpUmemReg {
        addr: frames.memory.address(),
        len: frames.memory.len() as u64,
        chunk_size: frames.frame_len,
        headroom: frames.headroom,
        flags: XdpUmemRegFlags::from_bits_retain(flags),
        tx_metadata_len: frames.tx_metadata_len,
    }
}

fn bind_to(socket: &OwnedFd, shared: Option<BorrowedFd>, interface_index: u32, queue: u32) -> io::Result<()> {
    match shared {
        None => {
            let flags = SocketAddrXdpFlags::XDP_USE_NEED_WAKEUP;
            bind(socket, &SocketAddrXdp::new(flags, interface_index, queue))?;
        }
        Some(shared_umem_fd) => {
            let addr = SocketAddrXdp::new(SocketAddrXdpFlags::XDP_SHARED_UMEM, interface_index, queue);
            bind(socket, &SocketAddrXdpWithSharedUmem { addr, shared_umem_fd })?;
        }
    }
    Ok(())
}
