//! Events one after the other on one channel.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::account::{Account, Window, accounts};
use super::channel::{Channel, Source, utc_ns};
use super::event::Event;
use super::lab::{Lab, wait_for_more};
use super::other::{OtherRelay, Supervised};
use super::pair::Pair;
use super::tape::{Reel, Tape};
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
    let told = tell(plan.order(), |event| pair.suffer(event));
    let reel = end(source, tape);
    let outcomes = told.outcomes(&reel, "flowclient", bitrate);
    if let Some(folder) = &plan.evidence {
        keep(folder, bitrate, &outcomes, &told.windows, &reel, &pair.log());
    }
    outcomes
}

/// Kills another relay at one bitrate, and starts it again at once.
pub fn restarted(relay: OtherRelay, plan: &Plan, bitrate: u64) -> Vec<Outcome> {
    let lab = Lab::new();
    let tape = lab.viewer();
    let mut supervised = Supervised::start(&lab, relay);
    let source = lab.source(Channel { bitrate });
    wait_for_more(&tape, 10);
    let kills = std::iter::repeat_n(Event::Kill, plan.events);
    let told = tell(kills, |_| supervised.kill(&tape));
    told.outcomes(&end(source, tape), relay.name(), bitrate)
}

/// What was done, and when.
struct Told {
    windows: Vec<Window>,
    events: Vec<Event>,
}

fn tell(order: impl Iterator<Item = Event>, mut suffer: impl FnMut(Event)) -> Told {
    let (mut windows, mut events) = (Vec::new(), Vec::new());
    for event in order {
        let start_ns = utc_ns();
        suffer(event);
        windows.push(Window { start_ns, end_ns: utc_ns() });
        events.push(event);
    }
    Told { windows, events }
}

/// Lets the channel end, and gives what came.
fn end(source: Source, tape: Tape) -> Reel {
    let sent = source.stop();
    until("the last datagram", || (tape.last()? + 1 >= sent).then_some(()));
    let reel = tape.take();
    assert_eq!(reel.foreign, 0, "datagrams came that are not of the channel");
    reel
}

impl Told {
    fn outcomes(&self, reel: &Reel, relay: &str, bitrate: u64) -> Vec<Outcome> {
        let told = self.windows.iter().zip(&self.events);
        let outcome = |(account, (window, event)): (Account, (&Window, &Event))| Outcome {
            relay: relay.to_owned(),
            bitrate,
            event: event.to_string(),
            at_ns: window.start_ns,
            account,
        };
        accounts(reel, &self.windows).into_iter().zip(told).map(outcome).collect()
    }
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
            let at = |ns: u64| (i128::from(ns) - i128::from(window.start_ns)) as f64 / 1e6;
            let stamp = arrival.stamp;
            format!("{:.3} {} {:.3} {}\n", at(arrival.received_ns), stamp.number, at(stamp.sent_ns), arrival.host)
        };
        let text: String = inside.map(line).collect();
        fs::write(name(&format!("{}-{}", outcome.event, window.start_ns)), text).expect("the evidence");
    }
}
