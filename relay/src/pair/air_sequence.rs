//! RTP sequence numbers as they are on air, for the instance that goes on there.

/// A number so little before the last one heard was late, or sent twice; one further off is from a new count.
const MOST_LATE: i16 = 1_024;

/// The number to go on with.
#[derive(Clone, Copy, Debug, Default)]
pub struct AirSequence {
    next: Option<u16>,
}

impl AirSequence {
    /// A datagram with this number was on air.
    pub fn heard(&mut self, sequence: u16) {
        let next = sequence.wrapping_add(1);
        let is_late = |after: u16| (-MOST_LATE..0).contains(&next.wrapping_sub(after).cast_signed());
        if !self.next.is_some_and(is_late) {
            self.next = Some(next);
        }
    }

    /// Who was on air has said which number comes next.
    pub const fn told(&mut self, next: u16) {
        self.next = Some(next);
    }

    /// The number to go on with, if any is known. It is forgotten: from now on others count after us.
    pub const fn take(&mut self) -> Option<u16> {
        self.next.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next_after(heard: &[u16]) -> Option<u16> {
        let mut sequence = AirSequence::default();
        heard.iter().for_each(|&number| sequence.heard(number));
        sequence.take()
    }

    #[test]
    fn the_next_is_the_one_after_the_last() {
        assert_eq!(next_after(&[]), None);
        assert_eq!(next_after(&[65_534, 65_535]), Some(0));
    }

    #[test]
    fn late_ones_and_copies_count_for_nothing() {
        assert_eq!(next_after(&[7, 10, 8, 9, 10, 10]), Some(11));
        assert_eq!(next_after(&[0, 65_535]), Some(1));
    }

    #[test]
    fn a_count_begun_anew_is_followed() {
        assert_eq!(next_after(&[40_000, 5]), Some(6));
        assert_eq!(next_after(&[5, 40_000]), Some(40_001));
    }

    #[test]
    fn what_was_told_holds_against_what_was_on_its_way() {
        let mut sequence = AirSequence::default();
        sequence.heard(90);
        sequence.told(100);
        (91..100).for_each(|number| sequence.heard(number));
        assert_eq!((sequence.take(), sequence.take()), (Some(100), None));
    }
}
