//! The board: what is known of each flow, for whoever wants to show it.
//!
//! The supervisor writes it; the HTTP pages, the metrics and the progress line read views of it.

mod health;
mod rates;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant, SystemTime};

use relay::event::FlowEvent;
use relay::spec::FlowSpec;
use relay::stage::inspect::report::Report;
use relay::stats::{Counters, FlowStats};

use health::Health;
pub(crate) use health::State;
use rates::Meter;
pub(crate) use rates::Rates;

use crate::history::History;
use crate::plan::Outcome;

/// A flow at one moment.
#[derive(Clone, Debug)]
pub(crate) struct FlowView {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) outputs: Vec<OutputView>,
    pub(crate) counters: Counters,
    /// What inspection has found, as of the last second; empty when the flow is not inspected in full.
    pub(crate) report: Arc<Report>,
    pub(crate) rates: Rates,
    pub(crate) state: State,
    /// What keeps the flow from doing all its work; empty when nothing does.
    pub(crate) troubles: Vec<String>,
    /// How long the flow has run.
    pub(crate) uptime: Duration,
}

impl FlowView {
    /// Whether datagrams come in and at least one output takes them.
    pub(crate) fn is_on_air(&self) -> bool {
        match self.state {
            State::OnAir => true,
            State::OutputFailing => self.outputs.iter().any(|output| output.failure.is_none()),
            State::Waiting | State::NoInput | State::Ended => false,
        }
    }
}

/// An output at one moment.
#[derive(Clone, Debug)]
pub(crate) struct OutputView {
    pub(crate) address: String,
    pub(crate) failure: Option<String>,
}

/// How reloads of the configuration went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reloads {
    pub(crate) unchanged: u64,
    pub(crate) applied: u64,
    pub(crate) refused: u64,
    /// When the configuration that runs was last loaded.
    pub(crate) last_success: Option<SystemTime>,
}

/// The board.
#[derive(Debug)]
pub(crate) struct Board {
    started: Instant,
    started_utc: SystemTime,
    flows: RwLock<BTreeMap<String, Entry>>,
    reloads: RwLock<Reloads>,
    history: Arc<History>,
}

#[derive(Debug)]
struct Entry {
    source: String,
    outputs: Vec<String>,
    stats: Arc<FlowStats>,
    health: Health,
    meter: Meter,
    since: Instant,
}

impl Board {
    /// An empty board of a process that starts now.
    pub(crate) fn new() -> Self {
        let (started, started_utc) = (Instant::now(), SystemTime::now());
        let reloads = Reloads { last_success: Some(started_utc), ..Reloads::default() };
        let history = Arc::new(History::new(started_utc));
        Self { started, started_utc, flows: RwLock::default(), reloads: RwLock::new(reloads), history }
    }

    /// What the log said last.
    pub(crate) const fn history(&self) -> &Arc<History> {
        &self.history
    }

    /// How long the process has run.
    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// When the process started, in UTC.
    pub(crate) const fn started_utc(&self) -> SystemTime {
        self.started_utc
    }

    /// Enters a flow that has just started, in place of one of the same name.
    pub(crate) fn enter(&self, spec: &FlowSpec, stats: Arc<FlowStats>) {
        let now = Instant::now();
        let outputs = spec.outputs.iter().map(ToString::to_string).collect();
        let (health, meter) = (Health::default(), Meter::new(now));
        let entry = Entry { source: spec.source.to_string(), outputs, stats, health, meter, since: now };
        self.write().insert(spec.name.clone(), entry);
    }

    /// Takes a flow off the board.
    pub(crate) fn leave(&self, flow: &str) {
        self.write().remove(flow);
    }

    /// Takes note of an event.
    pub(crate) fn note(&self, event: &FlowEvent) {
        if let Some(entry) = self.write().get_mut(&event.flow) {
            entry.health.note(&event.kind);
        }
    }

    /// Takes note of how a reload went.
    pub(crate) fn note_reload(&self, outcome: &Outcome) {
        let mut reloads = self.reloads.write().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Outcome::Unchanged => reloads.unchanged += 1,
            Outcome::Applied { .. } => reloads.applied += 1,
            Outcome::Refused(_) => reloads.refused += 1,
        }
        if outcome.is_success() {
            reloads.last_success = Some(SystemTime::now());
        }
    }

    /// How reloads went so far.
    pub(crate) fn reloads(&self) -> Reloads {
        *self.reloads.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Samples the counters for the rates; for once a second.
    pub(crate) fn sample(&self, now: Instant) {
        for entry in self.write().values_mut() {
            entry.meter.sample(now, &entry.stats.snapshot());
        }
    }

    /// Whether there were flows and the sources of all are over.
    pub(crate) fn all_ended(&self) -> bool {
        let flows = self.read();
        !flows.is_empty() && flows.values().all(|entry| entry.health.has_ended())
    }

    /// Every flow as it is now, by name.
    pub(crate) fn views(&self) -> Vec<FlowView> {
        self.read().iter().map(|(name, entry)| entry.view(name)).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Entry>> {
        self.flows.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Entry>> {
        self.flows.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn view(&self, name: &str) -> FlowView {
        let counters = self.stats.snapshot();
        FlowView {
            name: name.to_owned(),
            source: self.source.clone(),
            outputs: self.outputs.iter().map(|address| self.output_view(address)).collect(),
            report: self.stats.report(),
            rates: self.meter.rates(),
            state: self.health.state(&counters),
            troubles: self.health.troubles(&counters),
            uptime: self.since.elapsed(),
            counters,
        }
    }

    fn output_view(&self, address: &str) -> OutputView {
        let failure = self.health.output_failure(address).map(str::to_owned);
        OutputView { address: address.to_owned(), failure }
    }
}
