//! What a flow costs and does, from two looks at its metrics.

use serde::Serialize;

use super::samples::Sample;

/// Counters of an instance at one time. All but the memory only grow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    /// CPU time of the process in seconds.
    pub cpu_seconds: f64,
    /// Memory of the process in bytes.
    pub memory_bytes: f64,
    /// Bytes sent.
    pub output_bytes: f64,
    /// Errors of all indicators of TR 101 290.
    pub errors: f64,
    /// Transport packets lost.
    pub lost: f64,
    /// Latencies: upper bound in seconds, and how many were no longer.
    pub latency: Vec<(f64, f64)>,
}

/// What a flow costs and does a second.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Load {
    /// Bits sent a second.
    pub bits_per_second: f64,
    /// Part of a CPU; 1 is one CPU.
    pub cpu: f64,
    /// Memory in bytes.
    pub memory_bytes: f64,
    /// Median of the latency in seconds, if anything was sent.
    pub latency_p50_seconds: Option<f64>,
    /// What 1 in 100 took longer than.
    pub latency_p99_seconds: Option<f64>,
    /// Errors of TR 101 290 in the time looked at.
    pub errors: f64,
    /// Transport packets lost in the time looked at.
    pub lost: f64,
}

impl Counted {
    /// What the metrics of an instance say of `flow`.
    pub fn of(samples: &[Sample], flow: &str) -> Self {
        let of_flow = |name: &str| -> f64 {
            samples.iter().filter(|one| one.name == name && one.label("flow") == flow).map(|one| one.value).sum()
        };
        let of_process = |name: &str| samples.iter().find(|one| one.name == name).map_or(0.0, |one| one.value);
        Self {
            cpu_seconds: of_process("process_cpu_seconds_total"),
            memory_bytes: of_process("process_resident_memory_bytes"),
            output_bytes: of_flow("flowclient_output_bytes_total"),
            errors: of_flow("flowclient_tr101290_errors_total"),
            lost: of_flow("flowclient_loss_total"),
            latency: buckets(samples, flow),
        }
    }

    /// What it did since `before`, `seconds` ago; a process that began anew meanwhile counts from its beginning.
    pub fn since(&self, before: &Self, seconds: f64) -> Load {
        let grown = |now: f64, before: f64| if now >= before { now - before } else { now };
        let a_second = |now, before| if seconds > 0.0 { grown(now, before) / seconds } else { 0.0 };
        let latency = self.latency_since(before);
        Load {
            bits_per_second: 8.0 * a_second(self.output_bytes, before.output_bytes),
            cpu: a_second(self.cpu_seconds, before.cpu_seconds),
            memory_bytes: self.memory_bytes,
            latency_p50_seconds: quantile(&latency, 0.5),
            latency_p99_seconds: quantile(&latency, 0.99),
            errors: grown(self.errors, before.errors),
            lost: grown(self.lost, before.lost),
        }
    }

    fn latency_since(&self, before: &Self) -> Vec<(f64, f64)> {
        let earlier =
            |bound: f64| before.latency.iter().find(|(other, _)| *other == bound).map_or(0.0, |(_, count)| *count);
        let began_anew = self.latency.iter().any(|(bound, count)| *count < earlier(*bound));
        let since = |(bound, count): &(f64, f64)| (*bound, if began_anew { *count } else { count - earlier(*bound) });
        self.latency.iter().map(since).collect()
    }
}

fn buckets(samples: &[Sample], flow: &str) -> Vec<(f64, f64)> {
    let name = "flowclient_forward_latency_seconds_bucket";
    let of_flow = samples.iter().filter(|one| one.name == name && one.label("flow") == flow);
    let bound = |one: &Sample| match one.label("le") {
        "+Inf" => Some(f64::INFINITY),
        number => number.parse().ok(),
    };
    let mut buckets: Vec<(f64, f64)> = of_flow.filter_map(|one| Some((bound(one)?, one.value))).collect();
    buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
    buckets
}

/// What the part `q` of all took no longer than, even within a bucket; the last bound for what is beyond all bounds.
pub fn quantile(buckets: &[(f64, f64)], q: f64) -> Option<f64> {
    let total = buckets.last()?.1;
    if total <= 0.0 {
        return None;
    }
    let rank = q * total;
    let mut below = (0.0, 0.0);
    for &(bound, count) in buckets {
        if count >= rank && bound.is_finite() && count > below.1 {
            return Some(below.0 + (bound - below.0) * (rank - below.1) / (count - below.1));
        }
        if bound.is_finite() {
            below = (bound, count);
        }
    }
    Some(below.0)
}

#[cfg(test)]
mod tests {
    use super::super::samples::parse;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_looks_make_rates() {
        let look = |cpu: f64, bytes: u64, errors: u64, fast: u64, slow: u64| {
            let text = format!(
                "process_cpu_seconds_total {cpu}\nprocess_resident_memory_bytes 1048576\n\
                 flowclient_output_bytes_total{{flow=\"ch7\"}} {bytes}\nflowclient_output_bytes_total{{flow=\"x\"}} 9\n\
                 flowclient_tr101290_errors_total{{flow=\"ch7\",indicator=\"a\"}} {errors}\n\
                 flowclient_tr101290_errors_total{{flow=\"ch7\",indicator=\"b\"}} 1\n\
                 flowclient_forward_latency_seconds_bucket{{flow=\"ch7\",le=\"0.001\"}} {fast}\n\
                 flowclient_forward_latency_seconds_bucket{{flow=\"ch7\",le=\"0.002\"}} {slow}\n\
                 flowclient_forward_latency_seconds_bucket{{flow=\"ch7\",le=\"+Inf\"}} {slow}\n"
            );
            Counted::of(&parse(&text), "ch7")
        };
        let load = look(1.1, 3_000_000, 5, 90, 100).since(&look(1.0, 1_000_000, 3, 0, 0), 2.0);
        assert_eq!((load.bits_per_second, load.errors, load.memory_bytes), (8e6, 2.0, 1_048_576.0));
        assert!((load.cpu - 0.05).abs() < 1e-9);
        assert!((load.latency_p99_seconds.unwrap() - 0.0019).abs() < 1e-9, "{load:?}");
        let anew = look(0.1, 1_000_000, 0, 10, 10).since(&look(9.0, 9_000_000, 9, 90, 100), 1.0);
        assert_eq!(anew.bits_per_second, 8e6);
    }

    proptest! {
        #[test]
        fn a_quantile_lies_within_the_bounds(counts in prop::collection::vec(0u32..50, 1..6), q in 0.0..1.0f64) {
            let mut sum = 0.0;
            let buckets: Vec<_> = counts.iter().zip(1..).map(|(count, bound)| {
                sum += f64::from(*count);
                (f64::from(bound), sum)
            }).collect();
            let found = quantile(&buckets, q);
            prop_assert_eq!(found.is_some(), sum > 0.0);
            prop_assert!(found.is_none_or(|found| (0.0..=counts.len() as f64).contains(&found)));
        }
    }
}
