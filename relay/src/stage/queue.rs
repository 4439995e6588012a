//! Datagrams on their way out: re-cut to the flow's size, in order, each with its release time.

use std::collections::VecDeque;

use super::RtpHead;
use crate::mem::{Pool, Span};
use crate::time::Time;

/// A datagram to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Number of spans that it is gathered from.
    pub spans: usize,
    /// Bytes, without an RTP header.
    pub len: usize,
    /// When its last byte arrived.
    pub arrival: Time,
    /// When it leaves.
    pub release: Time,
    /// What is known of its RTP header.
    pub rtp: RtpHead,
    /// Number of its first packet, in the flow's own count.
    pub first_packet: u64,
    /// Whether packets before it, or in it, are missing.
    pub is_after_loss: bool,
}

/// A first-in first-out queue of datagrams; it holds the slots of their spans.
#[derive(Default)]
pub struct Queue {
    spans: VecDeque<Span>,
    datagrams: VecDeque<Datagram>,
    open_spans: usize,
    open_len: usize,
    open_is_after_loss: bool,
}

impl Queue {
    /// Adds bytes to the datagram being put together, and holds their slot.
    #[inline]
    pub fn append(&mut self, pool: &mut Pool, span: Span) {
        self.open_len += span.len as usize;
        if self.open_spans > 0
            && let Some(last) = self.spans.back_mut()
            && last.meets(span)
        {
            last.len += span.len;
            return;
        }
        pool.hold(span.slot);
        self.spans.push_back(span);
        self.open_spans += 1;
    }

    /// Bytes in the datagram being put together.
    pub const fn open_len(&self) -> usize {
        self.open_len
    }

    /// Packets are missing before the end of the datagram being put together.
    pub const fn note_loss(&mut self) {
        self.open_is_after_loss = true;
    }

    /// Closes the datagram being put together, which begins with packet number `first_packet`.
    #[inline]
    pub fn close(&mut self, first_packet: u64, arrival: Time, release: Time, rtp: RtpHead) {
        self.datagrams.push_back(Datagram {
            spans: self.open_spans,
            len: self.open_len,
            arrival,
            release,
            rtp,
            first_packet,
            is_after_loss: std::mem::take(&mut self.open_is_after_loss),
        });
        (self.open_spans, self.open_len) = (0, 0);
    }

    /// The datagrams to leave at or before `now`, in order, with their spans.
    pub fn due(&self, now: Time) -> impl Iterator<Item = (&Datagram, impl Iterator<Item = Span> + Clone)> {
        let mut first = 0;
        self.datagrams.iter().take_while(move |datagram| datagram.release <= now).map(move |datagram| {
            let spans = first..first + datagram.spans;
            first = spans.end;
            (datagram, self.spans.range(spans).copied())
        })
    }

    /// Datagram number `index` of the queue, with its spans.
    pub fn get(&self, index: usize) -> Option<(&Datagram, impl Iterator<Item = Span>)> {
        let datagram = self.datagrams.get(index)?;
        let first: usize = self.datagrams.range(..index).map(|datagram| datagram.spans).sum();
        Some((datagram, self.spans.range(first..first + datagram.spans).copied()))
    }

    /// Gives datagram number `index` of the queue this RTP sequence number.
    pub fn set_sequence(&mut self, index: usize, sequence: u16) {
        if let Some(datagram) = self.datagrams.get_mut(index) {
            datagram.rtp.sequence = Some(sequence);
        }
    }

    /// Gives datagram number `index` of the queue this RTP timestamp, in ticks of 90 kHz.
    pub fn set_timestamp(&mut self, index: usize, timestamp: u32) {
        if let Some(datagram) = self.datagrams.get_mut(index) {
            datagram.rtp.timestamp = Some(timestamp);
        }
    }

    /// Gives each datagram that has no RTP timestamp the one that `timestamp` tells for its first packet.
    pub fn fill_in_timestamps(&mut self, timestamp: impl Fn(u64) -> Option<u32>) {
        for datagram in self.datagrams.iter_mut().filter(|datagram| datagram.rtp.timestamp.is_none()) {
            datagram.rtp.timestamp = timestamp(datagram.first_packet);
        }
    }

    /// When the first datagram leaves.
    pub fn next_release(&self) -> Option<Time> {
        self.datagrams.front().map(|datagram| datagram.release)
    }

    /// Takes the first datagram out and lets its slots go.
    #[inline]
    pub fn pop(&mut self, pool: &mut Pool) -> Option<Datagram> {
        let datagram = self.datagrams.pop_front()?;
        for span in self.spans.drain(..datagram.spans) {
            pool.release(span.slot);
        }
        Some(datagram)
    }

    /// Lets everything go, what is being put together too.
    pub fn clear(&mut self, pool: &mut Pool) {
        for span in self.spans.drain(..) {
            pool.release(span.slot);
        }
        self.datagrams.clear();
        (self.open_spans, self.open_len) = (0, 0);
    }

    /// Datagrams in the queue.
    pub fn len(&self) -> usize {
        self.datagrams.len()
    }

    /// Whether no datagram is in the queue.
    pub fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_held_until_their_datagram_is_popped() {
        let mut pool = Pool::new(2, 400);
        let slot = pool.take().unwrap();
        let whole = Span { slot, start: 0, len: 376 };
        let mut queue = Queue::default();
        queue.append(&mut pool, whole.part(0, 188));
        queue.close(0, Time(1), Time(5), RtpHead::default());
        queue.append(&mut pool, whole.part(188, 188));
        queue.close(0, Time(1), Time(9), RtpHead::default());
        pool.release(slot);

        assert_eq!(queue.due(Time(5)).count(), 1);
        let spans: Vec<_> = queue.due(Time(9)).flat_map(|(_, spans)| spans).collect();
        assert_eq!(spans, [whole.part(0, 188), whole.part(188, 188)]);
        queue.pop(&mut pool);
        assert_eq!(pool.free_slots(), 1);
        queue.pop(&mut pool);
        assert_eq!((pool.free_slots(), queue.len()), (2, 0));
    }

    #[test]
    fn neighbours_in_a_slot_become_one_span() {
        let mut pool = Pool::new(1, 400);
        let slot = pool.take().unwrap();
        let whole = Span { slot, start: 0, len: 376 };
        let mut queue = Queue::default();
        queue.append(&mut pool, whole.part(0, 188));
        queue.append(&mut pool, whole.part(188, 188));
        queue.close(0, Time(0), Time(0), RtpHead::default());
        assert_eq!(queue.due(Time(0)).next().map(|(datagram, _)| datagram.spans), Some(1));
        queue.clear(&mut pool);
        pool.release(slot);
        assert_eq!(pool.free_slots(), 1);
    }
}
