//! Ancillary data (`cmsg`): room for it, reading and writing it.

use std::ptr;

use libc::{c_int, cmsghdr, msghdr};

/// Room for the ancillary data of one datagram: arrival stamp, drop counter and segment size take 72 bytes.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub(super) struct ControlBuffer(pub(super) [u8; 96]);

impl ControlBuffer {
    pub(super) const EMPTY: Self = Self([0; 96]);
}

/// Calls `visit(level, type, data)` for each control message of `header`.
///
/// # Safety
/// `header.msg_control` points to `header.msg_controllen` bytes that the kernel filled in.
pub(super) unsafe fn for_each(header: &msghdr, mut visit: impl FnMut(c_int, c_int, *const u8)) {
    // SAFETY: the caller promises a control buffer filled in by the kernel; CMSG_NXTHDR stays inside it.
    let mut message = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !message.is_null() {
        // SAFETY: `message` is not null, so it points to a whole header inside the buffer.
        let (level, kind) = unsafe { ((*message).cmsg_level, (*message).cmsg_type) };
        // SAFETY: as above; the data follows the header.
        visit(level, kind, unsafe { libc::CMSG_DATA(message) });
        // SAFETY: as above.
        message = unsafe { libc::CMSG_NXTHDR(header, message) };
    }
}

/// Writes the one control message that sets the segment size of a send (UDP_SEGMENT); returns the length to give to
/// the kernel.
pub(super) fn write_segment_size(buffer: &mut ControlBuffer, segment_len: u16) -> usize {
    write(buffer, libc::SOL_UDP, libc::UDP_SEGMENT, segment_len)
}

/// Writes the one control message that says when a datagram leaves (SCM_TXTIME), in nanoseconds of the clock that the
/// socket was told; returns the length to give to the kernel.
pub(super) fn write_departure(buffer: &mut ControlBuffer, nanos: u64) -> usize {
    write(buffer, libc::SOL_SOCKET, libc::SCM_TXTIME, nanos)
}

/// `T` is an integer.
fn write<T: Copy>(buffer: &mut ControlBuffer, level: c_int, kind: c_int, value: T) -> usize {
    // SAFETY: CMSG_SPACE and CMSG_LEN only compute.
    let (space, len) = unsafe { (libc::CMSG_SPACE(size_of::<T>() as u32), libc::CMSG_LEN(size_of::<T>() as u32)) };
    let header = cmsghdr { cmsg_len: len as usize, cmsg_level: level, cmsg_type: kind };
    let start = buffer.0.as_mut_ptr();
    // SAFETY: the buffer is aligned for `cmsghdr` and longer than CMSG_SPACE(8) = 24 bytes; the data starts right
    // after the header, which is a multiple of its own alignment long.
    unsafe {
        ptr::write(start.cast::<cmsghdr>(), header);
        ptr::write_unaligned(start.add(size_of::<cmsghdr>()).cast::<T>(), value);
    }
    space as usize
}
