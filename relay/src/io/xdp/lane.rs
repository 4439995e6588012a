//! Sending by AF_XDP: a datagram leaves from the frame that it came in, with new headers in front of it.

use std::io;
use std::ops::Range;

use thiserror::Error;

use super::header::{Checksum, HEADERS_LEN, Headers, UDP};
use super::port::KERNEL_HEADROOM;
use crate::mem::{FRAME_LEN, Pool, SlotId, Span};
use crate::sys::xsk::XskSender;
use crate::wire::ts::PACKET_LEN;

/// Bytes before a packet that ask the kernel for the rest of its checksum (`struct xsk_tx_metadata`).
pub(super) const METADATA_LEN: usize = 24;
/// Flag of that request (XDP_TXMD_FLAGS_CHECKSUM), and where in the UDP header the checksum is.
const FINISH_CHECKSUM: u64 = 1 << 1;
const CHECKSUM_OFFSET: u16 = 6;
/// Where the payload is in a frame that is not the one it came in.
const COPY_AT: usize = KERNEL_HEADROOM + HEADERS_LEN;
/// Calls that one batch takes at most: the kernel takes 32 packets a call.
const MOST_CALLS: usize = 1_024;

/// The way out at one interface.
pub(crate) struct Lane {
    sender: XskSender,
    is_zero_copy: bool,
    checksum: Checksum,
    /// How often the kernel has each frame.
    theirs: Vec<u8>,
    is_closed: bool,
}

/// Why a datagram does not go this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Full {
    /// The kernel has as much to send as it takes.
    #[error("the kernel has enough to send by AF_XDP")]
    Queue,
    /// No frame is free, or it does not fit into one.
    #[error("no frame is free for AF_XDP")]
    Frames,
}

impl Lane {
    pub(super) fn new(sender: XskSender, frames_len: usize, is_zero_copy: bool, offload: bool) -> Self {
        // A driver that reads the frames itself may not know the request; the kernel, which copies them, does.
        let checksum = if offload && !is_zero_copy { Checksum::Begun } else { Checksum::Full };
        Self { sender, is_zero_copy, checksum, theirs: vec![0; frames_len / FRAME_LEN], is_closed: false }
    }

    /// How datagrams leave, for people.
    pub(crate) const fn way(&self) -> &'static str {
        if self.is_zero_copy { "without a copy" } else { "copied once by the kernel" }
    }

    /// Whether the driver reads the frames itself.
    pub(crate) const fn is_zero_copy(&self) -> bool {
        self.is_zero_copy
    }

    /// Queues a datagram of these spans, behind `prefix`. It is sent from where it lies if it is alone in a frame and `in_place`
    /// allows to write in front of it; else from a frame that it is copied to.
    ///
    /// # Errors
    /// [`Full`]; the datagram is not sent then.
    #[inline]
    pub(crate) fn push(
        &mut self,
        pool: &mut Pool,
        headers: &Headers,
        prefix: &[u8],
        spans: impl Iterator<Item = Span> + Clone,
        in_place: bool,
    ) -> Result<(), Full> {
        let mut ahead = spans.clone();
        let (frame, payload) = match (ahead.next(), ahead.next()) {
            (Some(span), None) if in_place && has_room_in_front(pool, span) => {
                pool.hold(span.slot);
                (span.slot, span.start as usize..(span.start + span.len) as usize)
            }
            _ => gather(pool, spans).ok_or(Full::Frames)?,
        };
        let packet = payload.start - prefix.len() - HEADERS_LEN..payload.end;
        self.write_front(pool, frame, headers, prefix, packet.clone());
        let place = pool.place(frame).start;
        if !self.sender.queue((place + packet.start) as u64, packet.len(), self.checksum == Checksum::Begun) {
            pool.release(frame);
            return Err(Full::Queue);
        }
        self.theirs[place / FRAME_LEN] += 1;
        Ok(())
    }

    /// Sends what is queued, and takes the frames back that were sent. Returns whether all frames queued may be written to.
    ///
    /// # Errors
    /// When the interface is down or gone.
    pub(crate) fn flush(&mut self, pool: &mut Pool) -> io::Result<bool> {
        if self.is_closed {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let mut is_drained = false;
        for _ in 0..MOST_CALLS {
            is_drained = self.sender.kick()?;
            if is_drained {
                break;
            }
        }
        self.take_back(pool);
        Ok(is_drained && !self.is_zero_copy)
    }

    /// Takes frames back that were sent.
    pub(crate) fn take_back(&mut self, pool: &mut Pool) {
        while let Some(place) = self.sender.take_completed() {
            let place = place as usize;
            if let Some((frame, _)) = pool.frame_at(place)
                && let Some(theirs) = self.theirs[place / FRAME_LEN].checked_sub(1)
            {
                self.theirs[place / FRAME_LEN] = theirs;
                pool.release(frame);
            }
        }
        self.sender.publish_taken();
    }

    /// Takes all frames back, and sends no more.
    pub(crate) fn close(&mut self, pool: &mut Pool) {
        self.is_closed = true;
        for (number, theirs) in self.theirs.iter_mut().enumerate() {
            for _ in 0..std::mem::take(theirs) {
                pool.frame_at(number * FRAME_LEN).into_iter().for_each(|(frame, _)| pool.release(frame));
            }
        }
    }

    #[inline]
    fn write_front(&self, pool: &mut Pool, frame: SlotId, headers: &Headers, prefix: &[u8], packet: Range<usize>) {
        let bytes = pool.slot_mut(frame);
        let payload_at = packet.start + HEADERS_LEN + prefix.len();
        bytes[packet.start + HEADERS_LEN..payload_at].copy_from_slice(prefix);
        headers.write(&mut bytes[packet.clone()], self.checksum);
        if self.checksum == Checksum::Begun {
            bytes[packet.start - METADATA_LEN..packet.start].copy_from_slice(&finish_request());
        }
    }
}

