//! Letters drawn with a round pen: a glyph is a few strokes on a grid 4 wide and 6 high.

use super::picture::Picture;

/// Grid units from one character to the next, if it is a wide or a narrow one.
const ADVANCE: f32 = 6.2;
const NARROW_ADVANCE: f32 = 3.4;
/// Half the pen's width in grid units.
const PEN_RADIUS: f32 = 0.5;
/// Width and height of a wide character in grid units, the pen included.
const WIDTH: f32 = 4.0 + 2.0 * PEN_RADIUS;
const HEIGHT: f32 = 6.0 + 2.0 * PEN_RADIUS;

/// The characters of an alphabet at one size, ready to be drawn. Lengths are in squares of the picture.
#[derive(Debug)]
pub(super) struct Lettering {
    /// Length of a grid unit: capitals are 7 units high, the pen included.
    unit: f32,
    glyphs: Vec<Glyph>,
}

impl Lettering {
    /// Prepares the characters of `alphabet`; those without strokes stay blank.
    pub(super) fn new(unit: f32, alphabet: &str) -> Self {
        Self { unit, glyphs: alphabet.chars().map(|character| Glyph::new(character, unit)).collect() }
    }

    /// From the left edge of `text` to that of what follows.
    pub(super) fn advance(&self, text: &str) -> f32 {
        text.chars().map(advance).sum::<f32>() * self.unit
    }

    /// Width of `text`, the pen included.
    pub(super) fn width(&self, text: &str) -> f32 {
        width(text) * self.unit
    }

    /// Height of a line, the pen included.
    pub(super) fn height(&self) -> f32 {
        HEIGHT * self.unit
    }

    /// Draws `text` with its upper left corner at `x`, `y`; each character stands on whole squares.
    pub(super) fn draw(&self, picture: &mut Picture, x: f32, y: f32, text: &str, luma: u8) {
        let mut left = x;
        for character in text.chars() {
            let narrowing = (ADVANCE - advance(character)) / 2.0 * self.unit;
            if let Some(glyph) = self.glyphs.iter().find(|glyph| glyph.character == character) {
                glyph.draw(picture, (left - narrowing).round() as usize, y.round() as usize, luma);
            }
            left += advance(character) * self.unit;
        }
    }
}

/// Width of `text` in grid units, the pen included.
pub(super) fn width(text: &str) -> f32 {
    text.chars().map(advance).sum::<f32>() - (ADVANCE - WIDTH)
}

/// A character as the share, of 255, that its strokes have of each square.
#[derive(Debug)]
struct Glyph {
    character: char,
    columns: usize,
    shares: Vec<u8>,
}

impl Glyph {
    fn new(character: char, unit: f32) -> Self {
        let (columns, rows) = ((WIDTH * unit).ceil() as usize, (HEIGHT * unit).ceil() as usize);
        let segments = segments(strokes(character), unit);
        let squares = (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y)));
        let share = |(x, y)| share(Point { x: x as f32 + 0.5, y: y as f32 + 0.5 }, &segments, unit);
        Self { character, columns, shares: squares.map(share).collect() }
    }

    fn draw(&self, picture: &mut Picture, left: usize, top: usize, luma: u8) {
        for (y, row) in (top..).zip(self.shares.chunks(self.columns)) {
            for (x, &share) in (left..).zip(row).filter(|&(_, &share)| share > 0) {
                picture.blend(x, y, luma, share);
            }
        }
    }
}

/// How much of the square around `point` a round pen covers, of 255.
fn share(point: Point, segments: &[(Point, Point)], unit: f32) -> u8 {
    let squared = |&(from, to): &(Point, Point)| point.distance_squared(from, to);
    let distance = segments.iter().map(squared).fold(f32::MAX, f32::min).sqrt();
    ((PEN_RADIUS * unit - distance + 0.5).clamp(0.0, 1.0) * 255.0) as u8
}

