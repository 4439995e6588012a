//! Rings shared with the kernel: one side puts in, the other takes out, each at its own pace.

use std::io;
use std::os::fd::BorrowedFd;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::net::xdp::XdpRingOffset;

/// The flag by which the kernel asks to be woken (XDP_RING_NEED_WAKEUP).
const NEEDS_WAKEUP: u32 = 1;

/// A ring mapped from a socket. Positions count up and wrap at 2^32; a place is a position modulo the ring's length.
struct Ring<T> {
    start: NonNull<u8>,
    mapped_len: usize,
    producer: NonNull<AtomicU32>,
    consumer: NonNull<AtomicU32>,
    flags: Option<NonNull<AtomicU32>>,
    entries: NonNull<T>,
    len: u32,
}

// SAFETY: the ring is memory of its own that no other value of this process points to.
unsafe impl<T> Send for Ring<T> {}

impl<T> Ring<T> {
    /// `T` is what the kernel has in this ring: `u64` or `XdpDesc`.
    fn map(socket: BorrowedFd, place: u64, offsets: &XdpRingOffset, len: u32) -> io::Result<Self> {
        let mapped_len = offsets.desc as usize + len as usize * size_of::<T>();
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::SHARED | MapFlags::POPULATE;
        // SAFETY: a new mapping, at an address that the kernel chooses.
        let start = unsafe { mmap(ptr::null_mut(), mapped_len, protection, flags, socket, place)? };
        let start = NonNull::new(start.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: the kernel says where in the mapping these lie; `mapped_len` covers them all, aligned for their types.
        unsafe {
            let producer = start.add(offsets.producer as usize).cast();
            let consumer = start.add(offsets.consumer as usize).cast();
            let flags = offsets.flags.map(|at| start.add(at as usize).cast());
            let entries = start.add(offsets.desc as usize).cast();
            Ok(Self { start, mapped_len, producer, consumer, flags, entries, len })
        }
    }

    fn producer(&self) -> &AtomicU32 {
        // SAFETY: it points into the mapping, which lives as long as `self`.
        unsafe { self.producer.as_ref() }
    }

    fn consumer(&self) -> &AtomicU32 {
        // SAFETY: as above.
        unsafe { self.consumer.as_ref() }
    }

    /// Where the entry at a position lies.
    fn entry(&self, position: u32) -> NonNull<T> {
        // SAFETY: the place is less than the ring's length, a power of two, so it is inside the mapping.
        unsafe { self.entries.add((position & (self.len - 1)) as usize) }
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no reference into it outlives `self`.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.mapped_len) };
    }
}

/// The side that puts in.
pub(super) struct Producer<T> {
    ring: Ring<T>,
    position: u32,
    consumer_seen: u32,
}

impl<T: Copy> Producer<T> {
    pub(super) fn map(socket: BorrowedFd, place: u64, offsets: &XdpRingOffset, len: u32) -> io::Result<Self> {
        Ok(Self { ring: Ring::map(socket, place, offsets, len)?, position: 0, consumer_seen: 0 })
    }

    /// Puts an entry in, for [`Self::publish`] to show; `false` when the ring is full.
    #[inline]
    pub(super) fn push(&mut self, entry: T) -> bool {
        if self.position.wrapping_sub(self.consumer_seen) == self.ring.len {
            self.consumer_seen = self.ring.consumer().load(Ordering::Acquire);
            if self.position.wrapping_sub(self.consumer_seen) == self.ring.len {
                return false;
            }
        }
        // SAFETY: the place is inside the mapping, and the kernel does not read it before it is published.
        unsafe { self.ring.entry(self.position).write(entry) };
        self.position = self.position.wrapping_add(1);
        true
    }

    #[inline]
    pub(super) fn publish(&self) {
        self.ring.producer().store(self.position, Ordering::Release);
    }

    /// Whether the kernel waits for a call before it looks at the ring.
    pub(super) fn needs_wakeup(&self) -> bool {
        // SAFETY: it points into the mapping, which lives as long as `self`.
        let flags = self.ring.flags.map_or(0, |flags| unsafe { flags.as_ref() }.load(Ordering::Relaxed));
        flags & NEEDS_WAKEUP != 0
    }

    /// Whether the kernel has taken all that was published.
    pub(super) fn is_drained(&self) -> bool {
        self.ring.consumer().load(Ordering::Acquire) == self.position
    }
}

/// The side that takes out.
pub(super) struct Consumer<T> {
    ring: Ring<T>,
    position: u32,
    producer_seen: u32,
}

impl<T: Copy> Consumer<T> {
    pub(super) fn map(socket: BorrowedFd, place: u64, offsets: &XdpRingOffset, len: u32) -> io::Result<Self> {
        Ok(Self { ring: Ring::map(socket, place, offsets, len)?, position: 0, producer_seen: 0 })
    }

    /// Takes the next entry out; its place is free for the kernel after [`Self::publish`].
    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        if self.position == self.producer_seen {
            self.producer_seen = self.ring.producer().load(Ordering::Acquire);
            if self.position == self.producer_seen {
                return None;
            }
        }
        // SAFETY: the kernel has published this entry and does not write to it before it is given back; all bits are
        // valid for integers, of which `T` is made.
        let entry = unsafe { self.ring.entry(self.position).read() };
        self.position = self.position.wrapping_add(1);
        Some(entry)
    }

    #[inline]
    pub(super) fn publish(&self) {
        self.ring.consumer().store(self.position, Ordering::Release);
    }
}
