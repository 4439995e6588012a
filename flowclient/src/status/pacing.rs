//! How a paced flow's datagrams are released, in a word.

use relay::stage::release::Tier;
use relay::stats::Counters;

/// Too many datagrams leave too far from their time, whoever keeps it.
pub(crate) const DEGRADED: &str = "degraded";

/// The tier in force by its name; `None` if the flow is not paced.
pub(crate) fn shown_tier(counters: &Counters) -> Option<&'static str> {
    let tier = counters.pacing_tier().map(Tier::name)?;
    Some(if counters.pacing_degraded_gauge == 0 { tier } else { DEGRADED })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pacing_tier_gauge: u64, pacing_degraded_gauge: u64) -> Option<&'static str> {
        shown_tier(&Counters { pacing_tier_gauge, pacing_degraded_gauge, ..Counters::default() })
    }

    #[test]
    fn the_tier_is_shown_unless_it_does_not_do() {
        assert_eq!(
            [shown(0, 0), shown(1, 0), shown(2, 0), shown(2, 1)],
            [None, Some("timer"), Some("fq"), Some("degraded")]
        );
    }
}
