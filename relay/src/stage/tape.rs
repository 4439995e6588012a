//! The last seconds of a flow, kept in memory for when something goes wrong.
//!
//! What comes is copied into chunks of memory that are allocated once; the oldest chunk is used again when what is in it
//! is too old, or when there is no other. After an alarm the chunks are handed out as they are, without a copy, and come
//! back when they have been saved.

use std::collections::VecDeque;
use std::time::Duration;

use super::inspect::alarm::AlarmEvent;
use crate::spec::{Record, RecordFormat};
use crate::time::Time;

/// Bytes in a chunk: more than the longest run that the kernel joins.
const CHUNK_LEN: usize = 256 << 10;
/// Before each piece: when it came, and its length.
const HEAD_LEN: usize = 12;

/// Keeps the last seconds.
#[derive(Debug)]
pub struct Tape {
    format: RecordFormat,
    before: Duration,
    after: Duration,
    kept: VecDeque<Chunk>,
    free: Vec<Chunk>,
    alarm: Option<AlarmEvent>,
}

/// A part of a tape.
#[derive(Debug)]
pub struct Chunk {
    bytes: Vec<u8>,
    last: Time,
}

/// What came around an alarm.
#[derive(Debug)]
pub struct Cut {
    /// The alarm.
    pub alarm: AlarmEvent,
    from: Time,
    chunks: VecDeque<Chunk>,
}

impl Tape {
    /// A tape with the memory that `record` gives it.
    pub fn new(record: &Record) -> Self {
        let chunk = |_| Chunk { bytes: Vec::with_capacity(CHUNK_LEN), last: Time::default() };
        let free: Vec<_> = (0..record.memory_bytes / CHUNK_LEN).map(chunk).collect();
        Self {
            format: record.format,
            before: record.before,
            after: record.after,
            kept: VecDeque::with_capacity(free.len()),
            free,
            alarm: None,
        }
    }

    /// Takes a run of whole transport packets, if those are to be recorded.
    #[inline]
    pub fn packets(&mut self, at: Time, run: &[u8]) {
        if self.format == RecordFormat::Ts {
            self.keep(at, run);
        }
    }

    /// Takes a datagram's payload, if datagrams are to be recorded.
    #[inline]
    pub fn datagram(&mut self, at: Time, payload: &[u8]) {
        if self.format == RecordFormat::Pcapng {
            self.keep(at, payload);
        }
    }

    /// Something is wrong. While what comes after an alarm is still awaited, another one is part of the same recording.
    pub fn alarm(&mut self, alarm: AlarmEvent) {
        self.alarm.get_or_insert(alarm);
    }

    /// What came around the alarm, once all of it has come, or nothing more will; `None` if nothing came.
    pub fn cut(&mut self, now: Time, ending: bool) -> Option<Cut> {
        let alarm = self.alarm.take_if(|alarm| ending || now.since(alarm.at) >= self.after)?;
        if self.kept.is_empty() {
            return None;
        }
        let room = VecDeque::with_capacity(self.kept.capacity());
        Some(Cut { from: alarm.at - self.before, chunks: std::mem::replace(&mut self.kept, room), alarm })
    }

    /// Takes back what has been saved.
    pub fn give_back(&mut self, cut: Cut) {
        self.free.extend(cut.chunks);
    }

    fn keep(&mut self, at: Time, piece: &[u8]) {
        let needed = HEAD_LEN + piece.len();
        if self.kept.back().is_none_or(|chunk| chunk.bytes.len() + needed > CHUNK_LEN) {
            self.free_old(at);
            // Without any, all is being saved, and this is lost to the next recording.
            let Some(mut chunk) = self.free.pop().or_else(|| self.kept.pop_front()) else { return };
            chunk.bytes.clear();
            self.kept.push_back(chunk);
        }
        if let Some(chunk) = self.kept.back_mut().filter(|_| needed <= CHUNK_LEN) {
            chunk.put(at, piece);
        }
    }

    /// The chunk freed last is used next: its memory is there already.
    fn free_old(&mut self, now: Time) {
        let wanted_from = self.alarm.map_or(now, |alarm| alarm.at) - self.before;
        while self.kept.front().is_some_and(|chunk| chunk.last < wanted_from) {
            self.free.extend(self.kept.pop_front());
        }
    }
}

impl Chunk {
    fn put(&mut self, at: Time, piece: &[u8]) {
        self.bytes.extend_from_slice(&at.0.to_ne_bytes());
        self.bytes.extend_from_slice(&(piece.len() as u32).to_ne_bytes());
        self.bytes.extend_from_slice(piece);
        self.last = at;
    }

    fn pieces(&self) -> impl Iterator<Item = (Time, &[u8])> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            let (at, after) = rest.split_first_chunk()?;
            let (len, after) = after.split_first_chunk()?;
            let (piece, after) = after.split_at_checked(u32::from_ne_bytes(*len) as usize)?;
            rest = after;
            Some((Time(u64::from_ne_bytes(*at)), piece))
        })
    }
}

