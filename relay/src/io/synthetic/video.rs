//! The channel's pictures as PES packets.

use super::card::Card;
use super::face::Face;
use super::h264::{Encoder, PICTURE_MILLIS, PICTURES_A_SECOND};
use super::packet::{PES_HEADER_LEN, STREAM_ID_VIDEO, Timestamp, pes_header};
use crate::spec::TestInput;

/// Codes one picture after the other.
#[derive(Debug)]
pub(super) struct Video {
    card: Card,
    encoder: Encoder,
    /// Access units of the pictures 1 to 24 of a second: what changes on them is the same in every second.
    changes: Vec<Vec<u8>>,
    /// The PES packet of `picture`.
    pes: Vec<u8>,
    picture: Option<(u64, u32)>,
}

impl Video {
    pub(super) fn new(input: &TestInput) -> Self {
        let mut card = Card::new(input.pattern, &input.label, &input.name);
        let mut encoder = Encoder::default();
        let changes = code_changes(&mut card, &mut encoder, 0);
        Self { card, encoder, changes, pes: vec![], picture: None }
    }

    /// The PES packet of the picture with this number in its second after the epoch.
    pub(super) fn pes(&mut self, second: u64, picture: u32) -> &[u8] {
        if self.picture != Some((second, picture)) {
            self.picture = Some((second, picture));
            self.pes.clear();
            self.pes.resize(PES_HEADER_LEN, 0);
            match picture.checked_sub(1) {
                None => self.code_refresh(&Face::at(second, 0), second),
                Some(change) => self.pes.extend(&self.changes[change as usize]),
            }
            let pts = Timestamp::of_millis(second * 1_000 + u64::from(picture) * PICTURE_MILLIS);
            let header = pes_header(STREAM_ID_VIDEO, self.pes.len() - PES_HEADER_LEN, pts);
            self.pes[..PES_HEADER_LEN].copy_from_slice(&header);
        }
        &self.pes
    }

    /// Length of the longest PES packet that [`Self::pes`] can give for a change, in bytes.
    pub(super) fn longest_change(&self) -> usize {
        self.changes.iter().map(Vec::len).max().unwrap_or(0) + PES_HEADER_LEN
    }

    /// The same for an instant refresh.
    ///
    /// Each digit is coded in so many bits whatever its neighbours are, so the longest picture is the one with the
    /// costliest digit everywhere. The time code comes on top: its cells cost by whether they differ from the cell before.
    /// Emulation prevention adds nothing, for a slice never has 16 zero bits in a row.
    pub(super) fn longest_refresh(&mut self) -> usize {
        let digits = (0..10).map(|digit| self.refresh_len(&Face::uniform(digit, 0))).max().unwrap_or(0);
        let codes = [0, u32::MAX, 0x5555_5555, 0xAAAA_AAAA].map(|code| self.refresh_len(&Face::uniform(0, code)));
        let code_spread = codes.iter().max().zip(codes.iter().min()).map_or(0, |(most, least)| most - least);
        digits + code_spread + PES_HEADER_LEN
    }

    fn refresh_len(&mut self, face: &Face) -> usize {
        self.pes.clear();
        self.picture = None;
        self.code_refresh(face, 0);
        self.pes.len()
    }

    fn code_refresh(&mut self, face: &Face, second: u64) {
        self.encoder.code_instant_refresh(self.card.show(face), second, &mut self.pes);
    }
}

fn code_changes(card: &mut Card, encoder: &mut Encoder, second: u64) -> Vec<Vec<u8>> {
    let mut before = card.show(&Face::at(second, 0)).clone();
    let code = |number| {
        let mut unit = vec![];
        let picture = card.show(&Face::at(second, number));
        encoder.code_changes(&before, picture, number, &mut unit);
        before.clone_from(picture);
        unit
    };
    (1..PICTURES_A_SECOND).map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_changes_within_a_second_is_the_same_in_every_second() {
        let mut video = Video::new(&TestInput::default());
        for second in [951_782_399, 1_763_711_999, 4_000_000_000] {
            assert!(code_changes(&mut video.card, &mut video.encoder, second) == video.changes);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1))]
        #[test]
        fn no_refresh_is_longer_than_the_longest(seconds in proptest::collection::vec(0..1_u64 << 33, 64)) {
            let mut video = Video::new(&TestInput::default());
            let longest = video.longest_refresh();
            for second in seconds {
                prop_assert!(video.pes(second, 0).len() <= longest);
            }
        }
    }
}
