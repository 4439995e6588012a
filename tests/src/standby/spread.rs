//! Times of many events in a few words.

/// Lowest share of figures that are at most what is shown as the 99th percentile.
const P99: f64 = 0.99;

/// p50 / p99 / max of times in milliseconds.
pub(crate) fn spread(times_ms: impl Iterator<Item = f64>) -> String {
    let mut sorted: Vec<f64> = times_ms.collect();
    sorted.sort_by(f64::total_cmp);
    let [p50, p99, max] = [0.5, P99, 1.0].map(|p| millis(percentile(&sorted, p)));
    format!("{p50} / {p99} / {max}")
}

/// The least of the figures that the share `p` of all does not exceed.
fn percentile(sorted: &[f64], p: f64) -> f64 {
    let rank = (p * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

fn millis(value: f64) -> String {
    if value < 99.95 { format!("{value:.1}") } else { format!("{value:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_times_the_99th_is_p99() {
        assert_eq!(spread((1..=100).rev().map(f64::from)), "50.0 / 99.0 / 100");
        assert_eq!(spread([2.25].into_iter()), "2.2 / 2.2 / 2.2");
    }
}
