//! One fault, from a flow that is whole to one that is whole again.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::station::Station;
use crate::lab::until;
use crate::standby::Account;
use crate::standby::account::{Window, accounts};
use crate::standby::channel::utc_ns;
use crate::standby::tape::Tape;

/// Datagrams of the channel in a second, about.
const PER_SECOND: u64 = 760;
/// How long nodes could be given up after the control plane has come back, or the operator.
const AFTERMATH: Duration = Duration::from_secs(10);

/// What came of a fault, or of its undoing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What was done.
    pub fault: Fault,
    /// Whether this is about its undoing.
    pub undone: bool,
    /// When, in nanoseconds of UTC.
    pub at_ns: u64,
    /// From then until the flow was redundant again without what is gone, or whole again.
    pub seconds: f64,
    /// What the viewer saw meanwhile.
    #[serde(flatten)]
    pub account: Account,
    /// Instances that are gone or were started again, from before the fault to after its undoing.
    pub instances_lost: usize,
    /// Whether the instances that were there had real-time priority.
    pub went_first: bool,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Account { lost_packets, duplicates, gap_ms, .. } = self.account;
        let title = self.fault.titles()[usize::from(self.undone)];
        write!(f, "{title}: {lost_packets} packets lost, {duplicates} datagrams twice, longest gap {gap_ms:.1} ms, ")?;
        write!(f, "all well after {:.1} s", self.seconds)
    }
}

/// Does `fault` to the flow while it is whole, and undoes it; what Kubernetes does nothing about, it bears for the time `away`.
///
/// # Panics
/// When the flow does not become whole again, the viewer gets what is not of the channel, or the operator ends by itself.
pub fn suffer(station: &mut Station<'_>, fault: Fault, away: Duration) -> [Outcome; 2] {
    let tape = station.viewer();
    let node = station.settle(&tape);
    let pods = station.pods();
    let went_first = station.put_first();
    let start_ns = utc_ns();
    station.cause(fault, &node);
    bear(station, fault, &node, &tape, away);
    station.put_first();
    let undone_ns = utc_ns();
    station.undo(fault, &node);
    if !fault.costs_the_node() && fault != Fault::Nothing {
        listen(&tape, AFTERMATH);
    }
    station.settle(&tape);
    let end_ns = utc_ns();
    listen(&tape, Duration::from_millis(200));
    assert!(station.operator_is_running(), "the operator has ended by itself");
    let instances_lost = pods.difference(&station.pods()).count();
    let windows = [Window { start_ns, end_ns: undone_ns }, Window { start_ns: undone_ns, end_ns }];
    let accounts = account_for(tape, &windows);
    [false, true].map(|undone| {
        let (window, account) = (windows[usize::from(undone)], accounts[usize::from(undone)]);
        let seconds = (window.end_ns - window.start_ns) as f64 / 1e9;
        Outcome { fault, undone, at_ns: window.start_ns, seconds, account, instances_lost, went_first }
    })
}

fn bear(station: &Station<'_>, fault: Fault, node: &str, tape: &Tape, away: Duration) {
    if fault.costs_the_node() {
        station.wait_until_redundant_without(node);
    } else {
        listen(tape, away);
    }
}

/// Lets the viewer receive for so long, by the datagrams that come.
pub(super) fn listen(tape: &Tape, span: Duration) {
    // A second at a time: it is no fault if this takes long, but if nothing comes.
    let (mut left, mut count) = (span.as_millis() as u64 * PER_SECOND / 1_000, tape.count());
    while left > 0 {
        let step = left.min(PER_SECOND);
        count += step as usize;
        until("more datagrams at the viewer", || (tape.count() >= count).then_some(()));
        left -= step;
    }
}

pub(super) fn account_for(tape: Tape, windows: &[Window]) -> Vec<Account> {
    let reel = tape.take();
    assert_eq!(reel.foreign, 0, "datagrams came that are not of the channel");
    accounts(&reel, windows)
}
