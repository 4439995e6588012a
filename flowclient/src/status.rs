//! The board: what is known of each flow, for whoever wants to show it.
//!
//! The supervisor writes it; the HTTP pages, the metrics and the progress line read views of it.

mod health;
mod host_view;
mod pacing;
mod rates;
mod recent;
mod shown_pids;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant, SystemTime};

use relay::event::{EventKind, FlowEvent, LossCause};
use relay::pair::status::PairStatus;
use relay::spec::FlowSpec;
use relay::stage::inspect::report::Report;
use relay::stats::{Counters, FlowStats};

use health::Health;
pub(crate) use health::State;
pub(crate) use host_view::HostView;
pub(crate) use pacing::{DEGRADED, shown_tier};
use rates::Meter;
pub(crate) use rates::Rates;
pub(crate) use recent::Recent;
use recent::{Trail, Wrong};
use shown_pids::ShownPids;

use crate::cause::{Attribution, Facts, Inlet, Loss, Share, Verdict};
use crate::history::History;
use crate::host::HostSample;
use crate::plan::Outcome;

/// A flow at one moment.
#[derive(Clone, Debug)]
pub(crate) struct FlowView {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) outputs: Vec<OutputView>,
    /// Number of the thread that drives it.
    pub(crate) thread: usize,
    pub(crate) counters: Counters,
    /// What inspection has found, as of the last second; empty when the flow is not inspected in full.
    pub(crate) report: Arc<Report>,
    pub(crate) shown_pids: ShownPids,
    /// How it sees its other instances, as of the last second; `None` if there are to be none.
    pub(crate) pair: Option<Arc<PairStatus>>,
    /// Transport packets lost, by cause, as of the last second.
    pub(crate) loss: Loss,
    /// What went wrong of late, as of the last second.
    pub(crate) recent: Recent,
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
            State::Watching | State::Waiting | State::NoInput | State::Ended => false,
            State::Standby | State::Joining | State::Refused => false,
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
    host: RwLock<HostView>,
    history: Arc<History>,
}

#[derive(Debug)]
struct Entry {
    source: String,
    inlet: Inlet,
    outputs: Vec<String>,
    thread: usize,
    stats: Arc<FlowStats>,
    health: Health,
    meter: Meter,
    shown_pids: ShownPids,
    attribution: Attribution,
    trail: Trail,
    since: Instant,
}

