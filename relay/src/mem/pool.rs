//! The pool of slots.

use std::alloc::{self, handle_alloc_error};
use std::io;
use std::ops::Range;

use crate::sys::{Region, SharedPart};

/// Distance that the start of a slot is moved on against its neighbour's, so that slots do not all start on the same
/// cache sets: 64 KiB apart exactly, a batch of datagrams would fight for the same few lines.
const CACHE_SKEW: usize = 1_344;

/// Bytes of a frame, as network drivers like them: two to a page.
pub(crate) const FRAME_LEN: usize = 2_048;

/// Free slots below which what arrives may soon find no room.
const LOW_WATER_SLOTS: usize = 128;

/// Free frames that are not lent: datagrams that are put together anew need some, whatever the kernel has.
const FRAME_RESERVE: usize = 1_024;

/// Number of a slot in its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SlotId(u32);

/// Bytes in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The slot.
    pub slot: SlotId,
    /// Offset of the first byte in the slot.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

impl Span {
    /// The part of this span from `start` on, `len` bytes long.
    #[must_use]
    pub const fn part(self, start: usize, len: usize) -> Self {
        Self { slot: self.slot, start: self.start + start as u32, len: len as u32 }
    }

    /// The datagrams in this span, if the kernel joined several: each but the last of `segment_len` bytes.
    #[inline]
    pub fn segments(self, segment_len: Option<usize>) -> impl Iterator<Item = Self> {
        let len = self.len as usize;
        let segment_len = segment_len.unwrap_or(len).max(1);
        (0..len).step_by(segment_len).map(move |start| self.part(start, segment_len.min(len - start)))
    }

    /// Whether `next` begins where this span ends.
    pub fn meets(self, next: Self) -> bool {
        self.slot == next.slot && self.start + self.len == next.start
    }
}

/// How slots lie in a pool's memory: apart from the pool, so that the memory can be written meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    slot_len: usize,
    /// Slots; higher numbers are frames.
    slots: u32,
    frames_len: usize,
}

impl Layout {
    /// Where a slot lies.
    #[inline]
    pub const fn place(self, slot: SlotId) -> Range<usize> {
        if slot.0 < self.slots {
            let start = self.frames_len + slot.0 as usize * (self.slot_len + CACHE_SKEW);
            return start..start + self.slot_len;
        }
        let start = (slot.0 - self.slots) as usize * FRAME_LEN;
        start..start + FRAME_LEN
    }
}

/// Slots of equal length, allocated once and used over and over, most recently used first so that they stay in cache
/// and memory never touched stays unmapped. A slot is in use as long as anybody holds it.
///
/// Frames are short slots at the memory's start, which can be shared with the kernel as a whole: those that nobody here
/// holds are the kernel's to receive into.
pub struct Pool {
    memory: Region,
    layout: Layout,
    /// Slots given back; those from `fresh` on were never taken.
    free: Vec<SlotId>,
    fresh: u32,
    free_frames: Vec<SlotId>,
    /// Frames that the kernel has, to receive into.
    lent: usize,
    holders: Vec<u32>,
}

impl Pool {
    /// A pool of `slots` slots, `slot_len` bytes each. The memory is reserved now and mapped when first written.
    pub fn new(slots: u32, slot_len: usize) -> Self {
        Self::with_frames(slots, slot_len, 0)
    }

    /// A pool that has frames too.
    pub(crate) fn with_frames(slots: u32, slot_len: usize, frames: u32) -> Self {
        let layout = Layout { slot_len, slots, frames_len: frames as usize * FRAME_LEN };
        let bytes = layout.frames_len + (slot_len + CACHE_SKEW) * slots as usize;
        Self {
            memory: reserve(bytes),
            layout,
            free: Vec::with_capacity(slots as usize),
            fresh: 0,
            free_frames: (slots..slots + frames).rev().map(SlotId).collect(),
            lent: 0,
            holders: vec![0; (slots + frames) as usize],
        }
    }

    /// Asks the kernel to map the memory in huge pages: fewer of them to look up, more of them written for little.
    ///
    /// # Errors
    /// When the kernel has none.
    pub(crate) fn prefer_huge_pages(&self) -> io::Result<()> {
        self.memory.prefer_huge_pages()
    }

