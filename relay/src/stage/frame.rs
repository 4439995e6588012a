//! Framing: which bytes of a payload are transport packets.
//!
//! Nearly all senders put whole packets into a datagram, and then nothing is moved. A payload that begins or ends
//! inside a packet, or lost its sync, is copied once, behind what the payload before left over.

use crate::mem::{Pool, SlotId, Span};
use crate::wire::ts::{PACKET_LEN, PACKET_LEN_WITH_PARITY, SYNC_BYTE};

/// Bytes from which a payload is long enough to tell packets from junk: two sync bytes can be seen.
const TELLING_LEN: usize = 2 * PACKET_LEN;

/// What a payload held besides packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Framed {
    /// Packets found.
    pub packets: usize,
    /// Bytes skipped.
    pub junk_bytes: usize,
    /// Packets left out because their sync byte was wrong, though the one after it was right.
    pub bad_sync_bytes: usize,
    /// Whether synchronisation was lost.
    pub sync_lost: bool,
}

/// Finds packets of 188 bytes, or of 204 whose parity it leaves out.
pub struct Framer {
    stride: usize,
    locked: bool,
    rest: Option<Rest>,
}

/// The start of a packet whose end is in the next payload; holds its slot.
struct Rest {
    slot: SlotId,
    len: usize,
}

impl Default for Framer {
    fn default() -> Self {
        Self { stride: PACKET_LEN, locked: false, rest: None }
    }
}

impl Framer {
    /// Calls `emit` with runs of whole packets in order: each span is a multiple of 188 bytes long. `emit` takes a hold
    /// of the slots that it keeps.
    #[inline]
    pub fn feed(&mut self, pool: &mut Pool, payload: Span, mut emit: impl FnMut(&mut Pool, Span)) -> Framed {
        if self.rest.is_none() && is_aligned(pool.bytes(payload), PACKET_LEN) {
            self.locked = true;
            self.stride = PACKET_LEN;
            emit(pool, payload);
            return Framed { packets: payload.len as usize / PACKET_LEN, ..Framed::default() };
        }
        self.feed_unaligned(pool, payload, &mut emit)
    }

    /// Forgets what the last payload left over, because what follows it is missing. Returns the bytes dropped.
    pub fn interrupt(&mut self, pool: &mut Pool) -> usize {
        self.rest.take().map_or(0, |rest| {
            pool.release(rest.slot);
            rest.len
        })
    }

    fn feed_unaligned(&mut self, pool: &mut Pool, payload: Span, emit: &mut impl FnMut(&mut Pool, Span)) -> Framed {
        let mut framed = Framed::default();
        if !self.goes_on(pool.bytes(payload)) {
            if self.rest.is_some() {
                framed.junk_bytes += self.interrupt(pool);
                self.locked = false;
            }
            for stride in [PACKET_LEN, PACKET_LEN_WITH_PARITY] {
                // A payload of 204 bytes may also be a packet of 188 and the start of the next.
                let expected = !self.locked || stride == self.stride;
                if expected && is_aligned(pool.bytes(payload), stride) {
                    return self.emit_aligned(pool, payload, stride, framed, emit);
                }
            }
        }
        match self.append(pool, payload) {
            Some(work) => self.scan(pool, work, framed, emit),
            None => Framed { junk_bytes: framed.junk_bytes + payload.len as usize, ..framed },
        }
    }

    fn emit_aligned(
        &mut self,
        pool: &mut Pool,
        payload: Span,
        stride: usize,
        mut framed: Framed,
        emit: &mut impl FnMut(&mut Pool, Span),
    ) -> Framed {
        (self.locked, self.stride) = (true, stride);
        framed.packets = payload.len as usize / stride;
        for packet in 0..framed.packets {
            emit(pool, payload.part(packet * stride, PACKET_LEN));
        }
        framed
    }

    /// Whether the payload goes on with the packet that was left over.
    fn goes_on(&self, payload: &[u8]) -> bool {
        self.rest.as_ref().is_some_and(|rest| match self.stride.checked_sub(rest.len) {
            Some(missing) if self.locked => payload.get(missing).is_none_or(|&byte| byte == SYNC_BYTE),
            _ => !is_aligned(payload, PACKET_LEN),
        })
    }

