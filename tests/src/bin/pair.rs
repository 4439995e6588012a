//! `pair events|contrast|cost|decode|table|short|picture ...`: how good a pair is; `bench/pair` calls it.
#![allow(clippy::print_stdout, reason = "the figures are for whoever runs it")]
#![allow(clippy::expect_used, reason = "a wrong option or record is told with where it happened")]

use std::io::stdin;
use std::path::PathBuf;
use std::time::Duration;

use tests::standby::{
    CostPlan, Decoded, Event, OtherRelay, Outcome, Plan, cost_table, costs, decode, events_table, flowclient, picture,
    restarted, short_table,
};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.next().expect("what is to be done");
    let options = Options::read(arguments);
    match part.as_str() {
        "events" => options.plan.bitrates.iter().for_each(|&bitrate| print(&flowclient(&options.plan, bitrate))),
        "contrast" => OtherRelay::ALL.into_iter().for_each(|relay| {
            options.plan.bitrates.iter().for_each(|&bitrate| print(&restarted(relay, &options.plan, bitrate)));
        }),
        "cost" => {
            let rates: Vec<_> = options.per_second.iter().map(|&rate| costs(&options.costs, rate)).collect();
            println!("{}", cost_table(&rates));
        }
        "decode" => tell(&decode(&options.plan.kinds, options.plan.events)),
        "table" => println!("{}", events_table(&records())),
        "short" => println!("{}", short_table(&records())),
        "picture" => println!("{}", picture(&records())),
        _ => panic!("{part} is no part"),
    }
}

fn tell(decoded: &Decoded) {
    println!(
        "{} lines of warnings and errors; full buffers dropped {} datagrams before the decoder and {} before the instances.",
        decoded.messages.len(),
        decoded.dropped_at_viewer,
        decoded.dropped_at_hosts
    );
    decoded.messages.iter().for_each(|line| println!("    {line}"));
}

/// A record a line.
fn print(outcomes: &[Outcome]) {
    for outcome in outcomes {
        println!("{}", serde_json::to_string(outcome).expect("figures as JSON"));
    }
}

fn records() -> Vec<Outcome> {
    stdin().lines().map(|line| serde_json::from_str(&line.expect("a line")).expect("a record")).collect()
}

struct Options {
    plan: Plan,
    costs: CostPlan,
    /// Datagrams a second at which costs are measured.
    per_second: Vec<u64>,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Self {
        let mut options = Self {
            plan: Plan { bitrates: vec![8_000_000], events: 100, kinds: Event::ALL.to_vec(), evidence: None },
            costs: CostPlan { rounds: 5, span: Duration::from_secs(5), listener: PathBuf::new() },
            per_second: vec![760, 40_000],
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().unwrap_or_else(|| panic!("{name} wants a value"));
            options.set(&name, &value);
        }
        options
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "--rates" => self.plan.bitrates = numbers(value).map(|megabits| 1_000_000 * megabits).collect(),
            "--events" => self.plan.events = value.parse().expect("a number"),
            "--kinds" => {
                self.plan.kinds = value.split(',').map(|name| Event::named(name).expect("a kind of event")).collect();
            }
            "--evidence" => self.plan.evidence = Some(PathBuf::from(value)),
            "--rounds" => self.costs.rounds = value.parse().expect("a number"),
            "--seconds" => self.costs.span = Duration::from_secs(value.parse().expect("seconds")),
            "--listener" => self.costs.listener = PathBuf::from(value),
            "--per-second" => self.per_second = numbers(value).collect(),
            _ => panic!("{name} is no option"),
        }
    }
}

fn numbers(value: &str) -> impl Iterator<Item = u64> + '_ {
    value.split(',').map(|number| number.parse().expect("a number"))
}
