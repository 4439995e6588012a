//! What is done to the instance on air.

use std::fmt;
use std::time::Duration;

/// What is done to the instance on air.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// Nothing: what the channel, the relays and this machine do by themselves.
    Nothing,
    /// SIGKILL; a new one is started.
    Kill,
    /// SIGSTOP, and SIGCONT after more than a second.
    Freeze,
    /// The cable to the viewers is pulled, and put back.
    OutputCut,
    /// The cable to the source is pulled, and put back.
    InputCut,
    /// SIGTERM, as at the roll-out of a new version; a new one is started.
    Replace,
    /// It is asked over HTTP to hand over.
    HandOver,
}

impl Event {
    /// All, in the order of the tables.
    pub const ALL: [Self; 7] =
        [Self::Nothing, Self::Kill, Self::Freeze, Self::OutputCut, Self::InputCut, Self::Replace, Self::HandOver];

    /// Whether an input is bad for a while after it: then the air goes to the other, whatever else is done.
    pub(super) const fn spoils_input(self) -> bool {
        matches!(self, Self::Freeze | Self::InputCut)
    }

    /// Its name in the records and as an argument.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::OutputCut => "output-cut",
            Self::InputCut => "input-cut",
            Self::Replace => "replace",
            Self::HandOver => "hand-over",
        }
    }

    /// The event of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }

    /// What it is, in a table.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Nothing => "nothing done",
            Self::Kill => "SIGKILL",
            Self::Freeze => "SIGSTOP, SIGCONT",
            Self::OutputCut => "output cable pulled",
            Self::InputCut => "input cable pulled",
            Self::Replace => "SIGTERM, replaced",
            Self::HandOver => "hand-over by API",
        }
    }

    /// Whether the instance knows of it, and can name its last datagram.
    pub const fn is_planned(self) -> bool {
        matches!(self, Self::Replace | Self::HandOver)
    }

    /// How long it lasts before all is put right again.
    pub(super) const fn span(self) -> Duration {
        match self {
            Self::Freeze => Duration::from_millis(1_050),
            Self::Nothing => Duration::from_millis(400),
            Self::Kill => Duration::from_millis(100),
            Self::OutputCut | Self::InputCut => Duration::from_millis(200),
            Self::Replace | Self::HandOver => Duration::ZERO,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
