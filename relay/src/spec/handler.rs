//! A channel of the catalog.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Source;

/// A channel that can be sent by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Handler {
    /// What it is called for people.
    #[serde(default)]
    pub title: String,
    /// Where it comes from.
    pub source: Source,
}
