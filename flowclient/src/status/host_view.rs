//! What is shown of the host.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cause::Inlet;
use crate::host::HostSample;

/// Most interfaces that are shown: a host of many containers has as many.
const MOST_INTERFACES: usize = 64;

/// The host at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostView {
    /// Packets dropped by the interfaces that flows come in at.
    pub(crate) dropped: BTreeMap<String, u64>,
    /// How long the control groups of this process were throttled.
    pub(crate) throttled: Option<Duration>,
    /// How long the threads that relay waited for a CPU; `None` where the kernel keeps no such times.
    pub(crate) waited: Option<Duration>,
}

impl HostView {
    /// What this sample shows of the host, for flows that come in there.
    pub(crate) fn of<'a>(sample: &HostSample, inlets: impl Iterator<Item = &'a Inlet> + Clone) -> Self {
        let is_used = |name: &str| inlets.clone().any(|inlet| inlet.includes(name));
        let used = sample.interfaces.iter().filter(|(name, _)| is_used(name)).take(MOST_INTERFACES);
        let threads = &sample.threads;
        Self {
            dropped: used.map(|(name, counters)| (name.clone(), counters.dropped)).collect(),
            throttled: sample.throttled,
            waited: (!threads.is_empty()).then(|| threads.values().map(|times| times.waited).sum()),
        }
    }
}
