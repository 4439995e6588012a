//! What a metric is, and the series that a scrape finds of it.

use std::time::Duration;

use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};

use super::Scene;

/// A metric: what it is called, what it means, and where its values come from.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: MetricType,
    /// Names of the labels, in the order in which [`Series::add`] takes their values.
    pub(super) labels: &'static [&'static str],
    pub(super) fill: fn(&Scene, &mut Series),
}

impl Family {
    /// The metric with the series that it has now.
    pub(super) fn gather(&self, scene: &Scene) -> MetricFamily {
        let mut series = Series { kind: self.kind, labels: self.labels, metrics: Vec::new() };
        (self.fill)(scene, &mut series);
        let mut family = MetricFamily::default();
        family.set_name(self.name.to_owned());
        family.set_help(self.help.to_owned());
        family.set_field_type(self.kind);
        family.set_metric(series.metrics);
        family
    }
}

/// The series of one metric.
pub(super) struct Series {
    kind: MetricType,
    labels: &'static [&'static str],
    metrics: Vec<Metric>,
}

/// What a histogram shows.
pub(super) struct Distribution<'a> {
    pub(super) bounds: &'a [Duration],
    /// One count a bound, and one for all beyond the last.
    pub(super) counts: &'a [u64],
    pub(super) sum_seconds: f64,
}

impl Series {
    /// Adds a series of a counter or a gauge with these label values; a value that is not known is left out.
    pub(super) fn add(&mut self, labels: &[&str], value: impl Into<Option<f64>>) {
        let Some(value) = value.into() else { return };
        let mut metric = self.labelled(labels);
        if self.kind == MetricType::COUNTER {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        self.metrics.push(metric);
    }

    /// Adds a series of a histogram with these label values.
    pub(super) fn add_distribution(&mut self, labels: &[&str], shown: &Distribution) {
        let mut histogram = Histogram::default();
        histogram.set_bucket(buckets(shown));
        histogram.set_sample_count(shown.counts.iter().sum());
        histogram.set_sample_sum(shown.sum_seconds);
        let mut metric = self.labelled(labels);
        metric.set_histogram(histogram);
        self.metrics.push(metric);
    }

    fn labelled(&self, values: &[&str]) -> Metric {
        debug_assert_eq!(self.labels.len(), values.len(), "a value for each of {:?}", self.labels);
        Metric::from_label(self.labels.iter().zip(values).map(|(name, value)| label(name, value)).collect())
    }
}

fn buckets(shown: &Distribution) -> Vec<Bucket> {
    let mut cumulative = 0;
    let buckets = shown.bounds.iter().zip(shown.counts).map(|(bound, count)| {
        cumulative += count;
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(bound.as_secs_f64());
        bucket.set_cumulative_count(cumulative);
        bucket
    });
    buckets.collect()
}

fn label(name: &str, value: &str) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}