impl Board {
    /// An empty board of a process that starts now.
    pub(crate) fn new() -> Self {
        let (started, started_utc) = (Instant::now(), SystemTime::now());
        let reloads = Reloads { last_success: Some(started_utc), ..Reloads::default() };
        let (flows, host) = (RwLock::default(), RwLock::default());
        let history = Arc::new(History::new(started_utc));
        Self { started, started_utc, flows, reloads: RwLock::new(reloads), host, history }
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

    /// Enters a flow that has just started on this thread, in place of one of the same name.
    pub(crate) fn enter(&self, spec: &FlowSpec, stats: Arc<FlowStats>, thread: usize) {
        let now = Instant::now();
        let outputs = spec.own_outputs().iter().map(ToString::to_string).collect();
        let entry = Entry {
            source: spec.source.to_string(),
            inlet: Inlet::of(&spec.source),
            outputs,
            thread,
            stats,
            health: Health::default(),
            meter: Meter::new(now),
            shown_pids: ShownPids::default(),
            attribution: Attribution::default(),
            trail: Trail::default(),
            since: now,
        };
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

    /// Takes note of how the host is.
    pub(crate) fn note_host(&self, sample: &HostSample) {
        let view = HostView::of(sample, self.read().values().map(|entry| &entry.inlet));
        *self.host.write().unwrap_or_else(PoisonError::into_inner) = view;
    }

    /// The host as it was a second ago at most.
    pub(crate) fn host(&self) -> HostView {
        self.host.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Samples the counters for the rates, and the report for what is to be shown of it; for once a second. Returns each
    /// flow's share of what comes in.
    pub(crate) fn sample(&self, now: Instant) -> Vec<Share> {
        self.write().iter_mut().map(|(name, entry)| entry.sample(name, now)).collect()
    }

    /// Takes these shares, as [`Self::sample`] gave them, and what was found by inlet meanwhile. Returns what was lost.
    pub(crate) fn attribute(&self, shares: &[Share], verdicts: &BTreeMap<Inlet, Verdict>) -> Vec<FlowEvent> {
        let mut flows = self.write();
        let mut events = Vec::new();
        for share in shares {
            if let (Some(entry), Some(verdict)) = (flows.get_mut(&share.flow), verdicts.get(&share.inlet)) {
                let loss = entry.attribution.take(Facts::of(&share.counters), verdict);
                events.extend(loss_events(&share.flow, &loss));
            }
        }
        events
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

fn loss_events(flow: &str, loss: &Loss) -> impl Iterator<Item = FlowEvent> {
    let lost = LossCause::ALL.into_iter().map(|cause| (cause, loss.of(cause))).filter(|&(_, packets)| packets > 0);
    lost.map(|(cause, packets)| FlowEvent { flow: flow.to_owned(), kind: EventKind::Loss { cause, packets } })
}

impl Entry {
    fn sample(&mut self, name: &str, now: Instant) -> Share {
        let counters = self.stats.snapshot();
        self.meter.sample(now, &counters);
        let report = self.stats.report();
        self.shown_pids.update(&report.pids);
        let errors = match report.tr101290.is_empty() {
            true => counters.continuity_errors,
            false => report.tr101290.values().map(|indicator| indicator.errors).sum(),
        };
        self.trail.note(now, Wrong { tr101290_errors: errors, loss: self.attribution.total() });
        Share { flow: name.to_owned(), inlet: self.inlet.clone(), counters }
    }

    fn state(&self, counters: &Counters, pair: Option<&PairStatus>) -> State {
        match self.health.state(counters, pair) {
            State::OnAir if self.outputs.is_empty() => State::Watching,
            state => state,
        }
    }

    fn view(&self, name: &str) -> FlowView {
        let (counters, pair) = (self.stats.snapshot(), self.stats.pair());
        FlowView {
            name: name.to_owned(),
            source: self.source.clone(),
            outputs: self.outputs.iter().map(|address| self.output_view(address)).collect(),
            thread: self.thread,
            report: self.stats.report(),
            shown_pids: self.shown_pids.clone(),
            loss: self.attribution.total(),
            recent: self.trail.recent(),
            rates: self.meter.rates(),
            state: self.state(&counters, pair.as_deref()),
            troubles: self.health.troubles(&counters, pair.as_deref()),
            uptime: self.since.elapsed(),
            counters,
            pair,
        }
    }

    fn output_view(&self, address: &str) -> OutputView {
        let failure = self.health.output_failure(address).map(str::to_owned);
        OutputView { address: address.to_owned(), failure }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use relay::pair::machine::Role;
    use relay::pair::message::{InstanceId, Quality};
    use relay::pair::status::{LegStatus, PairStatus, PeerStatus, Shadow, Stand};
    use relay::spec::LegNumber;
    use relay::stage::inspect::report::PidReport;

    fn stand(instance: u64, role: Role) -> Stand {
        Stand {
            instance: InstanceId(instance),
            rank: 0,
            term: 5,
            on_air: role == Role::OnAir,
            ready: role == Role::Standby,
            quality: Quality::Good,
            leaving: false,
        }
    }

    /// An instance that does this, with one other that does the opposite.
    pub(crate) fn pair_status(role: Role) -> PairStatus {
        let other = if role == Role::OnAir { Role::Standby } else { Role::OnAir };
        let peer = PeerStatus {
            stand: stand(2, other),
            address: "10.0.0.2".parse().unwrap(),
            heard_seconds_ago: 0.02,
            clock_offset_seconds: -0.25,
        };
        PairStatus {
            own: stand(1, role),
            role,
            since_timestamp: 1_795_000_000.0,
            last_change: None,
            stranger: None,
            shadow: Shadow { equal: 30, only_on_air: 2, only_here: 1, first_difference: None },
            peers: vec![peer],
            leg: None,
            legs: Vec::new(),
        }
    }

    /// An instance that sends leg 1, and hears leg 2.
    pub(crate) fn leg_status(role: Role, agrees: bool) -> PairStatus {
        let address = "rtp://239.1.2.7:5000".to_owned();
        let other = LegStatus { leg: LegNumber(2), address, heard: true, agrees, equal: 30, unequal: 2 };
        PairStatus { peers: Vec::new(), leg: Some(LegNumber(1)), legs: vec![other], ..pair_status(role) }
    }

    /// A PID with these counts and nothing else.
    pub(crate) fn pid_report(pid: u16, packets: u64, continuity_errors: u64) -> PidReport {
        PidReport {
            pid,
            packets,
            bitrate: 0,
            bitrate_now: 0,
            continuity_errors,
            missing_packets: 0,
            repeated: 0,
            scrambled: 0,
            transport_errors: 0,
            pcr_count: 0,
            pts_count: 0,
            unreferenced: false,
            description: String::new(),
        }
    }
}
