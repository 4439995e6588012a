//! Numbers as people read them.

use std::time::Duration;

use relay::stats::Counters;

/// Bits a second: `8.02 Mb/s`.
pub(crate) fn bit_rate(bits: f64) -> String {
    format!("{}b/s", scaled(bits))
}

/// Bytes, in powers of ten: `16.2 MB`.
pub(crate) fn bytes(count: u64) -> String {
    format!("{}B", scaled(count as f64))
}

/// A count with its thousands apart: `12,345`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A span in whole seconds: `1:02:03`, with days where there are any: `4d 1:02:03`.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let clock = format!("{}:{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    match seconds / 86_400 {
        0 => clock,
        days => format!("{days}d {clock}"),
    }
}

/// What is missing or wrong in a flow so far, or that nothing is: `3 lost upstream, 1 dropped`.
pub(crate) fn loss<'a>(flows: impl Iterator<Item = &'a Counters>) -> String {
    let mut sums = [(0, "lost upstream"), (0, "dropped"), (0, "continuity errors"), (0, "refused by outputs")];
    for counters in flows {
        let dropped = counters.dropped_kernel + counters.dropped_late + counters.dropped_overflow;
        sums[0].0 += counters.rtp_lost;
        sums[1].0 += dropped + counters.dropped_malformed();
        sums[2].0 += counters.continuity_errors;
        sums[3].0 += counters.output_errors;
    }
    let said: Vec<_> = sums.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(*n))).collect();
    if said.is_empty() { "no loss".to_owned() } else { said.join(", ") }
}

fn scaled(number: f64) -> String {
    let steps = [(1e9, "G"), (1e6, "M"), (1e3, "k")];
    match steps.iter().find(|(step, _)| number >= *step) {
        Some((step, prefix)) => format!("{:.2} {prefix}", number / step),
        None => format!("{number:.0} "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(bit_rate(8_024_000.0), "8.02 Mb/s");
        assert_eq!(bit_rate(0.0), "0 b/s");
        assert_eq!(bytes(16_200), "16.20 kB");
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(span(Duration::from_secs(3_723)), "1:02:03");
        assert_eq!(span(Duration::from_secs(4 * 86_400 + 3_723)), "4d 1:02:03");
    }

    #[test]
    fn loss_is_told_by_what_went_wrong() {
        let bad = Counters { rtp_lost: 1_200, dropped_late: 1, malformed_giant: 1, ..Counters::default() };
        assert_eq!(loss([&Counters::default()].into_iter()), "no loss");
        assert_eq!(loss([&bad, &bad].into_iter()), "2,400 lost upstream, 4 dropped");
    }
}
