//! What the log says of the flows: each change once, and what comes in swarms summed up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use relay::event::{EventKind, FlowEvent, LossCause};
use relay::spec::FlowSpec;
use tracing::{info, warn};

use crate::config::LogFormat;
use crate::fleet::Total;
use crate::history::{History, Severity};
use crate::human;
use crate::plan::Outcome;

/// Shortest time between two lines about the same swarm of one flow.
const SWARM_INTERVAL: Duration = Duration::from_secs(10);

/// Events that come in swarms when things go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Swarm {
    KernelDrops,
    Loss(LossCause),
    Resynchronised,
}

/// What came of a swarm and is not said yet.
#[derive(Debug)]
struct Unsaid {
    count: u64,
    said: Instant,
}

/// Decides when to say an event that comes in swarms.
#[derive(Debug, Default)]
struct Damper {
    swarms: HashMap<(String, Swarm), Unsaid>,
}

impl Damper {
    /// Takes an event; gives what is to be said of it now.
    fn admit(&mut self, now: Instant, event: FlowEvent) -> Option<FlowEvent> {
        let (swarm, count) = match event.kind {
            EventKind::KernelDrops(count) => (Swarm::KernelDrops, count),
            EventKind::Loss { cause, packets } => (Swarm::Loss(cause), packets),
            EventKind::Resynchronised => (Swarm::Resynchronised, 1),
            _ => return Some(event),
        };
        let key = (event.flow.clone(), swarm);
        if let Some(unsaid) = self.swarms.get_mut(&key) {
            unsaid.count += count;
            return None;
        }
        self.swarms.insert(key, Unsaid { count: 0, said: now });
        Some(event)
    }

    /// What is to be said by now, summed up; forgets swarms that are over.
    fn due(&mut self, now: Instant) -> Vec<FlowEvent> {
        let mut due = Vec::new();
        self.swarms.retain(|(flow, swarm), unsaid| {
            if now.saturating_duration_since(unsaid.said) < SWARM_INTERVAL {
                return true;
            }
            let count = std::mem::take(&mut unsaid.count);
            unsaid.said = now;
            due.extend((count > 0).then(|| swarm.event(flow, count)));
            count > 0
        });
        due
    }
}

impl Swarm {
    fn event(self, flow: &str, count: u64) -> FlowEvent {
        let kind = match self {
            Self::KernelDrops => EventKind::KernelDrops(count),
            Self::Loss(cause) => EventKind::Loss { cause, packets: count },
            Self::Resynchronised => EventKind::Resynchronised,
        };
        FlowEvent { flow: flow.to_owned(), kind }
    }
}

/// Writes the log in its format, and into the history that the page shows.
#[derive(Debug)]
pub(crate) struct Journal {
    format: LogFormat,
    damper: Damper,
    history: Arc<History>,
}

impl Journal {
    /// A journal that has written nothing yet.
    pub(crate) fn new(format: LogFormat, history: Arc<History>) -> Self {
        Self { format, damper: Damper::default(), history }
    }

    /// Writes an event, now or with others of its swarm later.
    pub(crate) fn event(&mut self, now: Instant, event: FlowEvent) {
        if let Some(event) = self.damper.admit(now, event) {
            self.write_event(&event);
        }
    }

    /// Writes what has gathered; for once a second.
    pub(crate) fn tick(&mut self, now: Instant) {
        for event in self.damper.due(now) {
            self.write_event(&event);
        }
    }

    /// Writes that a flow starts.
    pub(crate) fn start(&self, spec: &FlowSpec) {
        let FlowSpec { name: flow, source, outputs, .. } = spec;
        let outputs: Vec<_> = outputs.iter().map(ToString::to_string).collect();
        let outputs = outputs.join(", ");
        self.history.note(Severity::Info, Some(flow), format!("starts: {source} -> {outputs}"));
        match self.format {
            LogFormat::Human => info!("{flow}: {source} -> {outputs}"),
            LogFormat::Json => info!(flow, %source, outputs, "flow"),
        }
    }

