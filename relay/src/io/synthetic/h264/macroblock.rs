//! Macroblocks of flat squares (ITU-T H.264, 7.3.5), intra predicted, coded by CAVLC (9.2).
//!
//! At [`QP`] 16 a coefficient's scale is 16 * 16 * 2^(16/6): what is decoded from a lone DC level follows from 8.5.12 for
//! a square of 4x4, 8.5.10 for the squares of an Intra_16x16 macroblock and 8.5.11 for chroma, and is always exact.

use std::cmp::Ordering;

use crate::io::synthetic::bits::BitWriter;
use crate::io::synthetic::picture::{Chroma, MB_COLUMNS, MB_ROWS, Picture, SQUARES};

/// Quantisation parameter of all pictures, luma and chroma.
pub(super) const QP: i32 = 16;
/// Level that changes a square of 4x4 by one: (256 * level + 2 >> 2) + 32 >> 6.
const LEVEL_SQUARE: i32 = 1;
/// Level that changes all of an Intra_16x16 macroblock by one: (256 * level + 8 >> 4) + 32 >> 6.
const LEVEL_MACROBLOCK: i32 = 4;
/// Level that changes a macroblock's Cb or Cr by one: ((256 * level << 2) >> 5) + 32 >> 6.
const LEVEL_CHROMA: i32 = 2;

/// mb_type in an I slice (table 7-11).
const I_NXN: u32 = 0;
/// Intra_16x16, DC prediction, no chroma, no luma AC.
const I_16X16_DC: u32 = 3;
/// Added to the latter for chroma DC.
const WITH_CHROMA_DC: u32 = 4;
/// Added to an intra mb_type in a P slice (7.4.5).
const INTRA_IN_P: u32 = 5;
/// coded_block_pattern of intra 4x4 (table 9-4): all luma; all luma and chroma DC.
const CBP_LUMA: u32 = 2;
const CBP_LUMA_AND_CHROMA_DC: u32 = 1;

/// intra_chroma_pred_mode (table 7-16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChromaMode {
    Dc = 0,
    Horizontal = 1,
    Vertical = 2,
}

/// Intra4x4PredMode (table 8-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SquareMode {
    Vertical = 0,
    Horizontal = 1,
    Dc = 2,
}

/// Codes a picture's macroblocks, in any order; prediction reads the picture itself, as all is decoded exactly.
pub(super) struct MacroblockCoder<'a> {
    picture: &'a Picture,
    /// Macroblocks that look as in this picture are skipped.
    before: Option<&'a Picture>,
}

impl<'a> MacroblockCoder<'a> {
    /// A coder for a slice of intra macroblocks only.
    pub(super) const fn in_intra_slice(picture: &'a Picture) -> Self {
        Self { picture, before: None }
    }

    /// A coder for a slice in which macroblocks that look as `before` are skipped.
    pub(super) const fn in_predicted_slice(picture: &'a Picture, before: &'a Picture) -> Self {
        Self { picture, before: Some(before) }
    }

    /// Whether the macroblock is to be skipped.
    pub(super) fn skips(&self, column: usize, row: usize) -> bool {
        self.before.is_some_and(|before| self.picture.same_macroblock(before, column, row))
    }

    /// Writes the macroblock.
    pub(super) fn write(&self, bits: &mut BitWriter, column: usize, row: usize) {
        debug_assert!(column < MB_COLUMNS && row < MB_ROWS);
        let (mode, predicted) = self.predict_chroma(column, row);
        let wanted = self.picture.chroma(column, row);
        let chroma = [difference(wanted.cb, predicted.cb), difference(wanted.cr, predicted.cr)];
        match self.flat_luma(column, row) {
            Some(luma) => self.write_flat(bits, mode, difference(luma, self.predict_flat(column, row)), chroma),
            None => self.write_squares(bits, mode, column, row, chroma),
        }
        if chroma != [0, 0] {
            chroma.iter().for_each(|&difference| write_chroma_level(bits, LEVEL_CHROMA * difference));
        }
    }

    fn write_flat(&self, bits: &mut BitWriter, mode: ChromaMode, luma: i32, chroma: [i32; 2]) {
        let with_chroma = if chroma == [0, 0] { 0 } else { WITH_CHROMA_DC };
        bits.ue(self.mb_type(I_16X16_DC + with_chroma));
        bits.ue(mode as u32);
        bits.se(0); // mb_qp_delta
        write_luma_level(bits, LEVEL_MACROBLOCK * luma);
    }

