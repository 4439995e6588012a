//! What waits, what is settled, and what differs.

use super::*;

const NOW: Time = Time(0);

fn fingerprint(number: u64) -> Fingerprint {
    Fingerprint(number)
}

fn made(alignment: &mut Alignment, numbers: impl IntoIterator<Item = u64>) -> Vec<Made> {
    numbers.into_iter().map(|number| alignment.made(NOW, fingerprint(number))).collect()
}

fn heard(alignment: &mut Alignment, numbers: impl IntoIterator<Item = u64>) -> usize {
    let settled = numbers.into_iter().map(|number| match alignment.heard(fingerprint(number)) {
        Heard::Settles { count, .. } => count,
        Heard::Again | Heard::Ahead => 0,
    });
    settled.sum()
}

/// One that has heard ten equal datagrams.
fn aligned() -> Alignment {
    let mut alignment = Alignment::default();
    made(&mut alignment, 9_000..9_010);
    assert_eq!(heard(&mut alignment, 9_000..9_010), 10);
    alignment
}

#[test]
fn what_is_heard_no_longer_waits() {
    let mut alignment = Alignment::default();
    assert_eq!(made(&mut alignment, 1..=4), [Made::Waits; 4]);
    assert_eq!((heard(&mut alignment, 1..=2), alignment.waiting()), (2, 2));
}

#[test]
fn what_was_heard_first_never_waits() {
    let mut alignment = Alignment::default();
    heard(&mut alignment, 1..=3);
    let past = Made::Past { before: 0 };
    assert_eq!(made(&mut alignment, 1..=4), [past, past, past, Made::Waits]);
}

#[test]
fn one_that_we_did_not_hear_is_settled_by_the_next() {
    let mut alignment = aligned();
    made(&mut alignment, 1..=3);
    assert_eq!((heard(&mut alignment, [2]), alignment.waiting()), (2, 1));
}

#[test]
fn one_that_never_came_to_us_does_not_hold_up_the_others() {
    let mut alignment = aligned();
    made(&mut alignment, [0]);
    heard(&mut alignment, [0, 1]);
    // 1 is missing here; ours are ahead of the air from now on.
    for number in 2..10 {
        made(&mut alignment, [number]);
        heard(&mut alignment, [number]);
    }
    assert_eq!(made(&mut alignment, [10]), [Made::Waits]);
}

#[test]
fn one_that_only_we_had_is_given_up_when_the_air_is_past_it() {
    let mut alignment = aligned();
    heard(&mut alignment, [2]);
    assert_eq!(made(&mut alignment, [1, 2]), [Made::Waits, Made::Past { before: 1 }]);
    assert_eq!(alignment.waiting(), 0);
}

#[test]
fn datagrams_that_are_all_the_same_do_no_lasting_harm() {
    let mut alignment = Alignment::default();
    made(&mut alignment, [7, 7, 7]);
    assert_eq!(heard(&mut alignment, [7, 7]), 2);
    made(&mut alignment, [1]);
    assert_eq!((heard(&mut alignment, [1]), alignment.waiting()), (2, 0));
}

#[test]
fn a_place_among_those_waiting_is_skipped_to() {
    let mut alignment = Alignment::default();
    made(&mut alignment, 1..=5);
    let place = Position { before: fingerprint(2), last: fingerprint(3) };
    assert_eq!((alignment.skip_to(place), alignment.waiting()), (3, 2));
    assert_eq!(alignment.skip_to(place), 0);
}

#[test]
fn a_place_not_made_yet_is_waited_for() {
    let mut alignment = Alignment::default();
    made(&mut alignment, 1..=2);
    assert_eq!(alignment.skip_to(Position { before: fingerprint(3), last: fingerprint(4) }), 0);
    assert_eq!(made(&mut alignment, 3..=5), [Made::Waits, Made::Past { before: 3 }, Made::Waits]);
    assert!(!alignment.is_skipping());
}

#[test]
fn a_place_that_was_heard_ahead_of_us_is_passed_like_any_other() {
    let mut alignment = Alignment::default();
    heard(&mut alignment, 1..=3);
    alignment.skip_to(Position { before: fingerprint(3), last: fingerprint(4) });
    let past = Made::Past { before: 0 };
    assert_eq!(made(&mut alignment, 1..=5), [past, past, past, past, Made::Waits]);
}

#[test]
fn two_that_differ_are_never_aligned_and_nothing_waits_for_ever() {
    let mut alignment = Alignment::default();
    for number in 0..50 {
        made(&mut alignment, [number]);
        heard(&mut alignment, [number + 1_000]);
    }
    assert_eq!(alignment.give_up_older_than(NOW + Duration::from_millis(300), Duration::from_millis(250)), 50);
    assert!(!alignment.is_aligned());
}

#[test]
fn some_that_are_equal_make_them_aligned_and_one_lost_does_not_end_it() {
    let mut alignment = Alignment::default();
    made(&mut alignment, 1..=20);
    heard(&mut alignment, (1..=10).chain(12..=20));
    assert!(alignment.is_aligned());
}
