//! Where the air cuts the stream into datagrams, learned by an instance whose own cuts are elsewhere.
//!
//! Where input and output have datagrams of different lengths, or the input is a stream of bytes, the cuts depend on where an
//! instance began and on what it lost. Then none of its datagrams is ever the same as one on air, though all packets are.

use std::collections::VecDeque;

use super::fingerprint::Fingerprint;
use crate::wire::ts::{NULL_PID, PACKET_LEN, Packet};

/// Datagrams of ours, and of the air, without one that is the same, after which the cuts are looked for.
const UNLIKE: u32 = 3;
/// Packets of ours, and datagrams of the air, that are remembered meanwhile.
const MOST_PACKETS: usize = 4_096;
const MOST_HEARD: usize = 512;
/// So many datagrams in a row must say the same: tables are repeated, and may be found in a wrong place.
const VOTES: u32 = 3;

/// A datagram on air from its first packet on that is not null: null packets are everywhere.
#[derive(Debug)]
struct Mark {
    packets: Vec<Fingerprint>,
    /// Packets of the datagram before them.
    before: u64,
}

/// Looks for the beginnings of the air's datagrams among our packets.
#[derive(Debug)]
pub struct Recut {
    packets_per_datagram: u64,
    /// Datagrams that were equal, at the last call.
    equal: u64,
    unlike_heard: u32,
    unlike_made: u32,
    /// Our packets: number and fingerprint, oldest first.
    made: VecDeque<(u64, Fingerprint)>,
    /// Of each datagram on air, oldest first.
    heard: VecDeque<Mark>,
    /// Where the last that were found have the cut, and how many they are.
    votes: (u64, u32),
}

impl Recut {
    /// For datagrams of so many packets.
    pub const fn new(packets_per_datagram: usize) -> Self {
        Self {
            packets_per_datagram: packets_per_datagram as u64,
            equal: 0,
            unlike_heard: 0,
            unlike_made: 0,
            made: VecDeque::new(),
            heard: VecDeque::new(),
            votes: (0, 0),
        }
    }

    /// Takes a datagram heard on air, when so many were `equal` to ours. Gives the number of a packet of ours in front of
    /// which is to be cut.
    #[inline]
    pub fn heard(&mut self, payload: &[u8], equal: u64) -> Option<u64> {
        self.compare(equal);
        self.unlike_heard += 1;
        if !self.is_looking() {
            return None;
        }
        let mark = self.mark_of(payload)?;
        let places = 0..=self.made.len().checked_sub(mark.packets.len())?;
        let found = places.rev().find(|&place| mark.is_at(&self.made, place));
        let found = found.map(|place| mark.begin(&self.made, place, self.packets_per_datagram));
        if self.heard.len() == MOST_HEARD {
            self.heard.pop_front();
        }
        self.heard.push_back(mark);
        self.vote(found?)
    }

    /// Takes a datagram of ours, in any pieces of whole packets, that begins with packet number `first_packet`; for the rest as
    /// [`Self::heard`].
    #[inline]
    pub fn made<'a>(&mut self, first_packet: u64, pieces: impl Iterator<Item = &'a [u8]>, equal: u64) -> Option<u64> {
        self.compare(equal);
        self.unlike_made += 1;
        if !self.is_looking() {
            return None;
        }
        let packets = pieces.flat_map(|piece| piece.chunks_exact(PACKET_LEN));
        let mut cut = None;
        for (number, packet) in (first_packet..).zip(packets) {
            cut = self.add(number, Fingerprint::of([packet].into_iter())).or(cut);
        }
        cut
    }

    /// Begins anew: nobody else is on air.
    pub fn stop(&mut self) {
        *self = Self { equal: self.equal, ..Self::new(self.packets_per_datagram as usize) };
    }

    fn compare(&mut self, equal: u64) {
        if self.equal != equal {
            self.equal = equal;
            if self.unlike_heard > 0 || self.unlike_made > 0 {
                self.forget();
            }
        }
    }

    fn forget(&mut self) {
        (self.unlike_heard, self.unlike_made, self.votes) = (0, 0, (0, 0));
        self.made.clear();
        self.heard.clear();
    }

    /// Both go on, and nothing is equal. Datagrams of a single packet are cut alike everywhere.
    const fn is_looking(&self) -> bool {
        self.unlike_heard > UNLIKE && self.unlike_made > UNLIKE && self.packets_per_datagram > 1
    }

    /// What tells where a datagram lies; `None` if nothing in it does, or if it is shorter than ours.
    fn mark_of(&self, payload: &[u8]) -> Option<Mark> {
        if payload.len() as u64 != self.packets_per_datagram * PACKET_LEN as u64 {
            return None;
        }
        let (packets, _) = payload.as_chunks::<PACKET_LEN>();
        let is_null = |bytes: &[u8]| Packet::new(bytes).is_none_or(|packet| packet.pid() == NULL_PID);
        let first = packets.iter().position(|packet| !is_null(packet))?;
        let packets: Vec<_> =
            packets[first..].iter().map(|packet| Fingerprint::of([&packet[..]].into_iter())).collect();
        (packets.len() > 1).then_some(Mark { packets, before: first as u64 })
    }

    fn add(&mut self, number: u64, packet: Fingerprint) -> Option<u64> {
        if self.made.len() == MOST_PACKETS {
            self.made.pop_front();
        }
        self.made.push_back((number, packet));
        let ends_here = |mark: &&Mark| mark.packets.last() == Some(&packet);
        let begin = self.heard.iter().filter(ends_here).find_map(|mark| {
            let place = self.made.len().checked_sub(mark.packets.len())?;
            mark.is_at(&self.made, place).then(|| mark.begin(&self.made, place, self.packets_per_datagram))
        })?;
        self.vote(begin)
    }

    fn vote(&mut self, number: u64) -> Option<u64> {
        let phase = number % self.packets_per_datagram;
        self.votes = if self.votes.0 == phase { (phase, self.votes.1 + 1) } else { (phase, 1) };
        if self.votes.1 < VOTES {
            return None;
        }
        self.forget();
        Some(number)
    }
}

