//! Memory that the kernel may read and write while we hold it.

use std::io;
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

/// A mapping, which lives as long as anybody knows of it.
struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to the process, and all that is done here with the address is to unmap it at the end.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nobody knows of it any more.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
    }
}

/// Zeroed memory from a page boundary on, mapped page by page when first written. It is borrowed range by range, never as
/// a whole: the kernel may be writing to frames that nobody here holds.
pub(crate) struct Region {
    mapping: Arc<Mapping>,
    len: usize,
}

/// The first bytes of a region, to be shared with the kernel.
#[derive(Clone)]
pub(crate) struct SharedPart {
    mapping: Arc<Mapping>,
    len: usize,
}

impl SharedPart {
    pub(crate) fn address(&self) -> u64 {
        self.mapping.start.as_ptr() as u64
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }
}

impl Region {
    /// # Errors
    /// When the address space has no room.
    pub(crate) fn new(len: usize) -> io::Result<Self> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let mapped = len.max(1);
        // SAFETY: a new mapping, at an address that the kernel chooses.
        let start = unsafe { mmap_anonymous(ptr::null_mut(), mapped, protection, flags)? };
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { mapping: Arc::new(Mapping { start, len: mapped }), len })
    }

    /// Asks the kernel to map it in huge pages as it is written.
    ///
    /// # Errors
    /// When the kernel has none.
    pub(crate) fn prefer_huge_pages(&self) -> io::Result<()> {
        // SAFETY: the mapping is ours; how large its pages are changes nothing that is in them.
        Ok(unsafe { madvise(self.mapping.start.as_ptr().cast(), self.mapping.len, Advice::LinuxHugepage) }?)
    }

    /// The first `len` bytes, which the kernel may be given to write to. That no range of them is borrowed meanwhile is up
    /// to whoever says which parts are the kernel's.
    ///
    /// # Panics
    /// When there are fewer.
    pub(crate) fn share(&self, len: usize) -> SharedPart {
        self.check(&(0..len));
        SharedPart { mapping: Arc::clone(&self.mapping), len }
    }

    /// # Panics
    /// When the range lies outside.
    #[inline]
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.check(&range);
        // SAFETY: inside the mapping, which is initialised; the kernel writes only into frames that are offered to it, and
        // of those nobody holds a span.
        unsafe { std::slice::from_raw_parts(self.place(range.start), range.len()) }
    }

    /// # Panics
    /// When the range lies outside.
    #[inline]
    pub(crate) fn bytes_mut(&mut self, range: Range<usize>) -> &mut [u8] {
        self.check(&range);
        // SAFETY: as in `bytes`; `self` is borrowed mutably, so that no other reference exists.
        unsafe { std::slice::from_raw_parts_mut(self.place(range.start), range.len()) }
    }

    /// Copies bytes to another place, which may overlap.
    ///
    /// # Panics
    /// When either place lies outside.
    pub(crate) fn copy(&mut self, from: Range<usize>, to: usize) {
        self.check(&from);
        self.check(&(to..to + from.len()));
        // SAFETY: both places are inside the mapping; `ptr::copy` allows them to overlap.
        unsafe { ptr::copy(self.place(from.start), self.place(to), from.len()) };
    }

    /// The address of a byte whose place was checked.
    #[inline]
    fn place(&self, at: usize) -> *mut u8 {
        // SAFETY: the callers have checked that the place is inside the mapping or at its end.
        unsafe { self.mapping.start.add(at).as_ptr() }
    }

    #[inline]
    fn check(&self, range: &Range<usize>) {
        assert!(range.start <= range.end && range.end <= self.len, "{range:?} of {} bytes", self.len);
    }
}
