//! When datagrams leave.

use super::keyword::keyword;

keyword! {
    /// When a flow's datagrams leave.
    Pace: "pace", UnknownPace;
    /// As they arrive: the lowest latency.
    #[default]
    Arrival = "arrival",
    /// By the stream's own clock (PCR): smooth, and later by the pace delay.
    Pcr = "pcr",
}
