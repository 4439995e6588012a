//! RTP order: what comes in order passes at once; what comes early waits a little for what is missing.

use std::collections::VecDeque;
use std::time::Duration;

use super::Payload;
use crate::time::Time;

/// A step of the sequence number so large, forward or back, that the sender has started anew (RFC 3550, A.1).
const RESTART_STEP: i64 = 3_000;
/// Datagrams that wait at most, whatever the window.
const MAX_WAITING: usize = 1_024;
/// Numbers before the next one of which it is remembered whether they came.
const HISTORY: i64 = 64;

/// What became of a datagram that was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the next: pass it on.
    Pass,
    /// It waits for those before it.
    Held,
    /// It came before: drop it.
    Duplicate,
    /// Its place was given up: drop it.
    Late,
}

/// Puts RTP datagrams in order by their 16-bit sequence number, extended to 64.
pub struct Reorder {
    window: Duration,
    next: Option<i64>,
    ssrc: u32,
    waiting: VecDeque<(i64, Payload)>,
    history: u64,
    /// Datagrams given up for lost.
    pub lost: u64,
    /// Datagrams that came out of order and were put right.
    pub reordered: u64,
}

impl Reorder {
    /// A stage that waits for `window` at most for a datagram that is missing.
    pub fn new(window: Duration) -> Self {
        Self { window, next: None, ssrc: 0, waiting: VecDeque::new(), history: 0, lost: 0, reordered: 0 }
    }

    /// Takes a datagram with its RTP header. After [`Verdict::Pass`], and when time has passed, [`Self::pop`] may have
    /// more.
    #[inline]
    pub fn push(&mut self, payload: Payload) -> Verdict {
        let (Some(sequence), Some(ssrc)) = (payload.rtp.sequence, payload.rtp.ssrc) else { return Verdict::Pass };
        let Some(next) = self.next else {
            self.restart(sequence, ssrc);
            return Verdict::Pass;
        };
        let step = i64::from(sequence.wrapping_sub(next as u16).cast_signed());
        if step == 0 && ssrc == self.ssrc {
            self.reordered += u64::from(!self.waiting.is_empty());
            self.advance(1);
            return Verdict::Pass;
        }
        if ssrc != self.ssrc || step.abs() > RESTART_STEP {
            return self.push_restart(payload, sequence, ssrc);
        }
        self.push_out_of_order(next + step, payload)
    }

    /// The next datagram that may pass at `now`: the one in order, or the first that waited long enough.
    pub fn pop(&mut self, now: Time) -> Option<Payload> {
        let &(number, payload) = self.waiting.front()?;
        let missing = number - self.next?;
        if missing > 0 && self.waiting.len() <= MAX_WAITING && payload.arrival + self.window > now {
            return None;
        }
        self.waiting.pop_front();
        self.lost += missing.max(0).cast_unsigned();
        self.advance(missing.max(0) + 1);
        Some(payload)
    }

    /// When [`Self::pop`] gives up what is missing.
    pub fn deadline(&self) -> Option<Time> {
        self.waiting.front().map(|(_, payload)| payload.arrival + self.window)
    }

    /// What still waits, in order, when the flow ends or the sender starts anew.
    pub fn drain(&mut self) -> impl Iterator<Item = Payload> {
        self.waiting.drain(..).map(|(_, payload)| payload)
    }

    fn push_out_of_order(&mut self, number: i64, payload: Payload) -> Verdict {
        let behind = self.next.unwrap_or(number) - number;
        if behind > 0 {
            let came = behind <= HISTORY && self.history & (1 << (behind - 1)) != 0;
            return if came { Verdict::Duplicate } else { Verdict::Late };
        }
        match self.waiting.binary_search_by_key(&number, |&(number, _)| number) {
            Ok(_) => Verdict::Duplicate,
            Err(place) => {
                self.reordered += u64::from(place < self.waiting.len());
                self.waiting.insert(place, (number, payload));
                Verdict::Held
            }
        }
    }

    /// The sender has started anew: what waits goes out as it is, then the new sequence.
    fn push_restart(&mut self, payload: Payload, sequence: u16, ssrc: u32) -> Verdict {
        self.restart(sequence, ssrc);
        let Some(next) = self.next else { return Verdict::Pass };
        if self.waiting.is_empty() {
            return Verdict::Pass;
        }
        let old = self.waiting.len() as i64;
        for (index, (number, _)) in self.waiting.iter_mut().enumerate() {
            *number = next - 1 - old + index as i64;
        }
        self.next = Some(next - 1 - old);
        self.waiting.push_back((next - 1, payload));
        Verdict::Held
    }

