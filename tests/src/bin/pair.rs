//! `pair measure|table|plot ...`: how good a pair is; `bench/pair` calls it.
#![allow(clippy::print_stdout, reason = "the figures are for whoever runs it")]

use std::path::PathBuf;

use tests::standby::{Event, Plan, flowclient};

fn main() {
    let plan = plan(std::env::args().skip(1));
    for &bitrate in &plan.bitrates {
        for outcome in flowclient(&plan, bitrate) {
            println!("{}", serde_json::to_string(&outcome).expect("figures as JSON"));
        }
    }
}

fn plan(mut arguments: impl Iterator<Item = String>) -> Plan {
    let mut plan = Plan { bitrates: vec![8_000_000], events: 100, kinds: Event::ALL.to_vec(), evidence: None };
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_else(|| panic!("{name} wants a value"));
        match name.as_str() {
            "--rates" => {
                plan.bitrates =
                    value.split(',').map(|megabits| 1_000_000 * megabits.parse::<u64>().expect("Mb/s")).collect()
            }
            "--events" => plan.events = value.parse().expect("a number"),
            "--kinds" => {
                plan.kinds = value.split(',').map(|name| Event::named(name).expect("a kind of event")).collect()
            }
            "--evidence" => plan.evidence = Some(PathBuf::from(value)),
            _ => panic!("{name} is no option"),
        }
    }
    plan
}