    /// Copies the payload behind the rest, into a slot of its own. `None` when no slot is free.
    fn append(&mut self, pool: &mut Pool, payload: Span) -> Option<Span> {
        let Rest { slot, len } = match self.rest.take() {
            Some(rest) => rest,
            None => Rest { slot: pool.take()?, len: 0 },
        };
        let (target, source) = (pool.place(slot).start + len, pool.span_place(payload));
        let room = pool.slot_len() - len;
        let copied = source.len().min(room);
        pool.copy(source.start..source.start + copied, target);
        Some(Span { slot, start: 0, len: (len + copied) as u32 })
    }

    /// Walks `work`, whose slot it releases.
    fn scan(
        &mut self,
        pool: &mut Pool,
        work: Span,
        mut framed: Framed,
        emit: &mut impl FnMut(&mut Pool, Span),
    ) -> Framed {
        let mut at = 0;
        loop {
            let bytes = &pool.bytes(work)[at..];
            if !self.locked {
                match find_sync(bytes) {
                    Sync::At { offset, stride } => {
                        framed.junk_bytes += offset;
                        at += offset;
                        (self.locked, self.stride) = (true, stride);
                    }
                    Sync::None => {
                        framed.junk_bytes += bytes.len();
                        break;
                    }
                    Sync::TooShort => break self.keep(pool, work, at),
                }
            } else if bytes.len() < self.stride {
                break self.keep(pool, work, at);
            } else if bytes[0] == SYNC_BYTE {
                emit(pool, work.part(at, PACKET_LEN));
                framed.packets += 1;
                at += self.stride;
            } else if bytes.get(self.stride).is_none_or(|&byte| byte == SYNC_BYTE) {
                framed.bad_sync_bytes += 1;
                framed.junk_bytes += self.stride;
                at += self.stride;
            } else {
                self.locked = false;
                framed.sync_lost = true;
            }
        }
        pool.release(work.slot);
        framed
    }

    /// Keeps the end of `work` for the next payload, at the start of a slot of its own.
    fn keep(&mut self, pool: &mut Pool, work: Span, from: usize) {
        let len = work.len as usize - from;
        if len == 0 {
            return;
        }
        if let Some(slot) = pool.take() {
            let source = pool.span_place(work.part(from, len));
            let target = pool.place(slot).start;
            pool.copy(source, target);
            self.rest = Some(Rest { slot, len });
        }
    }
}

#[inline]
fn is_aligned(bytes: &[u8], stride: usize) -> bool {
    !bytes.is_empty() && bytes.len().is_multiple_of(stride) && bytes.iter().step_by(stride).all(|&b| b == SYNC_BYTE)
}

enum Sync {
    At { offset: usize, stride: usize },
    TooShort,
    None,
}