    /// Bytes in a slot.
    pub const fn slot_len(&self) -> usize {
        self.layout.slot_len
    }

    /// Number of free slots.
    pub const fn free_slots(&self) -> usize {
        self.free.len() + (self.layout.slots - self.fresh) as usize
    }

    /// Takes a free slot; the caller holds it. `None` when all are in use.
    #[inline]
    pub fn take(&mut self) -> Option<SlotId> {
        let slot = self.free.pop().or_else(|| self.take_fresh())?;
        self.holders[slot.0 as usize] = 1;
        Some(slot)
    }

    fn take_fresh(&mut self) -> Option<SlotId> {
        let slot = SlotId(self.fresh);
        (slot.0 < self.layout.slots).then(|| self.fresh += 1)?;
        Some(slot)
    }

    /// Takes a free frame; the caller holds it. `None` when all are in use.
    #[inline]
    pub(crate) fn take_frame(&mut self) -> Option<SlotId> {
        let frame = self.free_frames.pop()?;
        self.holders[frame.0 as usize] = 1;
        Some(frame)
    }

    /// Takes a frame for the kernel to receive into. `None` when few are free.
    #[inline]
    pub(crate) fn lend_frame(&mut self) -> Option<SlotId> {
        let frame = (self.free_frames.len() > FRAME_RESERVE).then(|| self.take_frame())??;
        self.lent += 1;
        Some(frame)
    }

    /// A frame that was lent is the caller's again.
    #[inline]
    pub(crate) const fn note_return(&mut self) {
        self.lent -= 1;
    }

    /// Whether so much is held that what arrives may soon find no room: the oldest has to go then, sent early or not at all.
    pub fn is_crowded(&self) -> bool {
        self.free_slots() < LOW_WATER_SLOTS.min(self.layout.slots as usize) || self.holds_most_frames()
    }

    /// Frames held by flows are lent no more, until the kernel has none left.
    fn holds_most_frames(&self) -> bool {
        let frames = self.layout.frames_len / FRAME_LEN;
        frames - self.free_frames.len() - self.lent > frames - frames / 4
    }

    /// The memory of all frames, to be shared with the kernel. Places in it are places in the pool's memory.
    pub(crate) fn share_frames(&self) -> SharedPart {
        self.memory.share(self.layout.frames_len)
    }

    /// Whether a slot is a frame.
    #[inline]
    pub(crate) const fn is_frame(&self, slot: SlotId) -> bool {
        slot.0 >= self.layout.slots
    }

    /// The frame that the byte at this place is in, and where in it. `None` when the place is not in a frame.
    #[inline]
    pub(crate) fn frame_at(&self, place: usize) -> Option<(SlotId, usize)> {
        let frame = SlotId(self.layout.slots + (place / FRAME_LEN) as u32);
        (place < self.layout.frames_len).then_some((frame, place % FRAME_LEN))
    }

    /// Adds a holder to a slot in use.
    #[inline]
    pub fn hold(&mut self, slot: SlotId) {
        self.holders[slot.0 as usize] += 1;
    }

    /// Takes a holder away; without any the slot is free.
    #[inline]
    pub fn release(&mut self, slot: SlotId) {
        let holders = &mut self.holders[slot.0 as usize];
        debug_assert!(*holders > 0, "slot {slot:?} released more often than held");
        *holders = holders.saturating_sub(1);
        if *holders == 0 {
            let free = if slot.0 < self.layout.slots { &mut self.free } else { &mut self.free_frames };
            free.push(slot);
        }
    }

    /// The pool's memory, for the kernel to read from.
    pub(crate) const fn memory(&self) -> &Region {
        &self.memory
    }

    /// The pool's memory, for the kernel to write into.
    pub(crate) const fn memory_mut(&mut self) -> &mut Region {
        &mut self.memory
    }

    /// Copies bytes to another place, which may overlap.
    ///
    /// # Panics
    /// When either place lies outside of the pool's memory.
    pub fn copy(&mut self, from: Range<usize>, to: usize) {
        self.memory.copy(from, to);
    }

    /// How slots lie in the pool's memory.
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// Where a slot lies in the pool's memory.
    #[inline]
    pub const fn place(&self, slot: SlotId) -> Range<usize> {
        self.layout().place(slot)
    }