/// Whether nothing but the headers that it came with lies in front of a payload, not even a transport packet of the same
/// datagram, and there is room for those it leaves with.
#[inline]
fn has_room_in_front(pool: &Pool, span: Span) -> bool {
    let start = span.start as usize;
    pool.is_frame(span.slot) && (COPY_AT..COPY_AT + PACKET_LEN).contains(&start)
}

/// Copies spans to a frame of their own.
fn gather(pool: &mut Pool, spans: impl Iterator<Item = Span> + Clone) -> Option<(SlotId, Range<usize>)> {
    let len: usize = spans.clone().map(|span| span.len as usize).sum();
    if COPY_AT + len > FRAME_LEN {
        return None;
    }
    let frame = pool.take_frame()?;
    let mut at = COPY_AT;
    for span in spans {
        let to = pool.place(frame).start + at;
        pool.copy(pool.span_place(span), to);
        at += span.len as usize;
    }
    Some((frame, COPY_AT..at))
}

fn finish_request() -> [u8; METADATA_LEN] {
    let mut request = [0; METADATA_LEN];
    request[..8].copy_from_slice(&FINISH_CHECKSUM.to_ne_bytes());
    request[8..10].copy_from_slice(&(UDP as u16).to_ne_bytes());
    request[10..12].copy_from_slice(&CHECKSUM_OFFSET.to_ne_bytes());
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool() -> Pool {
        Pool::with_frames(1, 4_096, 2)
    }

    #[test]
    fn a_datagram_alone_in_its_frame_has_room_in_front() {
        let mut pool = pool();
        let (slot, frame) = (pool.take().unwrap(), pool.take_frame().unwrap());
        let at = |slot, start| Span { slot, start, len: 188 };
        assert!(has_room_in_front(&pool, at(frame, 298)));
        assert!(has_room_in_front(&pool, at(frame, 310)), "behind an RTP header");
        assert!(!has_room_in_front(&pool, at(frame, 298 + 188)), "behind another packet");
        assert!(!has_room_in_front(&pool, at(frame, 100)));
        assert!(!has_room_in_front(&pool, at(slot, 298)));
    }

    #[test]
    fn spans_are_gathered_in_order_and_what_is_too_long_is_refused() {
        let mut pool = pool();
        let slot = pool.take().unwrap();
        pool.slot_mut(slot)[..6].copy_from_slice(b"abcdef");
        let whole = Span { slot, start: 0, len: 6 };
        let (frame, place) = gather(&mut pool, [whole.part(4, 2), whole.part(0, 2)].into_iter()).unwrap();
        assert_eq!(&pool.slot_mut(frame)[place], b"efab");
        assert!(gather(&mut pool, [Span { slot, start: 0, len: 2_000 }].into_iter()).is_none());
        assert!(pool.take_frame().is_some() && pool.take_frame().is_none(), "one was left");
    }
}
