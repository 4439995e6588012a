//! What differs, and what only looks so.

use std::iter::repeat_n;

use proptest::prelude::*;

use super::*;
use crate::pair::alignment::Alignment;

const NOW: Time = Time(0);
const HOLD: Duration = Duration::from_millis(250);
/// Content of a datagram of null packets.
const NULLS: u64 = 7;

/// A comparison beside what it goes with.
#[derive(Default)]
struct Bench {
    comparison: Comparison,
    alignment: Alignment,
}

impl Bench {
    fn made(&mut self, numbers: impl IntoIterator<Item = u64>) {
        for fingerprint in numbers.into_iter().map(Fingerprint) {
            self.comparison.made(NOW, fingerprint, |other| self.alignment.is_known(other));
            self.alignment.made(NOW, fingerprint);
        }
    }

    fn heard(&mut self, numbers: impl IntoIterator<Item = u64>) {
        for fingerprint in numbers.into_iter().map(Fingerprint) {
            self.comparison.heard(fingerprint, |other| self.alignment.is_known(other));
            self.alignment.heard(fingerprint);
        }
    }

    /// One that has heard ten equal datagrams.
    fn in_step() -> Self {
        let mut bench = Self::default();
        bench.heard(9_000..9_010);
        bench.made(9_000..9_010);
        bench
    }

    /// Of what was on air, and of what was made here.
    fn differences(&self) -> (u64, u64) {
        let Agreement { only_on_air, only_here, .. } = self.comparison.agreement();
        (only_on_air, only_here)
    }
}

#[test]
fn what_both_have_is_equal_whoever_is_ahead() {
    let mut bench = Bench::in_step();
    bench.heard(1..=3);
    bench.made(1..=5);
    bench.heard(4..=5);
    assert_eq!(bench.comparison.agreement(), Agreement { equal: 15, ..Agreement::default() });
}

#[test]
fn one_that_was_not_on_air_differs_when_the_next_was() {
    let mut bench = Bench::in_step();
    bench.made(1..=3);
    bench.heard([2]);
    let first_difference = Some(Difference { after: 10, is_on_air: false, fingerprint: Fingerprint(1) });
    let expected = Agreement { equal: 11, only_on_air: 0, only_here: 1, first_difference };
    assert_eq!(bench.comparison.agreement(), expected);
}

#[test]
fn one_that_was_not_made_here_differs_when_the_next_was() {
    let mut bench = Bench::in_step();
    bench.heard(1..=3);
    bench.made(2..=3);
    assert_eq!(bench.differences(), (1, 0));
    bench.made([4]);
    bench.heard([5]);
    bench.made([5]);
    assert_eq!(bench.differences(), (1, 1));
}

#[test]
fn one_that_was_made_otherwise_differs_once_on_either_side() {
    let mut bench = Bench::in_step();
    bench.made([1, NULLS, NULLS, 100, NULLS, 3]);
    bench.heard([1, NULLS, NULLS, 2, NULLS, 3]);
    assert_eq!(bench.differences(), (1, 1));
    assert_eq!(bench.comparison.agreement().equal, 15);
}

#[test]
fn null_packets_that_were_not_on_air_differ() {
    let mut bench = Bench::in_step();
    bench.made([NULLS, 1, NULLS, NULLS, 2]);
    bench.heard([NULLS, 1, NULLS, 2]);
    assert_eq!(bench.differences(), (0, 1));
}

#[test]
fn what_a_successor_sends_again_is_no_difference() {
    let mut bench = Bench::in_step();
    bench.made([1, NULLS, 2]);
    bench.heard([1, NULLS, 2, 1, NULLS, 2, 3]);
    bench.made([3]);
    assert_eq!(bench.differences(), (0, 0));
}