/// The lines of `strokes` in squares, from the upper left corner of the pen's reach.
fn segments(strokes: &str, unit: f32) -> Vec<(Point, Point)> {
    let coordinate = |digit: u8| (f32::from(digit - b'0') + PEN_RADIUS) * unit;
    let corner = |at: &[u8]| Point { x: coordinate(at[0]), y: coordinate(at[1]) };
    let lines = |stroke: &str| {
        let corners: Vec<_> = stroke.as_bytes().chunks_exact(2).map(corner).collect();
        corners.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()
    };
    strokes.split(' ').flat_map(lines).collect()
}

#[derive(Clone, Copy)]
struct Point {
    x: f32,
    y: f32,
}

impl Point {
    fn distance_squared(self, from: Self, to: Self) -> f32 {
        let (along_x, along_y) = (to.x - from.x, to.y - from.y);
        let (x, y) = (self.x - from.x, self.y - from.y);
        let length_squared = (along_x * along_x + along_y * along_y).max(f32::MIN_POSITIVE);
        let part = ((x * along_x + y * along_y) / length_squared).clamp(0.0, 1.0);
        let (dx, dy) = (x - part * along_x, y - part * along_y);
        dx * dx + dy * dy
    }
}

const fn advance(character: char) -> f32 {
    if matches!(character, ':' | '.' | ' ') { NARROW_ADVANCE } else { ADVANCE }
}

/// A character's strokes, apart by spaces: corners as pairs of digits, column and row from the upper left.
fn strokes(character: char) -> &'static str {
    match character.to_ascii_uppercase() {
        '0' => "103041453616050110",
        '1' => "112026 1636",
        '2' => "011030414206 0646",
        '3' => "01103041423313 334445361605",
        '4' => "36300444",
        '5' => "400003334445361605",
        '6' => "4130100105163645443303",
        '7' => "00404116",
        '8' => "133342413010010213 3344453616050413",
        '9' => "0516364541301001021343",
        'A' => "0602204246 0444",
        'B' => "0006 003041423303 3344453606",
        'C' => "4130100105163645",
        'D' => "00063645413000",
        'E' => "40000646 0333",
        'F' => "400006 0333",
        'G' => "41301001051636454323",
        'H' => "0006 4046 0343",
        'I' => "1030 2026 1636",
        'J' => "404536160504",
        'K' => "0006 400346",
        'L' => "000646",
        'M' => "0600224046",
        'N' => "06004640",
        'O' => "103041453616050110",
        'P' => "06003041423303",
        'Q' => "103041453616050110 2446",
        'R' => "06003041423303 2346",
        'S' => "413010010213334445361605",
        'T' => "0040 2026",
        'U' => "000516364540",
        'V' => "002640",
        'W' => "0016233640",
        'X' => "0046 4006",
        'Y' => "002340 2326",
        'Z' => "00400646",
        ':' => "2222 2525",
        '.' => "2626",
        '-' => "1333",
        '+' => "0343 2125",
        '/' => "0640",
        '_' => "0646",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::synthetic::picture::{self, Colour};

    #[test]
    fn each_glyph_is_made_of_points_of_the_grid() {
        for character in (' '..='~').filter(|&character| !strokes(character).is_empty()) {
            for stroke in strokes(character).split(' ') {
                assert!(stroke.len() >= 4 && stroke.len().is_multiple_of(2), "{character}: {stroke}");
                for corner in stroke.as_bytes().chunks(2) {
                    assert!((b'0'..=b'4').contains(&corner[0]) && (b'0'..=b'6').contains(&corner[1]), "{character}");
                }
            }
        }
    }

    #[test]
    fn text_reaches_the_width_and_height_told_and_not_beyond() {
        let lettering = Lettering::new(2.0, "H");
        let mut picture = Picture::new(Colour::rgb(0, 0, 0));
        lettering.draw(&mut picture, 0.0, 0.0, "HH", 235);
        let lit = |x: usize, y: usize| picture.luma(x, y) > 16;
        let right = (0..picture::WIDTH).filter(|&x| lit(x, 3)).max().unwrap();
        let bottom = (0..picture::HEIGHT).filter(|&y| lit(0, y)).max().unwrap();
        assert!((right as f32 + 1.0 - lettering.width("HH")).abs() <= 1.0);
        assert_eq!(bottom + 1, lettering.height() as usize);
    }
}
