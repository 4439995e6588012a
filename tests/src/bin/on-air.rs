//! `on-air measure|bump|table`: how good a flow is in a cluster; `bench/cluster` calls it.
#![allow(clippy::print_stdout, reason = "the figures are for whoever runs it")]
#![allow(clippy::expect_used, reason = "a lab that cannot be built, or a wrong record, is told with where it happened")]

use std::env;
use std::io::stdin;
use std::sync::MutexGuard;
use std::time::Duration;

use clap::{Parser, Subcommand};
use tests::cluster::{Guarded, shared};
use tests::on_air::{Fault, Outcome, Station, bump, suffer, table};

/// What a viewer sees of a flow in a cluster while nodes are drained and lost.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Measure in a lab of its own; a record a line.
    Measure {
        /// How often each fault is done.
        #[arg(long, default_value_t = 10)]
        times: usize,
        /// Which.
        #[arg(long, value_enum, value_delimiter = ',', default_values_t = Fault::ALL)]
        faults: Vec<Fault>,
        /// Seconds for which the control plane or the operator is away.
        #[arg(long, default_value_t = 30)]
        away: u64,
    },
    /// Roll another version out to many flows in a lab of its own, and say what came of it.
    Bump {
        /// How many.
        #[arg(long, default_value_t = 20)]
        flows: usize,
    },
    /// Make a table of the records at standard input.
    Table,
}

fn main() {
    match Arguments::parse().part {
        Part::Measure { times, faults, away } => measure(times, &faults, Duration::from_secs(away)),
        Part::Bump { flows } => println!("{}", bump(&cluster(), flows)),
        Part::Table => println!("{}", table(&records())),
    }
}

/// The faults in turn, so that what drifts on this machine does so for all.
fn measure(times: usize, faults: &[Fault], away: Duration) {
    let cluster = cluster();
    let mut station = Station::start(&cluster, false);
    for fault in std::iter::repeat_n(faults, times).flatten() {
        for outcome in suffer(&mut station, *fault, away) {
            println!("{}", serde_json::to_string(&outcome).expect("figures as JSON"));
        }
    }
    station.close();
}

fn cluster() -> MutexGuard<'static, Guarded> {
    let lab = env::current_exe().expect("this program").with_file_name("lab");
    shared(lab.to_str().expect("a path in UTF-8"))
}

fn records() -> Vec<Outcome> {
    stdin().lines().map(|line| serde_json::from_str(&line.expect("a line")).expect("a record")).collect()
}
