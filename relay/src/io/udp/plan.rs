//! Which datagrams go out together: the plan of a `sendmmsg` call.

use std::ops::Range;

use crate::mem::{Pool, Span};
use crate::sys::{Message, Piece};
use crate::time::Time;
use crate::wire::rtp;

/// Datagrams in a run at most (UDP_MAX_SEGMENTS of older kernels).
const MAX_RUN_SEGMENTS: usize = 64;
/// Bytes in a run at most: the largest UDP payload over IPv4.
const MAX_RUN_LEN: usize = 65_507;

/// When a datagram leaves that is sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    /// At once, perhaps as one message with its neighbours.
    InBurst,
    /// At once, by itself.
    Alone,
    /// By itself and at this time, which the kernel keeps.
    At(Time),
}

/// Pieces and messages of one call; kept between calls for its memory.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) pieces: Vec<Piece>,
    pub(super) messages: Vec<Message>,
    pub(super) headers: Vec<u8>,
    /// Datagrams of each message.
    pub(super) datagrams: Vec<u32>,
    open: Option<Run>,
}

/// Messages being joined: all datagrams but the last are `segment_len` long.
struct Run {
    segment_len: usize,
    last_len: usize,
    total_len: usize,
    count: u32,
    pieces: Range<usize>,
    leaves: Leaves,
}

impl Plan {
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.messages.clear();
        self.headers.clear();
        self.datagrams.clear();
        self.open = None;
    }

    /// Adds a datagram.
    #[inline]
    pub(super) fn add(
        &mut self,
        pool: &Pool,
        header: Option<[u8; rtp::HEADER_LEN]>,
        spans: impl Iterator<Item = Span>,
        leaves: Leaves,
    ) {
        let first = self.pieces.len();
        let mut len = 0;
        if let Some(header) = header {
            let start = self.headers.len();
            self.headers.extend_from_slice(&header);
            self.pieces.push(Piece::Header(start..start + header.len()));
            len += header.len();
        }
        for span in spans {
            len += span.len as usize;
            self.pieces.push(Piece::Payload(pool.span_place(span)));
        }
        let end = self.pieces.len();
        match &mut self.open {
            Some(run) if leaves == Leaves::InBurst && run.takes(len) => run.extend(len, end),
            _ => {
                self.close();
                let pieces = first..end;
                self.open = Some(Run { segment_len: len, last_len: len, total_len: len, count: 1, pieces, leaves });
            }
        }
    }

    /// Adds the datagrams of a run again, one message each.
    pub(super) fn split(&mut self, run: Message) {
        let Some(segment_len) = run.segment_len else {
            self.datagrams.push(1);
            return self.messages.push(run);
        };
        let (mut first, mut len) = (run.pieces.start, 0);
        for piece in run.pieces.clone() {
            len += self.pieces[piece].byte_len();
            if len >= usize::from(segment_len) || piece + 1 == run.pieces.end {
                self.messages.push(Message { pieces: first..piece + 1, segment_len: None, departure: None });
                self.datagrams.push(1);
                (first, len) = (piece + 1, 0);
            }
        }
    }

    /// Closes the run being joined.
    pub(super) fn close(&mut self) {
        if let Some(run) = self.open.take() {
            let segment_len = (run.count > 1).then_some(run.segment_len as u16);
            let departure = if let Leaves::At(time) = run.leaves { Some(time) } else { None };
            self.messages.push(Message { pieces: run.pieces, segment_len, departure });
            self.datagrams.push(run.count);
        }
    }
}

impl Run {
    /// Whether a datagram of `len` bytes may follow: only the last of a run may be shorter than the others.
    fn takes(&self, len: usize) -> bool {
        self.last_len == self.segment_len
            && len <= self.segment_len
            && self.total_len + len <= MAX_RUN_LEN
            && (self.count as usize) < MAX_RUN_SEGMENTS
    }

    fn extend(&mut self, len: usize, pieces_end: usize) {
        self.last_len = len;
        self.total_len += len;
        self.count += 1;
        self.pieces.end = pieces_end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(lens: &[u32], leaves: Leaves) -> Plan {
        let mut pool = Pool::new(1, 65_536);
        let slot = pool.take().unwrap();
        let mut plan = Plan::default();
        for &len in lens {
            plan.add(&pool, None, [Span { slot, start: 0, len }].into_iter(), leaves);
        }
        plan.close();
        plan
    }

    #[test]
    fn equal_datagrams_are_one_run_up_to_the_limit() {
        let plan = plan(&[1_316; 60], Leaves::InBurst);
        assert_eq!(plan.datagrams, [49, 11]);
        assert_eq!(plan.messages[0].segment_len, Some(1_316));
        assert_eq!(plan.messages[1].pieces, 49..60);
    }

    #[test]
    fn a_shorter_datagram_ends_its_run_and_a_longer_one_starts_the_next() {
        assert_eq!(plan(&[1_316, 1_316, 188, 188, 1_316], Leaves::InBurst).datagrams, [3, 1, 1]);
    }

    #[test]
    fn without_joining_each_datagram_is_a_message() {
        let plan = plan(&[1_316; 3], Leaves::Alone);
        assert_eq!(plan.datagrams, [1, 1, 1]);
        assert!(plan.messages.iter().all(|message| message.segment_len.is_none()));
    }

    #[test]
    fn a_datagram_that_leaves_at_a_time_is_a_message_of_its_own_and_says_so() {
        let plan = plan(&[1_316; 3], Leaves::At(Time(77)));
        assert_eq!(plan.datagrams, [1, 1, 1]);
        let alone_at_77 = |message: &Message| message.segment_len.is_none() && message.departure == Some(Time(77));
        assert!(plan.messages.iter().all(alone_at_77), "{:?}", plan.messages);
    }

    #[test]
    fn a_run_that_was_refused_is_split_into_its_datagrams() {
        let mut plan = plan(&[1_316, 1_316, 188], Leaves::InBurst);
        let run = plan.messages.remove(0);
        plan.datagrams.clear();
        plan.split(run);
        assert_eq!(plan.datagrams, [1, 1, 1]);
        let pieces: Vec<_> = plan.messages.iter().map(|message| message.pieces.clone()).collect();
        assert_eq!(pieces, [0..1, 1..2, 2..3]);
    }

    #[test]
    fn an_rtp_header_is_a_piece_of_its_own() {
        let mut pool = Pool::new(1, 2_000);
        let slot = pool.take().unwrap();
        let mut plan = Plan::default();
        for _ in 0..2 {
            plan.add(&pool, Some([7; 12]), [Span { slot, start: 0, len: 188 }].into_iter(), Leaves::InBurst);
        }
        plan.close();
        assert_eq!(plan.pieces.len(), 4);
        assert_eq!(plan.messages, [Message { pieces: 0..4, segment_len: Some(200), departure: None }]);
    }
}