    fn write_squares(&self, bits: &mut BitWriter, mode: ChromaMode, column: usize, row: usize, chroma: [i32; 2]) {
        bits.ue(self.mb_type(I_NXN));
        squares(column, row).for_each(|(x, y)| self.write_square_mode(bits, x, y));
        bits.ue(mode as u32);
        bits.ue(if chroma == [0, 0] { CBP_LUMA } else { CBP_LUMA_AND_CHROMA_DC });
        bits.se(0); // mb_qp_delta
        for (x, y) in squares(column, row) {
            let predicted = self.predict_square(x, y, self.square_mode(x, y));
            write_luma_level(bits, LEVEL_SQUARE * difference(self.picture.luma(x, y), predicted));
        }
    }

    const fn mb_type(&self, in_intra_slice: u32) -> u32 {
        if self.before.is_some() { INTRA_IN_P + in_intra_slice } else { in_intra_slice }
    }

    /// prev_intra4x4_pred_mode_flag and rem_intra4x4_pred_mode: the mode, told apart from the one to expect (8.3.1.1).
    fn write_square_mode(&self, bits: &mut BitWriter, x: usize, y: usize) {
        let mode = self.square_mode(x, y);
        let expected = match (x.checked_sub(1), y.checked_sub(1)) {
            (Some(left), Some(above)) => self.coded_mode(left, y).min(self.coded_mode(x, above)),
            _ => SquareMode::Dc,
        };
        match mode.cmp(&expected) {
            Ordering::Equal => bits.flag(true),
            Ordering::Less => bits.put(mode as u32, 4),
            Ordering::Greater => bits.put(mode as u32 - 1, 4),
        }
    }

    /// The mode that a neighbour has for [`Self::write_square_mode`]: DC unless its macroblock is coded by squares.
    fn coded_mode(&self, x: usize, y: usize) -> SquareMode {
        let (column, row) = (x / SQUARES, y / SQUARES);
        let by_squares = self.flat_luma(column, row).is_none() && !self.skips(column, row);
        if by_squares { self.square_mode(x, y) } else { SquareMode::Dc }
    }

    /// The mode that comes nearest.
    fn square_mode(&self, x: usize, y: usize) -> SquareMode {
        let error = |mode: &SquareMode| self.picture.luma(x, y).abs_diff(self.predict_square(x, y, *mode));
        let modes = [SquareMode::Dc, SquareMode::Horizontal, SquareMode::Vertical];
        let usable = if x > 0 && y > 0 { &modes[..] } else { &modes[..1] };
        usable.iter().copied().min_by_key(error).unwrap_or(SquareMode::Dc)
    }

    fn flat_luma(&self, column: usize, row: usize) -> Option<u8> {
        let first = self.picture.luma(column * SQUARES, row * SQUARES);
        (0..SQUARES).all(|y| self.picture.luma_line(column, row, y) == [first; SQUARES]).then_some(first)
    }

    /// Prediction of a square from the lines left and above (8.3.1.2.1 to 8.3.1.2.3).
    fn predict_square(&self, x: usize, y: usize, mode: SquareMode) -> u8 {
        let left = x.checked_sub(1).map(|left| u32::from(self.picture.luma(left, y)));
        let above = y.checked_sub(1).map(|above| u32::from(self.picture.luma(x, above)));
        match mode {
            SquareMode::Vertical => mean(None, above, 1),
            SquareMode::Horizontal => mean(left, None, 1),
            SquareMode::Dc => mean(left, above, 1),
        }
    }

    /// DC prediction of a macroblock (8.3.3.3).
    fn predict_flat(&self, column: usize, row: usize) -> u8 {
        let (x, y) = (column * SQUARES, row * SQUARES);
        let sum = |values: [u8; SQUARES]| values.map(u32::from).iter().sum::<u32>();
        let left = x.checked_sub(1).map(|left| sum([0, 1, 2, 3].map(|line| self.picture.luma(left, y + line))));
        let above = row.checked_sub(1).map(|above| sum(self.picture.luma_line(column, above, SQUARES - 1)));
        mean(left, above, SQUARES as u32)
    }