impl Cut {
    /// What came, as it came, and when.
    pub fn pieces(&self) -> impl Iterator<Item = (Time, &[u8])> {
        self.chunks.iter().flat_map(Chunk::pieces).filter(|&(at, _)| at >= self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::inspect::alarm::AlarmChange;
    use crate::stage::inspect::indicator::{Indicator, Offence};
    use proptest::prelude::*;

    fn record() -> Record {
        let (before, after) = (Duration::from_secs(2), Duration::from_secs(1));
        Record { before, after, memory_bytes: 1 << 20, ..Record::new("unused") }
    }

    fn alarm(at: Time) -> AlarmEvent {
        AlarmEvent {
            indicator: Indicator::ContinuityCountError,
            pid: None,
            at,
            change: AlarmChange::Raised(Offence::Found),
        }
    }

    fn millis(millis: u64) -> Time {
        Time(millis * 1_000_000)
    }

    /// A piece each 10 ms, numbered, until `end`; an alarm at `wrong`.
    fn feed(tape: &mut Tape, pieces: std::ops::Range<u64>, len: usize, wrong: u64) -> Option<Cut> {
        for number in pieces {
            let mut piece = vec![0; len];
            piece[..8].copy_from_slice(&number.to_le_bytes());
            tape.packets(millis(number * 10), &piece);
            if number == wrong {
                tape.alarm(alarm(millis(number * 10)));
            }
            if let Some(cut) = tape.cut(millis(number * 10), false) {
                return Some(cut);
            }
        }
        None
    }

    fn numbers(cut: &Cut) -> Vec<u64> {
        cut.pieces().map(|(_, piece)| u64::from_le_bytes(piece[..8].try_into().unwrap())).collect()
    }

    #[test]
    fn what_came_before_and_after_an_alarm_is_cut_out() {
        let mut tape = Tape::new(&record());
        let cut = feed(&mut tape, 0..1_000, 188, 500).unwrap();
        assert_eq!(numbers(&cut), (300..=600).collect::<Vec<_>>());
        assert_eq!(cut.pieces().next().unwrap().0, millis(3_000));
    }

    #[test]
    fn at_the_end_the_rest_is_not_awaited() {
        let mut tape = Tape::new(&record());
        assert!(feed(&mut tape, 0..510, 188, 500).is_none());
        assert_eq!(numbers(&tape.cut(millis(5_100), true).unwrap()), (300..510).collect::<Vec<_>>());
        assert!(tape.cut(millis(9_000), true).is_none());
    }

    #[test]
    fn without_room_for_all_the_newest_is_kept() {
        let mut tape = Tape::new(&record());
        let cut = feed(&mut tape, 0..1_000, 60_000, 500).unwrap();
        // Four chunks of four pieces; of the last, one may be the only one.
        let kept = numbers(&cut);
        assert!((13..=16).contains(&kept.len()), "{kept:?}");
        assert_eq!(kept.last(), Some(&600));
    }

    #[test]
    fn while_one_recording_is_saved_there_is_room_for_the_next() {
        let mut tape = Tape::new(&record());
        let first = feed(&mut tape, 0..1_000, 188, 500).unwrap();
        let second = feed(&mut tape, 601..2_000, 188, 700).unwrap();
        assert_eq!(numbers(&second), (601..=800).collect::<Vec<_>>());
        tape.give_back(first);
        tape.give_back(second);
        assert_eq!(tape.free.len(), 4);
    }

    #[test]
    fn memory_that_is_not_needed_is_not_touched() {
        let mut tape = Tape::new(&Record { memory_bytes: 64 << 20, ..record() });
        // 2 s of it are 263 kB.
        assert!(feed(&mut tape, 0..100_000, 1_316, u64::MAX).is_none());
        assert_eq!(tape.kept.len() + tape.free.iter().filter(|chunk| chunk.bytes.capacity() > 0).count(), 256);
        assert!(tape.free.iter().filter(|chunk| chunk.last > Time(0)).count() <= 3);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_kept_whole_and_in_order(lens in prop::collection::vec(0_usize..70_000, 1..200)) {
            let mut tape = Tape::new(&record());
            let pieces: Vec<Vec<u8>> = (0..).zip(&lens).map(|(n, &len)| vec![n as u8; len]).collect();
            for (n, piece) in (1..).zip(&pieces) {
                tape.packets(millis(n), piece);
            }
            tape.alarm(alarm(millis(0)));
            let cut = tape.cut(Time(0), true).unwrap();
            let kept: Vec<&[u8]> = cut.pieces().map(|(_, piece)| piece).collect();
            prop_assert!(pieces.len() - kept.len() == 0 || kept.len() >= 9);
            prop_assert!(kept == pieces[pieces.len() - kept.len()..]);
        }
    }
}
