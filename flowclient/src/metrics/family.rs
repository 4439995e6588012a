//! Metric families of the exposition format, made of plain values.

use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use relay::stats::{Counters, LATENCY_BOUNDS};

/// A family of series.
pub(super) fn family(name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

/// A series of a counter or a gauge.
pub(super) fn metric<'a>(kind: MetricType, labels: impl Iterator<Item = (&'a str, &'a str)>, value: f64) -> Metric {
    let mut metric = Metric::from_label(labels.map(label).collect());
    if kind == MetricType::COUNTER {
        let mut counter = Counter::default();
        counter.set_value(value);
        metric.set_counter(counter);
    } else {
        let mut gauge = Gauge::default();
        gauge.set_value(value);
        metric.set_gauge(gauge);
    }
    metric
}

/// The latency histogram of a flow.
pub(super) fn latency_histogram(flow: &str, counters: &Counters) -> Metric {
    let mut histogram = Histogram::default();
    let mut cumulative = 0;
    let mut buckets = Vec::with_capacity(LATENCY_BOUNDS.len());
    for (bound, count) in LATENCY_BOUNDS.iter().zip(counters.latency_buckets) {
        cumulative += count;
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(bound.as_secs_f64());
        bucket.set_cumulative_count(cumulative);
        buckets.push(bucket);
    }
    histogram.set_bucket(buckets);
    histogram.set_sample_count(counters.latency_buckets.iter().sum());
    histogram.set_sample_sum(counters.latency_sum_nanos as f64 / 1e9);
    let mut metric = Metric::from_label(vec![label(("flow", flow))]);
    metric.set_histogram(histogram);
    metric
}

fn label((name, value): (&str, &str)) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}
