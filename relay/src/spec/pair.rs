//! Instances of one flow that stand by for each other, or send a leg each.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::keyword::keyword;
use super::{Bitrate, FlowSpec, Output, duration};

keyword! {
    /// What the instances of a flow are to each other.
    Pair: "pairing", UnknownPairing;
    /// There are no others: this instance sends.
    #[default]
    Off = "off",
    /// One of them sends, the others hold back ([`crate::pair`]).
    Standby = "standby",
    /// All are on air, each on an output of its own, for receivers that merge ([`crate::pair::leg_numbers`]).
    ActiveActive = "active-active",
}

/// How long the air is silent at least before a standby takes it, unless said otherwise.
pub const DEFAULT_PAIR_PATIENCE: Duration = Duration::from_millis(8);
/// How long the air is silent at most before a standby takes it, unless said otherwise.
pub const DEFAULT_PAIR_MOST_PATIENCE: Duration = Duration::from_millis(100);

/// How this instance of a flow behaves among the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PairSpec {
    /// Of two instances whose input is as good, the one of higher rank goes on air first.
    pub rank: u16,
    /// File with the secret that all instances share, if they do. The secret itself is nowhere in a specification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// How long the air is silent at least before a standby takes it, 1 ms to 10 s.
    #[serde(serialize_with = "duration::serialize")]
    pub patience: Duration,
    /// How long the air is silent at most before a standby takes it, [`Self::patience`] to 10 s.
    #[serde(serialize_with = "duration::serialize")]
    pub most_patience: Duration,
    /// An input of less than this is bad, and one that is good goes before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_bitrate: Option<Bitrate>,
}

/// Which of the flow's outputs an instance sends that is on air beside others: the first, second and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct LegNumber(pub u16);

impl LegNumber {
    /// The same, counted from 0. There is no leg 0; it is none of the outputs.
    pub const fn index(self) -> usize {
        (self.0 as usize).wrapping_sub(1)
    }

    /// The leg that is counted so from 0.
    pub const fn of_index(index: usize) -> Self {
        Self((index + 1) as u16)
    }
}

impl Default for PairSpec {
    fn default() -> Self {
        Self {
            rank: 0,
            key_file: None,
            patience: DEFAULT_PAIR_PATIENCE,
            most_patience: DEFAULT_PAIR_MOST_PATIENCE,
            least_bitrate: None,
        }
    }
}

impl FlowSpec {
    /// The outputs that this instance sends: all, or its leg.
    pub fn own_outputs(&self) -> &[Output] {
        match self.leg {
            Some(leg) => self.outputs.get(leg.index()..=leg.index()).unwrap_or_default(),
            None => &self.outputs,
        }
    }

    /// Where the instances of the flow hear each other: its first output to a group.
    pub fn meeting_point(&self) -> Option<&Output> {
        self.outputs.iter().find(|output| output.is_to_group())
    }
}