#[test]
fn of_two_that_began_at_different_places_nothing_differs() {
    for (begin_made, begin_heard) in [(0, 5), (5, 0)] {
        let mut bench = Bench::default();
        let stream: Vec<_> = repeat_n(NULLS, 20).chain(1..40).collect();
        bench.made(stream[begin_made..].iter().copied());
        bench.heard(stream[begin_heard..].iter().copied());
        assert_eq!(bench.differences(), (0, 0));
    }
}

#[test]
fn two_that_have_nothing_but_null_packets_in_common_differ() {
    let mut bench = Bench::default();
    for number in 0..50 {
        bench.made([NULLS, number + 1_000]);
        bench.heard([NULLS, number + 100_000]);
    }
    bench.comparison.give_up_older_than(NOW + HOLD * 2, HOLD);
    // One may have begun before the other.
    assert_eq!(bench.differences(), (0, 0));
    for number in 50..500 {
        bench.made([number + 1_000]);
        bench.comparison.give_up_older_than(NOW + HOLD * 2, HOLD);
    }
    assert!(bench.differences().1 > 100);
}

#[test]
fn what_was_not_on_air_in_time_differs() {
    let mut bench = Bench::in_step();
    bench.made(1..=3);
    bench.comparison.give_up_older_than(NOW + HOLD, HOLD);
    assert_eq!(bench.differences(), (0, 0));
    bench.comparison.give_up_older_than(NOW + HOLD * 2, HOLD);
    assert_eq!(bench.differences(), (0, 3));
}

#[test]
fn begun_anew_it_counts_on_when_some_were_equal() {
    let mut bench = Bench::in_step();
    bench.made(1..=3);
    bench.comparison.begin_anew();
    bench.heard(20..40);
    bench.made(25..40);
    assert_eq!((bench.comparison.agreement().equal, bench.differences()), (25, (0, 0)));
    bench.made(40..=41);
    bench.heard([41]);
    assert_eq!(bench.differences(), (0, 1));
}

proptest! {
    #[test]
    fn two_that_are_the_same_do_not_differ_however_one_is_ahead(
        nulls in prop::collection::vec(0_usize..12, 1..40),
        steps in prop::collection::vec((any::<bool>(), 1_usize..6), 0..200),
    ) {
        let mut bench = Bench::in_step();
        let stream: Vec<_> = (1_000..).zip(&nulls).flat_map(|(number, &count)| repeat_n(NULLS, count).chain([number])).collect();
        let (mut at_made, mut at_heard) = (0, 0);
        for (is_made, count) in steps.into_iter().chain([(true, stream.len()), (false, stream.len())]) {
            let at = if is_made { &mut at_made } else { &mut at_heard };
            let numbers = stream[*at..stream.len().min(*at + count)].to_vec();
            *at += numbers.len();
            if is_made { bench.made(numbers) } else { bench.heard(numbers) }
        }
        let equal = 10 + stream.len() as u64;
        prop_assert_eq!(bench.comparison.agreement(), Agreement { equal, ..Agreement::default() });
    }

    #[test]
    fn each_that_one_of_them_lacks_is_a_difference(
        nulls in prop::collection::vec(0_usize..12, 8..40),
        lacks in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 1..4),
    ) {
        let mut bench = Bench::in_step();
        let stream: Vec<_> = (1_000..).zip(&nulls).flat_map(|(number, &count)| repeat_n(NULLS, count).chain([number])).collect();
        let (mut made, mut heard) = (stream.clone(), stream);
        for (is_here, index) in lacks {
            let of = if is_here { &mut made } else { &mut heard };
            let index = index.index(of.len() - 1);
            // Of null packets, only those that are not on air are seen.
            if !is_here || of[index] != NULLS {
                of.remove(index);
            }
        }
        let is_same = made == heard;
        let at_once = heard.len().min(made.len());
        for index in 0..at_once {
            bench.heard([heard[index]]);
            bench.made([made[index]]);
        }
        bench.heard(heard[at_once..].to_vec());
        bench.made(made[at_once..].to_vec());
        prop_assert_eq!(bench.differences() == (0, 0), is_same);
    }
}
