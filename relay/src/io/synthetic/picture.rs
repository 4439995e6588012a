//! The picture before coding: luma in squares of 4x4 pixels, chroma in macroblocks of 16x16.
//!
//! Every square is flat, so that one coefficient codes it exactly.

/// Width in macroblocks: 1280 pixels.
pub(super) const MB_COLUMNS: usize = 80;
/// Height in macroblocks: 720 pixels.
pub(super) const MB_ROWS: usize = 45;
/// Macroblocks of a picture.
pub(super) const MB_COUNT: usize = MB_COLUMNS * MB_ROWS;
/// Squares along a side of a macroblock.
pub(super) const SQUARES: usize = 4;
/// Width in squares.
pub(super) const WIDTH: usize = MB_COLUMNS * SQUARES;
/// Height in squares.
pub(super) const HEIGHT: usize = MB_ROWS * SQUARES;

/// A colour in BT.709, narrow range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour {
    pub(super) luma: u8,
    pub(super) chroma: Chroma,
}

/// The colour difference signals of a macroblock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chroma {
    pub(super) cb: u8,
    pub(super) cr: u8,
}

impl Chroma {
    /// No colour; also what a decoder assumes where it has no neighbour.
    pub(super) const GREY: Self = Self { cb: 128, cr: 128 };
}

impl Colour {
    /// From red, green and blue in `0..256` (BT.709, 3.2 to 3.4, in 1/2^16).
    pub(super) const fn rgb(red: i32, green: i32, blue: i32) -> Self {
        let luma = (16 << 16) + 11_966 * red + 40_254 * green + 4_064 * blue;
        let cb = (128 << 16) - 6_596 * red - 22_189 * green + 28_784 * blue;
        let cr = (128 << 16) + 28_784 * red - 26_145 * green - 2_639 * blue;
        Self { luma: round(luma), chroma: Chroma { cb: round(cb), cr: round(cr) } }
    }
}

const fn round(sixteenth_power: i32) -> u8 {
    ((sixteenth_power + (1 << 15)) >> 16) as u8
}

/// A rectangle in macroblocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MbRect {
    pub(super) column: usize,
    pub(super) row: usize,
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// A picture.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Picture {
    luma: Vec<u8>,
    chroma: Vec<Chroma>,
}

impl Clone for Picture {
    fn clone(&self) -> Self {
        Self { luma: self.luma.clone(), chroma: self.chroma.clone() }
    }

    /// Keeps the memory.
    fn clone_from(&mut self, other: &Self) {
        self.luma.clone_from(&other.luma);
        self.chroma.clone_from(&other.chroma);
    }
}

impl Picture {
    /// A picture of one colour.
    pub(super) fn new(colour: Colour) -> Self {
        Self { luma: vec![colour.luma; WIDTH * HEIGHT], chroma: vec![colour.chroma; MB_COUNT] }
    }

    /// Fills whole macroblocks; what lies outside the picture is left out.
    pub(super) fn fill(&mut self, rect: MbRect, colour: Colour) {
        let columns = rect.column..(rect.column + rect.columns).min(MB_COLUMNS);
        for row in rect.row..(rect.row + rect.rows).min(MB_ROWS) {
            self.chroma[row * MB_COLUMNS..][columns.clone()].fill(colour.chroma);
            for y in row * SQUARES..(row + 1) * SQUARES {
                self.luma[y * WIDTH..][columns.start * SQUARES..columns.end * SQUARES].fill(colour.luma);
            }
        }
    }

    /// Moves a square's luma towards `luma` by `share` of 255; outside the picture nothing happens.
    pub(super) fn blend(&mut self, x: usize, y: usize, luma: u8, share: u8) {
        if x < WIDTH && y < HEIGHT {
            let square = &mut self.luma[y * WIDTH + x];
            let mixed = u32::from(*square) * u32::from(255 - share) + u32::from(luma) * u32::from(share);
            *square = ((mixed + 127) / 255) as u8;
        }
    }

    /// Luma of the square in column `x`, row `y`.
    pub(super) fn luma(&self, x: usize, y: usize) -> u8 {
        self.luma[y * WIDTH + x]
    }

    /// The four squares of a macroblock in its line `y` of squares.
    pub(super) fn luma_line(&self, column: usize, row: usize, y: usize) -> [u8; SQUARES] {
        let start = (row * SQUARES + y) * WIDTH + column * SQUARES;
        let [a, b, c, d] = [0, 1, 2, 3].map(|x| self.luma[start + x]);
        [a, b, c, d]
    }

    /// Chroma of a macroblock.
    pub(super) fn chroma(&self, column: usize, row: usize) -> Chroma {
        self.chroma[row * MB_COLUMNS + column]
    }

    /// Whether a macroblock looks the same in `other`.
    pub(super) fn same_macroblock(&self, other: &Self, column: usize, row: usize) -> bool {
        self.chroma(column, row) == other.chroma(column, row)
            && (0..SQUARES).all(|y| self.luma_line(column, row, y) == other.luma_line(column, row, y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_black_and_red_are_those_of_the_recommendation() {
        assert_eq!(Colour::rgb(255, 255, 255), Colour { luma: 235, chroma: Chroma::GREY });
        assert_eq!(Colour::rgb(0, 0, 0), Colour { luma: 16, chroma: Chroma::GREY });
        assert_eq!(Colour::rgb(255, 0, 0), Colour { luma: 63, chroma: Chroma { cb: 102, cr: 240 } });
    }
}
