//! Whether a flow has instances that stand by for each other.

use super::keyword::keyword;

keyword! {
    /// Whether a flow has instances that stand by for each other.
    Pair: "pairing", UnknownPairing;
    /// It has none: this instance sends.
    #[default]
    Off = "off",
    /// One of them sends, the others hold back ([`crate::pair`]).
    Standby = "standby",
}
