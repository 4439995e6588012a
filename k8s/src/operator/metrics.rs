//! What the operator tells of itself.

use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};

use super::conditions::find;
use crate::crd::Flow;

/// Conditions that flows are counted by.
const COUNTED: [&str; 5] = ["Ready", "OnAir", "Redundant", "Progressing", "Conflict"];

/// Counters and gauges of the operator.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    /// Looks at flows.
    pub looks: IntCounter,
    /// Looks that failed, most often because the API server did not answer.
    pub failures: IntCounter,
    /// Writes to the API server, by the kind of what was written.
    pub writes: IntCounterVec,
    /// Whether this operator leads.
    pub leads: IntGauge,
    /// Questions to instances that were not answered.
    pub unanswered: IntCounter,
    /// Flows by what is true of them.
    pub flows: IntGaugeVec,
}

impl Metrics {
    /// All at zero.
    ///
    /// # Errors
    /// When two have one name, which they don't.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let counter = |name, help| register(&registry, IntCounter::new(name, help)?);
        let metrics = Self {
            looks: counter("flow_operator_looks_total", "Times that a flow was looked at")?,
            failures: counter("flow_operator_failures_total", "Looks at flows that failed")?,
            unanswered: counter("flow_operator_unanswered_total", "Questions to instances that were not answered")?,
            writes: register(
                &registry,
                IntCounterVec::new(Opts::new("flow_operator_writes_total", "Writes to the API server"), &["kind"])?,
            )?,
            leads: register(
                &registry,
                IntGauge::new("flow_operator_leads", "1 when this operator leads, 0 when it waits for another to end")?,
            )?,
            flows: register(
                &registry,
                IntGaugeVec::new(Opts::new("flow_operator_flows", "Flows, by what is true of them"), &["condition"])?,
            )?,
            registry,
        };
        Ok(metrics)
    }

    /// Counts flows by their conditions.
    pub fn count<'a>(&self, flows: impl IntoIterator<Item = &'a Flow>) {
        let mut counts = COUNTED.map(|kind| (kind, 0));
        for flow in flows {
            let conditions = flow.status.as_ref().map_or(&[][..], |status| &status.conditions);
            for (kind, count) in &mut counts {
                *count += i64::from(find(conditions, kind).is_some_and(|condition| condition.status == "True"));
            }
        }
        counts.iter().for_each(|(kind, count)| self.flows.with_label_values(&[*kind]).set(*count));
    }

    /// As Prometheus reads them.
    ///
    /// # Errors
    /// When they cannot be written, which they can.
    pub fn text(&self) -> prometheus::Result<String> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

fn register<T: prometheus::core::Collector + Clone + 'static>(registry: &Registry, metric: T) -> prometheus::Result<T> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}
