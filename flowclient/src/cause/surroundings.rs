//! What goes on around the flows: the host, and the interfaces that they come in at.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use relay::io::interface;
use relay::spec::Source;
use relay::stats::Counters;

use super::attribution::Facts;
use super::path::{Path, Reading};
use super::starvation::Starvation;
use crate::host::HostSample;

/// How long ago the last datagram may have come for a flow not to be behind.
const PROMPT: Duration = Duration::from_millis(5);
/// Name of the loopback interface.
const LOOPBACK: &str = "lo";

/// Where a flow comes in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Inlet {
    /// Nowhere: it is made here.
    Made,
    /// At whichever interface the routes choose: all but the loopback are taken together.
    Any,
    /// At this interface.
    Interface(String),
}

impl Inlet {
    /// Where this source comes in.
    pub(crate) fn of(source: &Source) -> Self {
        let Source::Network(input) = source else { return Self::Made };
        match &input.interface {
            Some(wanted) => interface::name_of(wanted).map_or(Self::Any, Self::Interface),
            None if input.address.ip().is_loopback() => Self::Interface(LOOPBACK.to_owned()),
            None => Self::Any,
        }
    }

    /// Whether it comes in at `interface`.
    pub(crate) fn includes(&self, interface: &str) -> bool {
        match self {
            Self::Made => false,
            Self::Any => interface != LOOPBACK,
            Self::Interface(name) => name == interface,
        }
    }
}

impl fmt::Display for Inlet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Made => formatter.write_str("this process"),
            Self::Any => formatter.write_str("all interfaces"),
            Self::Interface(name) => formatter.write_str(name),
        }
    }
}

/// A flow's share of what comes in.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub(crate) flow: String,
    pub(crate) inlet: Inlet,
    pub(crate) counters: Counters,
}

/// What was found about a flow's surroundings, between two looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Whether the host kept the process from running.
    pub(super) starved: bool,
    /// Whether packets that are missing came in at this host.
    pub(super) lost_on_path: bool,
    /// Whether what comes in for others became known just now.
    pub(crate) learned: bool,
    /// Datagrams dropped at sockets for a wrong checksum.
    pub(super) checksum_errors: u64,
}

/// Follows the host.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    before: Option<HostSample>,
    starvation: Starvation,
    paths: BTreeMap<Inlet, (BTreeSet<String>, Path)>,
}

impl Surroundings {
    /// Takes a sample, `wanted` after the one before or later, and the flows' shares. Returns what was found, by inlet.
    pub(crate) fn look(&mut self, wanted: Duration, now: HostSample, shares: &[Share]) -> BTreeMap<Inlet, Verdict> {
        let before = self.before.take().unwrap_or_else(|| now.clone());
        let starvation = Starvation::between(&before, &now, wanted);
        let starved = starvation.and(std::mem::replace(&mut self.starvation, starvation)).is_starved();
        let checksum_errors = now.checksum_errors.saturating_sub(before.checksum_errors);
        let span = now.at.saturating_duration_since(before.at);
        let inlets: BTreeSet<_> = shares.iter().map(|share| share.inlet.clone()).collect();
        self.paths.retain(|inlet, _| inlets.contains(inlet));
        let verdict = |inlet: Inlet| {
            let (lost_on_path, learned) = self.look_at(&inlet, span, &now, shares);
            (inlet, Verdict { starved, lost_on_path, learned, checksum_errors })
        };
        let verdicts = inlets.into_iter().map(verdict).collect();
        self.before = Some(now);
        verdicts
    }

    /// Whether something was lost there, and whether it became known just now what others receive there.
    ///
    /// Other flows than before make sums that cannot be compared: the path is learned anew.
    fn look_at(&mut self, inlet: &Inlet, span: Duration, now: &HostSample, shares: &[Share]) -> (bool, bool) {
        let here = shares.iter().filter(|share| share.inlet == *inlet);
        let flows: BTreeSet<_> = here.clone().map(|share| share.flow.clone()).collect();
        let (known, path) = self.paths.entry(inlet.clone()).or_default();
        if *known != flows {
            (*known, *path) = (flows, Path::default());
        }
        let was_known = path.is_known();
        let is_lost = path.look(span, reading(inlet, now, here));
        (is_lost, path.is_known() && !was_known && *inlet != Inlet::Made)
    }
}

fn reading<'a>(inlet: &Inlet, now: &HostSample, shares: impl Iterator<Item = &'a Share>) -> Reading {
    let down = !now.running.iter().any(|name| inlet.includes(name));
    let mut reading = Reading { packets_per_datagram: 1, down, ..Reading::default() };
    for (_, counters) in now.interfaces.iter().filter(|(name, _)| inlet.includes(name)) {
        reading.bytes += counters.bytes;
        reading.packets += counters.packets;
        reading.dropped += counters.dropped;
    }
    for Share { counters, .. } in shares {
        let facts = Facts::of(counters);
        let length = counters.input_bytes / counters.input_datagrams.max(1);
        reading.claimed_bytes += counters.input_bytes + counters.dropped_kernel * length;
        reading.missing += facts.missing();
        reading.stale = reading.stale.max(stale(counters, now.interfaces_at));
        reading.packets_per_datagram = reading.packets_per_datagram.max(facts.packets_per_datagram);
    }
    reading
}

/// How much longer ago than is prompt the flow last took a datagram.
fn stale(counters: &Counters, now: SystemTime) -> Duration {
    let last = UNIX_EPOCH + Duration::from_nanos(counters.last_input_utc_nanos_gauge);
    now.duration_since(last).unwrap_or_default().saturating_sub(PROMPT)
}