    /// A mode that predicts the whole macroblock alike (8.3.4), the wanted chroma if a neighbour has it.
    ///
    /// With two neighbours that differ, DC prediction would give its four squares three values.
    fn predict_chroma(&self, column: usize, row: usize) -> (ChromaMode, Chroma) {
        let left = column.checked_sub(1).map(|left| self.picture.chroma(left, row));
        let above = row.checked_sub(1).map(|above| self.picture.chroma(column, above));
        match (left, above) {
            (Some(left), Some(above)) if left == above => (ChromaMode::Dc, left),
            (Some(left), Some(_)) if left == self.picture.chroma(column, row) => (ChromaMode::Horizontal, left),
            (Some(_), Some(above)) => (ChromaMode::Vertical, above),
            (Some(only), None) | (None, Some(only)) => (ChromaMode::Dc, only),
            (None, None) => (ChromaMode::Dc, Chroma::GREY),
        }
    }
}

/// Column and row of a macroblock's squares in their order of coding (6.4.3).
fn squares(column: usize, row: usize) -> impl Iterator<Item = (usize, usize)> {
    let x = move |index: usize| column * SQUARES + (index & 1 | index >> 1 & 2);
    let y = move |index: usize| row * SQUARES + (index >> 1 & 1 | index >> 2 & 2);
    (0..SQUARES * SQUARES).map(move |index| (x(index), y(index)))
}

fn difference(wanted: u8, predicted: u8) -> i32 {
    i32::from(wanted) - i32::from(predicted)
}

/// The rounded mean of the neighbours there are, each a sum of `count` squares.
fn mean(left: Option<u32>, above: Option<u32>, count: u32) -> u8 {
    match (left, above) {
        (Some(left), Some(above)) => ((left + above + count) / (2 * count)) as u8,
        (Some(only), None) | (None, Some(only)) => ((only + count / 2) / count) as u8,
        (None, None) => 128,
    }
}

/// A luma block whose only coefficient is the first. Its coeff_token (table 9-5) is always from the column
/// 0 <= nC < 2, for no block has more than one coefficient.
fn write_luma_level(bits: &mut BitWriter, level: i32) {
    match level {
        0 => return bits.put(0b1, 1),
        1 | -1 => bits.put(0b01, 2),
        _ => bits.put(0b00_0101, 6),
    }
    write_level(bits, level);
    bits.put(0b1, 1); // total_zeros
}

/// A chroma DC block whose only coefficient is the first: nC is -1.
fn write_chroma_level(bits: &mut BitWriter, level: i32) {
    match level {
        0 => return bits.put(0b01, 2),
        1 | -1 => bits.put(0b1, 1),
        _ => bits.put(0b00_0111, 6),
    }
    write_level(bits, level);
    bits.put(0b1, 1); // total_zeros
}

/// A lone level, not zero (9.2.2): a sign for a trailing one, otherwise prefix and suffix with suffixLength 0.
fn write_level(bits: &mut BitWriter, level: i32) {
    if level.abs() == 1 {
        return bits.flag(level < 0);
    }
    let code = 2 * level.unsigned_abs() - 4 + u32::from(level < 0);
    match code {
        0..14 => bits.put(1, code + 1),
        14..30 => bits.put(1 << 4 | (code - 14), 15 + 4),
        _ => bits.put(1 << 12 | (code - 30), 16 + 12),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What 8.5 decodes from the level at QP 16, as a change of every pixel.
    fn decoded_square(level: i32) -> i32 {
        (((256 * level + 2) >> 2) + 32) >> 6
    }

    fn decoded_macroblock(level: i32) -> i32 {
        (((256 * level + 8) >> 4) + 32) >> 6
    }

    fn decoded_chroma(level: i32) -> i32 {
        ((((256 * level) << 2) >> 5) + 32) >> 6
    }

    #[test]
    fn every_difference_is_decoded_exactly() {
        for difference in -255..=255 {
            assert_eq!(decoded_square(LEVEL_SQUARE * difference), difference);
            assert_eq!(decoded_macroblock(LEVEL_MACROBLOCK * difference), difference);
            assert_eq!(decoded_chroma(LEVEL_CHROMA * difference), difference);
        }
    }
}
