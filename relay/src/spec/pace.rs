//! When datagrams leave.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// When a flow's datagrams leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pace {
    /// As they arrive: the lowest latency.
    #[default]
    Arrival,
    /// By the stream's own clock (PCR): smooth, and later by the pace delay.
    Pcr,
}

/// There is no such pace.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown pace {0:?}; there are {known}", known = Pace::ALL.map(Pace::as_str).join(", "))]
pub struct UnknownPace(String);

impl Pace {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Arrival, Self::Pcr];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Arrival => "arrival",
            Self::Pcr => "pcr",
        }
    }
}

impl FromStr for Pace {
    type Err = UnknownPace;

    fn from_str(text: &str) -> Result<Self, UnknownPace> {
        Self::ALL.into_iter().find(|pace| pace.as_str() == text).ok_or_else(|| UnknownPace(text.to_owned()))
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
