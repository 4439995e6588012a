//! A synthetic channel as a source.

use std::fmt;
use std::str::FromStr;

use super::input::KNOWN_SCHEMES;
use super::url::{Options, QueryWriter, split_scheme, wrong_scheme};
use super::{Bitrate, UrlError, UrlProblem};

/// A channel that is made here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TestInput {
    /// What stands on the picture's upper part.
    pub pattern: Pattern,
    /// Rate of the transport stream in bits a second, up to 1 Gb/s.
    pub bitrate: u64,
    /// Drawn large, 1 to 12 characters; the number in it is the programme's.
    pub label: String,
    /// Name of the service, 1 to 100 bytes.
    pub name: String,
}

/// What stands on the picture's upper part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// The label, as large as it will go.
    #[default]
    Clock,
    /// Colour bars.
    Bars,
}

const OPTIONS: [&str; 3] = ["bitrate", "label", "name"];

impl TestInput {
    /// The highest bitrate, in bits a second; the lowest follows from what is drawn.
    pub const HIGHEST_BITRATE: u64 = Bitrate::HIGHEST;
    /// The most characters of a label.
    pub const LONGEST_LABEL: usize = 12;
    /// The most bytes of a name.
    pub const LONGEST_NAME: usize = 100;
}

impl Default for TestInput {
    fn default() -> Self {
        Self {
            pattern: Pattern::default(),
            bitrate: 8_000_000,
            label: "TEST".to_owned(),
            name: "Test channel".to_owned(),
        }
    }
}

impl FromStr for TestInput {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        read(text).map_err(|problem| UrlError { text: text.to_owned(), problem })
    }
}

fn read(text: &str) -> Result<TestInput, UrlProblem> {
    let (scheme, body) = split_scheme(text);
    if scheme.as_deref() != Some("test") {
        return Err(wrong_scheme(scheme.as_deref().unwrap_or_default(), KNOWN_SCHEMES));
    }
    let (pattern, mut options) = Options::split(body, &OPTIONS)?;
    let usual = TestInput::default();
    let label =
        |text: &str| is_printable(text, text.chars().count(), TestInput::LONGEST_LABEL).then(|| text.to_owned());
    let name = |text: &str| is_printable(text, text.len(), TestInput::LONGEST_NAME).then(|| text.to_owned());
    Ok(TestInput {
        pattern: pattern.parse()?,
        bitrate: options
            .take("bitrate", Bitrate::WHAT, |text| text.parse().ok().map(Bitrate::bits_per_second))?
            .unwrap_or(usual.bitrate),
        label: options.take("label", "1 to 12 characters", label)?.unwrap_or(usual.label),
        name: options.take("name", "1 to 100 bytes of text", name)?.unwrap_or(usual.name),
    })
}

fn is_printable(text: &str, len: usize, longest: usize) -> bool {
    (1..=longest).contains(&len) && !text.contains(char::is_control)
}

impl FromStr for Pattern {
    type Err = UrlProblem;

    fn from_str(text: &str) -> Result<Self, UrlProblem> {
        match text {
            "" | "clock" => Ok(Self::Clock),
            "bars" => Ok(Self::Bars),
            other => Err(UrlProblem::Pattern(other.to_owned())),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Clock => "clock",
            Self::Bars => "bars",
        })
    }
}

impl fmt::Display for TestInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = Self::default();
        write!(f, "test:{}", self.pattern)?;
        let mut query = QueryWriter::new(f);
        query.option("bitrate", Some(Bitrate(self.bitrate)))?;
        query.option("label", (self.label != usual.label).then_some(&self.label))?;
        query.option("name", (self.name != usual.name).then_some(&self.name))
    }
}
