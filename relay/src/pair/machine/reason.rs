//! Why the air changed hands.

use std::fmt;

/// Why the air changed hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Nobody was on air.
    Nobody,
    /// Our datagrams were not heard on air in time.
    Silence,
    /// It was handed over.
    HandOver,
    /// Another is on air that goes before this one.
    Outranked,
    /// This instance did not get to run: what it has is stale.
    Stalled,
    /// The input of another is better.
    BetterInput,
    /// Another is on air with the same datagrams, and does not hear this one.
    Unheard,
    /// The successor was not heard, so it is taken back.
    TakenBack,
}

impl Reason {
    /// All there are.
    pub const ALL: [Self; 8] = [
        Self::Nobody,
        Self::Silence,
        Self::HandOver,
        Self::Outranked,
        Self::Stalled,
        Self::BetterInput,
        Self::Unheard,
        Self::TakenBack,
    ];

    /// Name, as a label of metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Silence => "silence",
            Self::HandOver => "hand_over",
            Self::Outranked => "outranked",
            Self::Stalled => "stalled",
            Self::BetterInput => "better_input",
            Self::Unheard => "unheard",
            Self::TakenBack => "taken_back",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nobody => "nobody else was",
            Self::Silence => "what should have been on air was not heard there",
            Self::HandOver => "handed over as planned",
            Self::Outranked => "another instance is on air that goes before this one",
            Self::Stalled => "this instance did not get to run in time",
            Self::BetterInput => "the input of another instance is better",
            Self::Unheard => "another instance is on air that does not hear this one",
            Self::TakenBack => "the successor was not heard",
        })
    }
}
