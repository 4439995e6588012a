//! How closely a flow is looked at.

use super::keyword::keyword;

keyword! {
    /// How closely a flow is looked at.
    Inspect: "inspection", UnknownInspection;
    /// At everything: TR 101 290, structure, clocks, arrivals.
    #[default]
    Full = "full",
    /// At continuity counters only, the cheapest.
    Continuity = "continuity",
}