    /// Writes what a flow did in its time.
    pub(crate) fn total(&self, total: &Total) {
        self.history.note(Severity::Info, Some(&total.flow), sentence(total));
        match self.format {
            LogFormat::Human => info!("{}: {}", total.flow, sentence(total)),
            LogFormat::Json => write_fields(total),
        }
    }

    /// Writes how a reload ended.
    pub(crate) fn reload(&self, outcome: &Outcome) {
        if outcome.is_success() {
            info!("{outcome}")
        } else {
            warn!("{outcome}")
        }
        self.history.note(Severity::of(!outcome.is_success()), None, outcome.to_string());
    }

    fn write_event(&self, event: &FlowEvent) {
        let (flow, kind) = (event.flow.as_str(), &event.kind);
        self.history.note(Severity::of(kind.is_warning()), Some(flow), kind.to_string());
        match (self.format, kind.is_warning()) {
            (LogFormat::Human, true) => warn!("{flow}: {kind}"),
            (LogFormat::Human, false) => info!("{flow}: {kind}"),
            (LogFormat::Json, true) => warn!(flow, "{kind}"),
            (LogFormat::Json, false) => info!(flow, "{kind}"),
        }
    }
}

fn write_fields(total: &Total) {
    let Total { flow, counters, uptime } = total;
    info!(
        flow,
        seconds = uptime.as_secs_f64(),
        input_datagrams = counters.input_datagrams,
        input_bytes = counters.input_bytes,
        input_lost = counters.rtp_lost,
        dropped_kernel = counters.dropped_kernel,
        dropped_late = counters.dropped_late,
        dropped_overflow = counters.dropped_overflow,
        dropped_malformed = counters.dropped_malformed(),
        ts_packets = counters.ts_packets,
        continuity_errors = counters.continuity_errors,
        output_datagrams = counters.output_datagrams,
        output_bytes = counters.output_bytes,
        output_errors = counters.output_errors,
        "stopped"
    );
}

fn sentence(total: &Total) -> String {
    let Total { counters, uptime, .. } = total;
    format!(
        "stopped after {}: {} datagrams ({}) in, {} ({}) out, {}",
        human::span(*uptime),
        human::count(counters.input_datagrams),
        human::bytes(counters.input_bytes),
        human::count(counters.output_datagrams),
        human::bytes(counters.output_bytes),
        human::loss(std::iter::once(counters)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drops(count: u64) -> FlowEvent {
        FlowEvent { flow: "ch7".to_owned(), kind: EventKind::KernelDrops(count) }
    }

    #[test]
    fn the_first_of_a_swarm_is_said_at_once_and_the_rest_as_a_sum() {
        let (mut damper, start) = (Damper::default(), Instant::now());
        assert_eq!(damper.admit(start, drops(3)), Some(drops(3)));
        assert_eq!(damper.admit(start, drops(4)), None);
        assert_eq!(damper.admit(start, drops(5)), None);
        assert!(damper.due(start + SWARM_INTERVAL / 2).is_empty());
        assert_eq!(damper.due(start + SWARM_INTERVAL), [drops(9)]);
    }

    #[test]
    fn a_swarm_that_is_over_is_forgotten() {
        let (mut damper, start) = (Damper::default(), Instant::now());
        damper.admit(start, drops(3));
        assert!(damper.due(start + SWARM_INTERVAL).is_empty());
        assert_eq!(damper.admit(start + SWARM_INTERVAL, drops(1)), Some(drops(1)));
    }

    #[test]
    fn a_change_is_said_at_once_each_time() {
        let (mut damper, now) = (Damper::default(), Instant::now());
        let silent = FlowEvent { flow: "ch7".to_owned(), kind: EventKind::InputSilent(Duration::from_secs(1)) };
        assert_eq!(damper.admit(now, silent.clone()), Some(silent.clone()));
        assert_eq!(damper.admit(now, silent.clone()), Some(silent));
    }
}
