//! Socket options by number.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::{c_int, c_void, sockaddr_storage, socklen_t};
use socket2::SockAddr;

/// Options of `IPPROTO_IP` and `IPPROTO_IPV6` alike (`linux/in.h`), which `libc` does not name.
const MCAST_JOIN_GROUP: c_int = 42;
const MCAST_JOIN_SOURCE_GROUP: c_int = 46;
/// Values of `SO_MEMINFO`, and which of them are the memory of what waits, and the drops (`linux/sock_diag.h`).
const MEMINFO_VALUES: usize = 9;
const MEMINFO_RECEIVE: usize = 0;
const MEMINFO_DROPS: usize = 8;

/// Membership of a multicast group on one interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    /// The group.
    pub(crate) group: IpAddr,
    /// The only sender wanted (source-specific multicast, RFC 4607), or any.
    pub(crate) source: Option<IpAddr>,
    /// Index of the interface; 0 lets the kernel choose by its routes.
    pub(crate) interface_index: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct GroupRequest {
    interface: u32,
    group: sockaddr_storage,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct GroupSourceRequest {
    interface: u32,
    group: sockaddr_storage,
    source: sockaddr_storage,
}

/// Joins a group (RFC 3678, 5.1: the protocol-independent calls), IPv4 or IPv6.
///
/// # Errors
/// What the kernel says: no such interface, too many memberships (`net.ipv4.igmp_max_memberships`).
pub(crate) fn join(socket: BorrowedFd, membership: &Membership) -> io::Result<()> {
    let level = if membership.group.is_ipv4() { libc::IPPROTO_IP } else { libc::IPPROTO_IPV6 };
    let (interface, group) = (membership.interface_index, storage(membership.group));
    match membership.source {
        None => set(socket, level, MCAST_JOIN_GROUP, &GroupRequest { interface, group }),
        Some(source) => {
            let request = GroupSourceRequest { interface, group, source: storage(source) };
            set(socket, level, MCAST_JOIN_SOURCE_GROUP, &request)
        }
    }
}

/// Lets the kernel hand over runs of equal datagrams as one (UDP_GRO).
///
/// # Errors
/// When the kernel (before 5.0) does not know the option.
pub(crate) fn enable_receive_offload(socket: BorrowedFd) -> io::Result<()> {
    set(socket, libc::SOL_UDP, libc::UDP_GRO, &1_i32)
}

/// Probes whether the kernel cuts long sends into datagrams (UDP_SEGMENT); no size is set for the socket.
///
/// # Errors
/// When the kernel (before 4.18) does not know the option.
pub(crate) fn enable_segmentation(socket: BorrowedFd) -> io::Result<()> {
    set(socket, libc::SOL_UDP, libc::UDP_SEGMENT, &0_i32)
}

/// Lets each datagram say when it leaves, by the clock that [`Time`](crate::time::Time) counts on (SO_TXTIME). Whether that
/// is kept is up to the interface's queueing discipline.
///
/// # Errors
/// When the kernel (before 4.19) does not know the option.
pub(crate) fn keep_departures(socket: BorrowedFd) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_TXTIME, &[libc::CLOCK_MONOTONIC as u32, 0])
}

/// Asks for the number of datagrams dropped at the socket with each datagram (SO_RXQ_OVFL).
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn report_drops(socket: BorrowedFd) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_RXQ_OVFL, &1_i32)
}

/// Number of datagrams dropped at the socket so far (SO_MEMINFO), those that wait behind none included.
///
/// # Errors
/// When the kernel (before 4.12) does not know the option.
pub(crate) fn drops(socket: BorrowedFd) -> io::Result<u32> {
    memory_info(socket).map(|values| values[MEMINFO_DROPS])
}

/// Memory of the datagrams that wait in the socket (SO_MEMINFO), in bytes, the kernel's own part included.
///
/// # Errors
/// When the kernel (before 4.12) does not know the option.
pub(crate) fn queue_bytes(socket: BorrowedFd) -> io::Result<u32> {
    memory_info(socket).map(|values| values[MEMINFO_RECEIVE])
}

/// The longest IP packet on the way of a connected socket, in bytes (IP_MTU).
///
/// # Errors
/// When the socket is not connected, or not of IPv4.
pub(crate) fn path_mtu(socket: BorrowedFd) -> io::Result<u32> {
    get(socket, libc::IPPROTO_IP, libc::IP_MTU)
}

fn memory_info(socket: BorrowedFd) -> io::Result<[u32; MEMINFO_VALUES]> {
    get(socket, libc::SOL_SOCKET, libc::SO_MEMINFO)
}

/// Asks for the UTC of arrival with each datagram (SO_TIMESTAMPNS).
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn stamp_arrivals(socket: BorrowedFd) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, &1_i32)
}

/// Sets the receive buffer beyond the limit `net.core.rmem_max`; takes CAP_NET_ADMIN.
///
/// # Errors
/// Without that capability.
pub(crate) fn force_receive_buffer(socket: BorrowedFd, bytes: usize) -> io::Result<()> {
    let bytes = c_int::try_from(bytes).unwrap_or(c_int::MAX);
    set(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &bytes)
}

/// Sends multicast through the interface of this index (IP_MULTICAST_IF, IPV6_MULTICAST_IF).
///
/// # Errors
/// When there is no such interface.
pub(crate) fn send_multicast_through(socket: BorrowedFd, group: IpAddr, interface_index: u32) -> io::Result<()> {
    let index = interface_index.cast_signed();
    if group.is_ipv6() {
        return set(socket, libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_IF, &index);
    }
    let any = libc::in_addr { s_addr: libc::INADDR_ANY };
    let request = libc::ip_mreqn { imr_multiaddr: any, imr_address: any, imr_ifindex: index };
    set(socket, libc::IPPROTO_IP, libc::IP_MULTICAST_IF, &request)
}

fn storage(address: IpAddr) -> sockaddr_storage {
    let address = SockAddr::from(SocketAddr::new(address, 0));
    // SAFETY: `SockAddrStorage` is a transparent wrapper of `sockaddr_storage`, of the same size and all initialised.
    unsafe { std::mem::transmute_copy(&address.as_storage()) }
}

fn set<T: Copy>(socket: BorrowedFd, level: c_int, name: c_int, value: &T) -> io::Result<()> {
    let value: *const T = value;
    // SAFETY: `value` points to `size_of::<T>()` readable bytes for the time of the call; the kernel keeps no pointer.
    let result = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, name, value.cast::<c_void>(), size_of::<T>() as socklen_t)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// `T` is an integer or an array of integers.
fn get<T: Copy + Default>(socket: BorrowedFd, level: c_int, name: c_int) -> io::Result<T> {
    let mut value = T::default();
    let mut len = size_of::<T>() as socklen_t;
    let place: *mut T = &mut value;
    // SAFETY: `place` points to `len` writable bytes for the time of the call; the kernel writes integers, for which any
    // bits will do, and `T` is made of those only.
    let result = unsafe { libc::getsockopt(socket.as_raw_fd(), level, name, place.cast::<c_void>(), &mut len) };
    if result == 0 { Ok(value) } else { Err(io::Error::last_os_error()) }
}
