//! Another version of many flows.

use std::fmt;
use std::time::Duration;

use super::run::{account_for, listen};
use super::station::{NAME, start_source};
use crate::cluster::Cluster;
use crate::cluster::operator::{Operator, clear, flow, flowctl, pair, wait_for};
use crate::cluster::version::push;
use crate::standby::account::Window;
use crate::standby::channel::{Channel, utc_ns};
use crate::standby::tape::Tape;

/// The other version.
const NEXT: &str = "1.0.1";
/// At 8 Mb/s, 60 instances, their viewers and a cluster are more than two processors can do.
const CHANNEL: Channel = Channel { bitrate: 2_000_000 };

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bump {
    /// Flows that were given the version.
    pub flows: usize,
    /// From the command until it said that all of them have passed.
    pub seconds: f64,
    /// TS packets that the viewers never got, of all flows.
    pub lost_packets: u64,
    /// Datagrams that they got again.
    pub duplicates: u64,
    /// Times that another instance went on.
    pub switches: u64,
    /// Longest time between two datagrams, of any flow.
    pub gap_ms: f64,
}

impl fmt::Display for Bump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { flows, seconds, lost_packets, duplicates, switches, gap_ms } = self;
        write!(
            f,
            "Another version of {flows} flows of 2 Mb/s, whose pairs have a patience of 200 ms, by one `flowctl rollout --all`: {lost_packets} packets lost, "
        )?;
        write!(f, "{duplicates} datagrams twice, {switches} hand-overs, longest gap {gap_ms:.1} ms, {seconds:.0} s.")
    }
}

/// Puts so many flows on air, and rolls another version out to all of them with one command.
///
/// # Panics
/// When not all of them come on air, or the roll-out fails.
pub fn bump(cluster: &Cluster, flows: usize) -> Bump {
    let operator = Operator::start(cluster);
    push(cluster, NEXT);
    let _source = start_source(cluster, CHANNEL);
    let channels: Vec<_> = (1..=flows).map(|n| (format!("ch{n}"), format!("239.1.2.{n}:5000"))).collect();
    channels.iter().for_each(|(name, group)| cluster.apply(&flow(name, pair(NAME, group))));
    for (name, _) in &channels {
        wait_for(cluster, &operator, name, "Ready", "True", "AllWell");
    }
    let tapes: Vec<_> = channels.iter().map(|(_, group)| Tape::start(&cluster.viewer, "eth0", group)).collect();
    tapes.iter().for_each(|tape| listen(tape, Duration::from_secs(1)));
    let start_ns = utc_ns();
    flowctl(cluster, &["rollout", NEXT, "--all", "--json"]).expect_success();
    let end_ns = utc_ns();
    tapes.iter().for_each(|tape| listen(tape, Duration::from_millis(200)));
    let seconds = (end_ns - start_ns) as f64 / 1e9;
    let mut bump = Bump { flows, seconds, lost_packets: 0, duplicates: 0, switches: 0, gap_ms: 0.0 };
    for account in tapes.into_iter().flat_map(|tape| account_for(tape, &[Window { start_ns, end_ns }])) {
        bump.lost_packets += account.lost_packets;
        bump.duplicates += account.duplicates;
        bump.switches += account.switches;
        bump.gap_ms = bump.gap_ms.max(account.gap_ms);
    }
    clear(cluster);
    bump
}