    fn restart(&mut self, sequence: u16, ssrc: u32) {
        self.next = Some(i64::from(sequence) + 1);
        self.ssrc = ssrc;
        self.history = 1;
    }

    /// Moves on by `count` numbers, of which only the last came.
    fn advance(&mut self, count: i64) {
        self.next = self.next.map(|next| next + count);
        self.history = if count < HISTORY { self.history << count | 1 } else { 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mem::{Pool, Span};
    use crate::stage::RtpHead;
    use proptest::prelude::*;

    fn payload(sequence: u16, ssrc: u32, millis: u64) -> Payload {
        let slot = Pool::new(1, 1).take().unwrap();
        let rtp = RtpHead { sequence: Some(sequence), ssrc: Some(ssrc), ..RtpHead::default() };
        Payload { span: Span { slot, start: 0, len: 0 }, arrival: Time(millis * 1_000_000), rtp }
    }

    /// Pushes each (sequence, millisecond) and gives the sequence numbers in the order they passed.
    fn run(reorder: &mut Reorder, arrivals: &[(u16, u64)]) -> Vec<u16> {
        let mut out = Vec::new();
        for &(sequence, millis) in arrivals {
            let pushed = payload(sequence, 1, millis);
            if reorder.push(pushed) == Verdict::Pass {
                out.push(sequence);
            }
            while let Some(payload) = reorder.pop(pushed.arrival) {
                out.push(payload.rtp.sequence.unwrap());
            }
        }
        out
    }

    fn reorder() -> Reorder {
        Reorder::new(Duration::from_millis(10))
    }

    #[test]
    fn order_passes_at_once_and_over_the_wrap() {
        let mut stage = reorder();
        assert_eq!(run(&mut stage, &[(65_534, 0), (65_535, 1), (0, 2), (1, 3)]), [65_534, 65_535, 0, 1]);
        assert_eq!((stage.lost, stage.reordered), (0, 0));
    }

    #[test]
    fn two_swapped_datagrams_are_put_right() {
        let mut stage = reorder();
        assert_eq!(run(&mut stage, &[(1, 0), (3, 1), (2, 2), (4, 3)]), [1, 2, 3, 4]);
        assert_eq!((stage.lost, stage.reordered), (0, 1));
    }

    #[test]
    fn a_missing_datagram_is_given_up_after_the_window() {
        let mut stage = reorder();
        assert_eq!(run(&mut stage, &[(1, 0), (3, 1), (4, 5)]), [1]);
        assert_eq!(stage.deadline(), Some(Time(11_000_000)));
        assert_eq!(run(&mut stage, &[(5, 11)]), [3, 4, 5]);
        assert_eq!(stage.lost, 1);
        assert_eq!(stage.push(payload(2, 1, 12)), Verdict::Late);
    }

    #[test]
    fn a_second_copy_is_a_duplicate() {
        let mut stage = reorder();
        run(&mut stage, &[(1, 0), (2, 0), (4, 0)]);
        assert_eq!(stage.push(payload(2, 1, 1)), Verdict::Duplicate);
        assert_eq!(stage.push(payload(4, 1, 1)), Verdict::Duplicate);
    }

    #[test]
    fn a_new_sender_takes_over_after_what_waits() {
        let mut stage = reorder();
        run(&mut stage, &[(1, 0), (3, 0)]);
        assert_eq!(stage.push(payload(40_000, 2, 1)), Verdict::Held);
        let passed: Vec<_> =
            std::iter::from_fn(|| stage.pop(Time(1_000_000))).map(|p| p.rtp.sequence.unwrap()).collect();
        assert_eq!(passed, [3, 40_000]);
        assert_eq!((stage.push(payload(40_001, 2, 2)), stage.lost), (Verdict::Pass, 0));
    }

    proptest! {
        #[test]
        fn whatever_comes_nothing_passes_twice_or_out_of_order(
            arrivals in proptest::collection::vec((0_u16..200, 0_u64..5), 1..300)
        ) {
            let (mut clock, mut timed) = (0, Vec::new());
            for (sequence, step) in arrivals {
                clock += step;
                timed.push((sequence, clock));
            }
            let out = run(&mut reorder(), &timed);
            prop_assert!(out.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", out);
        }
    }
}
