//! Bitrates as they are written: `8M`, `2500K`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A rate in bits a second, `1..=1_000_000_000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bitrate(pub(super) u64);

/// It is no bitrate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no bitrate; write {what}", what = Bitrate::WHAT)]
pub struct NoBitrate(String);

/// Powers of a thousand, the largest first.
const UNITS: [(char, u64); 3] = [('G', 1_000_000_000), ('M', 1_000_000), ('K', 1_000)];

impl Bitrate {
    /// How it is written.
    pub const WHAT: &str = "bits a second up to 1G, as 2500K or 8M";
    /// The highest, in bits a second.
    pub const HIGHEST: u64 = 1_000_000_000;

    /// A bitrate, if it is in range.
    pub fn new(bits_per_second: u64) -> Option<Self> {
        (1..=Self::HIGHEST).contains(&bits_per_second).then_some(Self(bits_per_second))
    }

    /// In bits a second.
    pub const fn bits_per_second(self) -> u64 {
        self.0
    }
}

impl FromStr for Bitrate {
    type Err = NoBitrate;

    fn from_str(text: &str) -> Result<Self, NoBitrate> {
        read(text).and_then(Self::new).ok_or_else(|| NoBitrate(text.to_owned()))
    }
}

fn read(text: &str) -> Option<u64> {
    let unit = UNITS.iter().find(|(letter, _)| text.ends_with([*letter, letter.to_ascii_lowercase()]));
    let (digits, factor) = unit.map_or((text, 1), |(_, factor)| (&text[..text.len() - 1], *factor));
    let number: u64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    number.checked_mul(factor)
}

/// In its largest whole unit.
impl fmt::Display for Bitrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, factor)| self.0 > 0 && self.0.is_multiple_of(*factor)) {
            Some((letter, factor)) => write!(f, "{}{letter}", self.0 / factor),
            None => self.0.fmt(f),
        }
    }
}