impl Mark {
    fn is_at(&self, made: &VecDeque<(u64, Fingerprint)>, place: usize) -> bool {
        made.range(place..).zip(&self.packets).all(|((_, made), packet)| made == packet)
    }

    /// The number of a packet of ours in front of which is a cut, this being in `made` at `place`.
    fn begin(&self, made: &VecDeque<(u64, Fingerprint)>, place: usize, packets_per_datagram: u64) -> u64 {
        // A datagram further on there is one as well.
        made.get(place).map_or(0, |(number, _)| number + packets_per_datagram - self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ts::NULL_PACKET;
    use proptest::prelude::*;

    /// Packet number `number` of a stream in which every fifth is null and every eighth belongs to a table that repeats.
    fn packet(number: usize) -> [u8; PACKET_LEN] {
        let mut packet = NULL_PACKET;
        if number % 8 == 3 {
            packet[1..4].copy_from_slice(&[0, 0, 0x10 | (number / 8 % 16) as u8]);
        } else if !number.is_multiple_of(5) {
            packet[1..4].copy_from_slice(&[1, 0, 0x10 | (number % 16) as u8]);
            packet[4..12].copy_from_slice(&number.to_be_bytes());
        }
        packet
    }

    fn bytes(packets: std::ops::Range<usize>) -> Vec<u8> {
        packets.flat_map(packet).collect()
    }

    proptest! {
        #[test]
        fn the_cut_of_the_air_is_found_before_and_behind_it(
            size in 4_usize..14, ours in 0_usize..50, air in 0_usize..50, skew in -60_isize..60,
        ) {
            // We count from our first packet; the air is `skew` datagrams ahead of us.
            let mut recut = Recut::new(size);
            let mut cut = None;
            for turn in 0..200_isize {
                if let Ok(index) = usize::try_from(turn + skew) {
                    let start = air + index * size;
                    cut = cut.or(recut.heard(&bytes(start..start + size), 0));
                }
                let start = turn.cast_unsigned() * size;
                let made = bytes(ours + start..ours + start + size);
                cut = cut.or(recut.made(start as u64, made.chunks(PACKET_LEN), 0));
            }
            let cut = cut.map(|number| (ours + number as usize) % size);
            prop_assert_eq!(cut, Some(air % size));
        }

        #[test]
        fn what_is_equal_is_left_alone(count in 1_u64..100, each in 1_u64..3) {
            let mut recut = Recut::new(7);
            for turn in 0..count {
                let datagram = bytes(7 * turn as usize..7 * turn as usize + 7);
                prop_assert_eq!(recut.heard(&datagram, turn / each), None);
                prop_assert_eq!(recut.made(7 * turn, [&datagram[..]].into_iter(), turn / each), None);
            }
            prop_assert!(recut.made.is_empty() && recut.heard.is_empty());
        }

        #[test]
        fn any_bytes_are_taken(
            datagrams in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..800)), 0..40),
        ) {
            let mut recut = Recut::new(2);
            for (number, (is_heard, bytes)) in datagrams.iter().enumerate() {
                if *is_heard {
                    recut.heard(bytes, 0);
                } else {
                    recut.made(2 * number as u64, [&bytes[..]].into_iter(), 0);
                }
            }
        }
    }

    #[test]
    fn another_stream_has_no_cut() {
        let mut recut = Recut::new(7);
        for turn in 0..1_000 {
            assert_eq!(recut.heard(&bytes(7 * turn + 1_000_000..7 * turn + 1_000_007).map_pid(), 0), None);
            assert_eq!(recut.made(7 * turn as u64, [&bytes(7 * turn..7 * turn + 7)[..]].into_iter(), 0), None);
        }
        assert!(recut.made.len() <= MOST_PACKETS && recut.heard.len() <= MOST_HEARD);
    }

    trait MapPid {
        fn map_pid(self) -> Self;
    }

    impl MapPid for Vec<u8> {
        /// The same packets on other PIDs.
        fn map_pid(mut self) -> Self {
            self.iter_mut().skip(1).step_by(PACKET_LEN).for_each(|byte| *byte ^= 2);
            self
        }
    }
}