    /// Where a span lies in the pool's memory.
    #[inline]
    pub const fn span_place(&self, span: Span) -> Range<usize> {
        let start = self.place(span.slot).start + span.start as usize;
        start..start + span.len as usize
    }

    /// The bytes of a span.
    #[inline]
    pub fn bytes(&self, span: Span) -> &[u8] {
        self.memory.bytes(self.span_place(span))
    }

    /// The bytes of a whole slot, to write to.
    pub fn slot_mut(&mut self, slot: SlotId) -> &mut [u8] {
        let place = self.place(slot);
        self.memory.bytes_mut(place)
    }
}

/// As a vector would, it gives up when there is no address space.
fn reserve(bytes: usize) -> Region {
    Region::new(bytes).unwrap_or_else(|_| match alloc::Layout::array::<u8>(bytes) {
        Ok(layout) => handle_alloc_error(layout),
        Err(_) => handle_alloc_error(alloc::Layout::new::<u8>()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_when_its_last_holder_releases_it() {
        let mut pool = Pool::new(2, 2_048);
        let slot = pool.take().unwrap();
        pool.hold(slot);
        pool.release(slot);
        assert_eq!(pool.free_slots(), 1);
        pool.release(slot);
        assert_eq!(pool.free_slots(), 2);
    }

    #[test]
    fn an_empty_pool_gives_none_and_the_last_one_back_is_the_next_out() {
        let mut pool = Pool::new(2, 16);
        let (first, second) = (pool.take().unwrap(), pool.take().unwrap());
        assert!(pool.take().is_none());
        pool.release(first);
        assert_eq!(pool.take(), Some(first));
        assert_ne!(first, second);
    }

    #[test]
    fn slots_do_not_overlap() {
        let mut pool = Pool::new(3, 100);
        let places: Vec<_> = (0..3).map(|id| pool.place(SlotId(id))).collect();
        assert!(places.windows(2).all(|pair| pair[0].end <= pair[1].start));
        assert_eq!(pool.slot_mut(SlotId(2)).len(), 100);
    }

    #[test]
    fn frames_lie_before_the_slots_and_are_found_by_their_place() {
        let mut pool = Pool::with_frames(2, 100, 2);
        let (slot, frame) = (pool.take().unwrap(), pool.take_frame().unwrap());
        assert_eq!(pool.place(frame), 0..FRAME_LEN);
        assert!(pool.place(slot).start >= 2 * FRAME_LEN);
        assert_eq!(pool.frame_at(300), Some((frame, 300)));
        assert_eq!(pool.frame_at(2 * FRAME_LEN), None);
        pool.release(frame);
        assert_eq!((pool.free_frames.len(), pool.free_slots()), (2, 1));
    }

    #[test]
    fn frames_that_flows_hold_crowd_a_pool_and_those_of_the_kernel_do_not() {
        const FRAMES: u32 = 4_096;
        let mut pool = Pool::with_frames(LOW_WATER_SLOTS as u32, 100, FRAMES);
        let lent: Vec<_> = std::iter::from_fn(|| pool.lend_frame()).collect();
        assert_eq!(lent.len(), FRAMES as usize - FRAME_RESERVE);
        assert!(!pool.is_crowded());
        lent.iter().for_each(|_| pool.note_return());
        assert!(!pool.is_crowded(), "three quarters are held");
        let more = pool.take_frame().unwrap();
        assert!(pool.is_crowded(), "more are held");
        pool.release(more);
        assert!(!pool.is_crowded());
    }

    #[test]
    fn a_pool_is_crowded_when_few_slots_are_free() {
        let mut pool = Pool::new(LOW_WATER_SLOTS as u32, 16);
        assert!(!pool.is_crowded());
        assert!(pool.take().is_some_and(|_| pool.is_crowded()));
    }

    #[test]
    fn what_is_written_to_a_slot_is_read_through_its_spans() {
        let mut pool = Pool::new(2, 100);
        let slot = pool.take().unwrap();
        pool.slot_mut(slot)[10..13].copy_from_slice(b"abc");
        let whole = Span { slot, start: 10, len: 3 };
        assert_eq!(pool.bytes(whole.part(1, 2)), b"bc");
        assert!(whole.part(0, 1).meets(whole.part(1, 2)));
    }
}
