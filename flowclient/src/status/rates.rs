//! Rates over the last interval, from counters that only grow.

use std::time::{Duration, Instant};

use relay::stats::Counters;

/// Rates of a flow, or of several together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rates {
    /// Bits a second in, without IP and UDP headers.
    pub(crate) input_bits: f64,
    /// Bits a second out, all outputs together.
    pub(crate) output_bits: f64,
}

impl std::iter::Sum for Rates {
    fn sum<I: Iterator<Item = Self>>(rates: I) -> Self {
        rates.fold(Self::default(), |sum, one| Self {
            input_bits: sum.input_bits + one.input_bits,
            output_bits: sum.output_bits + one.output_bits,
        })
    }
}

/// Makes rates of samples.
#[derive(Debug)]
pub(crate) struct Meter {
    at: Instant,
    input_bytes: u64,
    output_bytes: u64,
    rates: Rates,
}

impl Meter {
    /// A meter for counters that stand at zero now.
    pub(crate) fn new(now: Instant) -> Self {
        Self { at: now, input_bytes: 0, output_bytes: 0, rates: Rates::default() }
    }

    /// Takes a sample; the rates are those since the one before.
    pub(crate) fn sample(&mut self, now: Instant, counters: &Counters) {
        let span = now.saturating_duration_since(self.at);
        if span.is_zero() {
            return;
        }
        self.rates = Rates {
            input_bits: bits_a_second(self.input_bytes, counters.input_bytes, span),
            output_bits: bits_a_second(self.output_bytes, counters.output_bytes, span),
        };
        (self.at, self.input_bytes, self.output_bytes) = (now, counters.input_bytes, counters.output_bytes);
    }

    /// Rates as of the last sample.
    pub(crate) const fn rates(&self) -> Rates {
        self.rates
    }
}

fn bits_a_second(before: u64, now: u64, span: Duration) -> f64 {
    now.saturating_sub(before) as f64 * 8.0 / span.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_last_interval() {
        let start = Instant::now();
        let mut meter = Meter::new(start);
        let counters = |input_bytes, output_bytes| Counters { input_bytes, output_bytes, ..Counters::default() };
        meter.sample(start + Duration::from_secs(1), &counters(1_000, 2_000));
        assert_eq!(meter.rates(), Rates { input_bits: 8_000.0, output_bits: 16_000.0 });
        meter.sample(start + Duration::from_secs(3), &counters(1_500, 2_000));
        assert_eq!(meter.rates(), Rates { input_bits: 2_000.0, output_bits: 0.0 });
    }

    #[test]
    fn two_samples_of_one_moment_leave_the_rates_alone() {
        let start = Instant::now();
        let mut meter = Meter::new(start);
        meter.sample(start, &Counters { input_bytes: 9, ..Counters::default() });
        assert_eq!(meter.rates(), Rates::default());
    }
}
