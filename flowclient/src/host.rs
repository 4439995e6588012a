//! What this host says of itself: who ran and who waited, and what came in at its interfaces. Thin readers of /proc and
//! /sys; what the system does not tell is left out.

mod cgroup;
mod interfaces;
mod protocol;
mod steal;
mod threads;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant, SystemTime};

pub(crate) use cgroup::{Cgroup, Quota};
pub(crate) use interfaces::InterfaceCounters;
pub(crate) use threads::ThreadTimes;

/// The host at one moment. All but the time only grows.
#[derive(Clone, Debug)]
pub(crate) struct HostSample {
    pub(crate) at: Instant,
    /// The threads that relay, by number.
    pub(crate) threads: BTreeMap<u32, ThreadTimes>,
    /// How long the control groups of this process were kept from running, their CPUs added up.
    pub(crate) throttled: Option<Duration>,
    /// How long each CPU of this machine was given to another machine, on average.
    pub(crate) stolen: Option<Duration>,
    /// When the interfaces were looked at.
    pub(crate) interfaces_at: SystemTime,
    /// Interfaces of the process' network namespace, by name.
    pub(crate) interfaces: BTreeMap<String, InterfaceCounters>,
    /// Those of them that are up and have their carrier.
    pub(crate) running: BTreeSet<String>,
    /// UDP datagrams of the namespace with a wrong checksum.
    pub(crate) checksum_errors: u64,
}

#[cfg(test)]
impl HostSample {
    /// A host of which nothing is known.
    pub(crate) fn unknown(at: Instant) -> Self {
        Self {
            at,
            threads: BTreeMap::new(),
            throttled: None,
            stolen: None,
            interfaces_at: SystemTime::UNIX_EPOCH,
            interfaces: BTreeMap::new(),
            running: BTreeSet::new(),
            checksum_errors: 0,
        }
    }
}

/// Reads samples.
#[derive(Debug, Default)]
pub(crate) struct Host {
    cgroup: Cgroup,
}

impl Host {
    /// The host as it is now.
    pub(crate) fn sample(&mut self) -> HostSample {
        // First, as they are compared with what the flows have counted just now. Unlike /sys/class/net, this is of the
        // process' own network namespace whoever mounted what.
        let interfaces = interface_counters();
        let interfaces_at = SystemTime::now();
        self.cgroup.follow();
        HostSample {
            threads: threads::read_all(),
            throttled: self.cgroup.throttled(),
            stolen: steal::parse(&read("/proc/stat")),
            interfaces_at,
            interfaces,
            running: relay::io::interface::running(),
            checksum_errors: protocol::checksum_errors(&read("/proc/self/net/snmp"), &read("/proc/self/net/snmp6")),
            at: Instant::now(),
        }
    }
}

/// Counters of the interfaces of the process' network namespace, by name.
pub(crate) fn interface_counters() -> BTreeMap<String, InterfaceCounters> {
    interfaces::parse(&read("/proc/self/net/dev"))
}

/// A counter of the protocol stack, from /proc/net/snmp or netstat: that of `name` among those of `protocol`.
pub(crate) fn protocol_counter(protocol: &str, name: &str) -> Option<u64> {
    let texts = ["/proc/self/net/snmp", "/proc/self/net/netstat"].map(read);
    texts.iter().find_map(|text| protocol::counter(text, protocol, name))
}

/// The text of a file; empty when it is not there.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
