//! The pool of slots.

use std::ops::Range;

/// Distance that the start of a slot is moved on against its neighbour's, so that slots do not all start on the same
/// cache sets: 64 KiB apart exactly, a batch of datagrams would fight for the same few lines.
const CACHE_SKEW: usize = 1_344;

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

    /// Whether `next` begins where this span ends.
    pub fn meets(self, next: Self) -> bool {
        self.slot == next.slot && self.start + self.len == next.start
    }
}

/// How slots lie in a pool's memory: apart from the pool, so that the memory can be written meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    slot_len: usize,
}

impl Layout {
    /// Where a slot lies.
    #[inline]
    pub const fn place(self, slot: SlotId) -> Range<usize> {
        let start = slot.0 as usize * (self.slot_len + CACHE_SKEW);
        start..start + self.slot_len
    }
}

/// Slots of equal length, allocated once and used over and over, most recently used first so that they stay in cache
/// and memory never touched stays unmapped. A slot is in use as long as anybody holds it.
pub struct Pool {
    memory: Vec<u8>,
    slot_len: usize,
    /// Slots given back; those from `fresh` on were never taken.
    free: Vec<SlotId>,
    fresh: u32,
    holders: Vec<u32>,
}

impl Pool {
    /// A pool of `slots` slots, `slot_len` bytes each. The memory is reserved now and mapped when first written.
    pub fn new(slots: u32, slot_len: usize) -> Self {
        let stride = slot_len + CACHE_SKEW;
        Self {
            memory: vec![0; stride * slots as usize],
            slot_len,
            free: Vec::with_capacity(slots as usize),
            fresh: 0,
            holders: vec![0; slots as usize],
        }
    }

    /// Bytes in a slot.
    pub const fn slot_len(&self) -> usize {
        self.slot_len
    }

    /// Number of free slots.
    pub const fn free_slots(&self) -> usize {
        self.free.len() + self.holders.len() - self.fresh as usize
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
        ((slot.0 as usize) < self.holders.len()).then(|| self.fresh += 1)?;
        Some(slot)
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
            self.free.push(slot);
        }
    }

    /// All of the pool's memory, for the kernel to read from.
    pub fn memory(&self) -> &[u8] {
        &self.memory
    }

    /// All of the pool's memory, for the kernel to write into.
    pub fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.memory
    }

    /// How slots lie in the pool's memory.
    pub const fn layout(&self) -> Layout {
        Layout { slot_len: self.slot_len }
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
        &self.memory[self.span_place(span)]
    }

    /// The bytes of a whole slot, to write to.
    pub fn slot_mut(&mut self, slot: SlotId) -> &mut [u8] {
        let place = self.place(slot);
        &mut self.memory[place]
    }
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
        let pool = Pool::new(3, 100);
        let places: Vec<_> = (0..3).map(|id| pool.place(SlotId(id))).collect();
        assert!(places.windows(2).all(|pair| pair[0].end <= pair[1].start));
        assert!(places[2].end <= pool.memory().len());
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
