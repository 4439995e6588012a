//! Events one after the other on one channel.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::account::{Account, Window, accounts};
use super::channel::{Channel, utc_ns};
use super::event::Event;
use super::lab::{Lab, wait_for_more};
use super::pair::Pair;
use super::tape::Reel;
use crate::lab::until;

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Bits a second of each channel.
    pub bitrates: Vec<u64>,
    /// Events of each kind.
    pub events: usize,
    /// The kinds.
    pub kinds: Vec<Event>,
    /// Where the logs are kept, and what came around each event that lost something or put it out of order.
    pub evidence: Option<PathBuf>,
}

impl Plan {
    /// All events: the kinds in turn, so that what drifts on this machine does so for all, but those last after which an input is bad.
    fn order(&self) -> impl Iterator<Item = Event> {
        let (last, first): (Vec<Event>, Vec<Event>) = self.kinds.iter().partition(|event| event.spoils_input());
        [first, last].into_iter().flat_map(|kinds| vec![kinds; self.events]).flatten()
    }
}

/// What came of one event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Who carried the channel.
    pub relay: String,
    /// Bits a second of the channel.
    pub bitrate: u64,
    /// What was done.
    pub event: String,
    /// When, in nanoseconds of UTC.
    pub at_ns: u64,
    /// What the viewer saw from then until the next event.
    #[serde(flatten)]
    pub account: Account,
}

/// Measures flowclient at one bitrate.
pub fn flowclient(plan: &Plan, bitrate: u64) -> Vec<Outcome> {
    let lab = Lab::new();
    let tape = lab.viewer();
    let mut pair = Pair::start(&lab);
    let source = lab.source(Channel { bitrate });
    wait_for_more(&tape, 10);
    pair.settle();
    let (mut windows, mut events) = (Vec::new(), Vec::new());
    for event in plan.order() {
        let start_ns = utc_ns();
        pair.suffer(event);
        windows.push(Window { start_ns, end_ns: utc_ns() });
        events.push(event);
    }
    let sent = source.stop();
    until("the last datagram", || (tape.last()? + 1 >= sent).then_some(()));
    let reel = tape.take();
    assert_eq!(reel.foreign, 0, "datagrams came that are not of the channel");
    let outcomes: Vec<Outcome> = accounts(&reel, &windows)
        .into_iter()
        .zip(windows.iter().zip(&events))
        .map(|(account, (window, event))| Outcome {
            relay: "flowclient".to_owned(),
            bitrate,
            event: event.to_string(),
            at_ns: window.start_ns,
            account,
        })
        .collect();
    if let Some(folder) = &plan.evidence {
        keep(folder, bitrate, &outcomes, &windows, &reel, &pair.log());
    }
    outcomes
}

/// Keeps the log, and what came in windows in which something was lost or out of order.
fn keep(folder: &PathBuf, bitrate: u64, outcomes: &[Outcome], windows: &[Window], reel: &Reel, log: &str) {
    fs::create_dir_all(folder).expect("a folder for the evidence");
    let name = |what: &str| folder.join(format!("{bitrate}-{what}"));
    fs::write(name("log"), log).expect("the log");
    for (outcome, window) in outcomes.iter().zip(windows) {
        if outcome.account.lost_packets + outcome.account.out_of_order + outcome.account.duplicates / 20 == 0 {
            continue;
        }
        let inside =
            reel.arrivals.iter().filter(|arrival| (window.start_ns..window.end_ns).contains(&arrival.received_ns));
        let line = |arrival: &super::tape::Arrival| {
            let at = |ns: u64| (ns as i128 - window.start_ns as i128) as f64 / 1e6;
            let stamp = arrival.stamp;
            format!("{:.3} {} {:.3} {}\n", at(arrival.received_ns), stamp.number, at(stamp.sent_ns), arrival.host)
        };
        let text: String = inside.map(line).collect();
        fs::write(name(&format!("{}-{}", outcome.event, window.start_ns)), text).expect("the evidence");
    }
}