/// The first place where two sync bytes, or three where there is room, stand a packet apart.
fn find_sync(bytes: &[u8]) -> Sync {
    for offset in 0..bytes.len().saturating_sub(PACKET_LEN) {
        for stride in [PACKET_LEN, PACKET_LEN_WITH_PARITY] {
            let is_sync = |n: usize| bytes.get(offset + n * stride).is_none_or(|&byte| byte == SYNC_BYTE);
            if bytes[offset] == SYNC_BYTE && offset + stride < bytes.len() && is_sync(1) && is_sync(2) {
                return Sync::At { offset, stride };
            }
        }
    }
    if bytes.len() < TELLING_LEN { Sync::TooShort } else { Sync::None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packets(count: usize) -> Vec<u8> {
        (0..count * PACKET_LEN).map(|i| if i % PACKET_LEN == 0 { SYNC_BYTE } else { (i / PACKET_LEN) as u8 }).collect()
    }

    fn with_parity(stream: &[u8]) -> Vec<u8> {
        stream.chunks(PACKET_LEN).flat_map(|packet| packet.iter().copied().chain([0xEE; 16])).collect()
    }

    struct Run {
        out: Vec<u8>,
        junk: usize,
        losses: usize,
        free: usize,
    }

    fn run(payloads: &[&[u8]]) -> Run {
        let mut pool = Pool::new(8, 66_000);
        let mut framer = Framer::default();
        let mut result = Run { out: Vec::new(), junk: 0, losses: 0, free: 0 };
        for payload in payloads {
            let slot = pool.take().unwrap();
            pool.slot_mut(slot)[..payload.len()].copy_from_slice(payload);
            let span = Span { slot, start: 0, len: payload.len() as u32 };
            let out = &mut result.out;
            let framed = framer.feed(&mut pool, span, |pool, run| out.extend_from_slice(pool.bytes(run)));
            pool.release(slot);
            result.junk += framed.junk_bytes;
            result.losses += usize::from(framed.sync_lost);
        }
        result.junk += framer.interrupt(&mut pool);
        result.free = pool.free_slots();
        result
    }

    #[test]
    fn whole_packets_stay_where_they_are() {
        let mut pool = Pool::new(2, 2_000);
        let slot = pool.take().unwrap();
        pool.slot_mut(slot)[..1_316].copy_from_slice(&packets(7));
        let span = Span { slot, start: 0, len: 1_316 };
        let mut runs = Vec::new();
        Framer::default().feed(&mut pool, span, |_, run| runs.push(run));
        assert_eq!(runs, [span]);
    }

    #[test]
    fn packets_of_204_bytes_lose_their_parity() {
        let stream = packets(5);
        assert_eq!(run(&[&with_parity(&stream)]).out, stream);
    }

    #[test]
    fn a_bad_sync_byte_costs_its_packet_alone() {
        let mut stream = packets(7);
        stream[3 * PACKET_LEN] = 0;
        let result = run(&[&stream, &packets(7)]);
        assert_eq!((result.out.len(), result.junk, result.losses), (13 * PACKET_LEN, PACKET_LEN, 0));
    }

    #[test]
    fn two_bad_sync_bytes_in_a_row_lose_synchronisation() {
        let mut stream = packets(7);
        (stream[3 * PACKET_LEN], stream[4 * PACKET_LEN]) = (0, 0);
        let result = run(&[&stream, &packets(7)]);
        assert_eq!((result.out.len(), result.junk, result.losses), (12 * PACKET_LEN, 2 * PACKET_LEN, 1));
    }

    #[test]
    fn junk_before_the_first_packet_is_skipped() {
        let stream = packets(6);
        let result = run(&[&[&[1, 2, 3][..], &stream].concat()]);
        assert_eq!((result.out, result.junk), (stream, 3));
    }

    #[test]
    fn a_payload_without_packets_is_junk() {
        let result = run(&[&[9; 1_000]]);
        assert_eq!((result.out.len(), result.junk), (0, 1_000));
    }

    proptest! {
        #[test]
        fn a_stream_cut_anywhere_comes_out_whole(
            cuts in proptest::collection::vec(377_usize..2_000, 1..20),
            parity in any::<bool>(),
        ) {
            let stream = packets(60);
            let sent = if parity { with_parity(&stream) } else { stream.clone() };
            let (mut payloads, mut rest) = (Vec::new(), &sent[..]);
            for cut in cuts {
                let (head, tail) = rest.split_at(cut.min(rest.len()));
                payloads.push(head);
                rest = tail;
            }
            payloads.extend([rest].into_iter().filter(|rest| !rest.is_empty()));
            let result = run(&payloads);
            prop_assert_eq!(result.out, stream);
            prop_assert_eq!(result.free, 8);
        }

        #[test]
        fn any_bytes_are_packets_or_junk(payloads in proptest::collection::vec(
            proptest::collection::vec(any::<u8>(), 0..900), 0..12), sync_every in 1_usize..204,
        ) {
            let mut payloads = payloads;
            payloads.iter_mut().flat_map(|payload| payload.iter_mut().step_by(sync_every)).for_each(|b| *b = SYNC_BYTE);
            let payloads: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
            let total: usize = payloads.iter().map(|payload| payload.len()).sum();
            let result = run(&payloads);
            prop_assert!(result.out.len() + result.junk <= total);
            prop_assert_eq!(result.out.len() % PACKET_LEN, 0);
            prop_assert_eq!(result.free, 8);
        }
    }
}
