//! The test card: the channel's label and name, a clock, things that move, and the time for machines to read.

use super::face::Face;
use super::font::{self, Lettering};
use super::h264::PICTURES_A_SECOND;
use super::picture::{Colour, MbRect, Picture, SQUARES, WIDTH};
use crate::spec::Pattern;

const BACKGROUND: Colour = Colour::rgb(18, 26, 40);
const UNLIT: Colour = Colour::rgb(38, 50, 70);
const ACCENT: Colour = Colour::rgb(232, 148, 24);
const LIT: Colour = Colour::rgb(255, 240, 208);
const BIT_SET: Colour = Colour::rgb(224, 224, 224);
const BIT_CLEAR: Colour = Colour::rgb(4, 4, 4);
/// Luma of what matters and of what stands beside it.
const BRIGHT: u8 = 225;
const SOFT: u8 = 160;

/// Colour bars 100/0/75/0 (ITU-R BT.471).
const BARS: [Colour; 8] = [
    Colour::rgb(255, 255, 255),
    Colour::rgb(191, 191, 0),
    Colour::rgb(0, 191, 191),
    Colour::rgb(0, 191, 0),
    Colour::rgb(191, 0, 191),
    Colour::rgb(191, 0, 0),
    Colour::rgb(0, 0, 191),
    Colour::rgb(0, 0, 0),
];
const BAR: MbRect = MbRect { column: 0, row: 0, columns: 10, rows: 12 };

/// Left and right edge of all text, in squares.
const LEFT: f32 = 12.0;
const RIGHT: f32 = WIDTH as f32 - 12.0;
const NAME_TOP: f32 = 98.0;
const NAME_UNIT: f32 = 1.6;
const NAME_WIDTH: f32 = 186.0;
/// Characters of the name that are drawn: more would be too small to read.
const NAME_CHARACTERS: usize = 30;
/// The line `HH:MM:SS:FF`, FF being the picture's number in its second.
const CLOCK_TOP: f32 = 116.0;
const CLOCK_UNIT: f32 = 4.4;
/// Pictures at the start of a second on which the flash is lit: about as long as the beep.
const FLASH_PICTURES: u32 = 2;
/// The first of the sweep's 25 cells, one lit a picture.
const SWEEP: MbRect = MbRect { column: 3, row: 38, columns: 2, rows: 2 };
const SWEEP_PITCH: usize = 3;
/// The first of 37 cells of the time code, white for 1 and black for 0, most significant first: the picture's number in
/// its second (5 bits), then the seconds since the epoch (32 bits). Bit `i` has its centre at pixel 64 + 32 * i, 680.
const TIME_CODE: MbRect = MbRect { column: 3, row: 42, columns: 2, rows: 1 };
const TIME_CODE_BITS: usize = 5 + 32;

const ZONE: &str = "UTC";

/// Where the patterns differ.
struct Layout {
    label_top: f32,
    label_unit: f32,
    flash: MbRect,
}

impl Layout {
    const fn of(pattern: Pattern) -> Self {
        let flash = MbRect { column: 71, row: 4, columns: 6, rows: 6 };
        match pattern {
            Pattern::Bars => Self { label_top: 56.0, label_unit: 5.0, flash: MbRect { row: 15, ..flash } },
            Pattern::Clock => Self { label_top: 16.0, label_unit: 9.6, flash },
        }
    }
}

/// A channel's card, showing one moment at a time.
#[derive(Debug)]
pub(super) struct Card {
    /// All that stands still.
    still: Picture,
    picture: Picture,
    flash: MbRect,
    clock: Lettering,
    date: Lettering,
}

impl Card {
    /// A card for one channel.
    pub(super) fn new(pattern: Pattern, label: &str, name: &str) -> Self {
        let mut still = Picture::new(BACKGROUND);
        let layout = Layout::of(pattern);
        if pattern == Pattern::Bars {
            draw_bars(&mut still);
        }
        draw_label(&mut still, &layout, label);
        let name: String = name.chars().take(NAME_CHARACTERS).collect();
        fitting(NAME_UNIT, NAME_WIDTH, &name).draw(&mut still, LEFT, NAME_TOP, &name, SOFT);
        let clock = Lettering::new(CLOCK_UNIT, "0123456789:");
        draw_zone(&mut still, CLOCK_TOP + clock.height());
        let date = Lettering::new(NAME_UNIT, "0123456789-");
        Self { picture: still.clone(), still, flash: layout.flash, clock, date }
    }

    /// Draws what `face` says and gives the whole picture.
    pub(super) fn show(&mut self, face: &Face) -> &Picture {
        self.picture.clone_from(&self.still);
        self.show_clock(face);
        let lit = face.picture < FLASH_PICTURES;
        self.picture.fill(self.flash, if lit { LIT } else { UNLIT });
        self.show_sweep(face.picture);
        self.show_time_code(face);
        &self.picture
    }

    fn show_clock(&mut self, face: &Face) {
        let (clock, picture, date) = (face.clock(), face.picture_number(), face.date());
        let after_clock = LEFT + self.clock.advance(&clock);
        self.clock.draw(&mut self.picture, LEFT, CLOCK_TOP, &clock, BRIGHT);
        self.clock.draw(&mut self.picture, after_clock, CLOCK_TOP, &picture, SOFT);
        self.date.draw(&mut self.picture, RIGHT - self.date.width(&date), NAME_TOP, &date, SOFT);
    }

    fn show_sweep(&mut self, picture: u32) {
        for cell in 0..PICTURES_A_SECOND {
            let rect = MbRect { column: SWEEP.column + cell as usize * SWEEP_PITCH, ..SWEEP };
            let colour = match cell.cmp(&picture) {
                std::cmp::Ordering::Less => ACCENT,
                std::cmp::Ordering::Equal => LIT,
                std::cmp::Ordering::Greater => UNLIT,
            };
            self.picture.fill(rect, colour);
        }
    }

    fn show_time_code(&mut self, face: &Face) {
        let code = u64::from(face.picture) << 32 | u64::from(face.code);
        for bit in 0..TIME_CODE_BITS {
            let rect = MbRect { column: TIME_CODE.column + bit * TIME_CODE.columns, ..TIME_CODE };
            let set = code >> (TIME_CODE_BITS - 1 - bit) & 1 == 1;
            self.picture.fill(rect, if set { BIT_SET } else { BIT_CLEAR });
        }
    }
}

fn draw_bars(picture: &mut Picture) {
    for (index, &colour) in BARS.iter().enumerate() {
        picture.fill(MbRect { column: index * BAR.columns, ..BAR }, colour);
    }
}

/// The label, in the middle of the height that its largest size would take.
fn draw_label(picture: &mut Picture, layout: &Layout, label: &str) {
    let width = layout.flash.column as f32 * SQUARES as f32 - 2.0 * LEFT;
    let lettering = fitting(layout.label_unit, width, label);
    let largest = Lettering::new(layout.label_unit, "").height();
    lettering.draw(picture, LEFT, layout.label_top + (largest - lettering.height()) / 2.0, label, BRIGHT);
}

/// The name of the clock's zone, after the clock, on its base line.
fn draw_zone(picture: &mut Picture, base: f32) {
    let lettering = Lettering::new(NAME_UNIT, ZONE);
    lettering.draw(picture, RIGHT - lettering.width(ZONE), base - lettering.height(), ZONE, SOFT);
}

/// Letters of at most `unit` of which `text` is at most `width` wide.
fn fitting(unit: f32, width: f32, text: &str) -> Lettering {
    Lettering::new(unit.min(width / font::width(text).max(1.0)), text)
}
