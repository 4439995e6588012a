//! flowclient: a 24/7 channel (MPEG transport stream) in, multicast out.
//!
//! [`args`] is the command line as typed, [`config`] what it means together with the files that it names, [`catalog`]
//! where handlers come from, [`check`] what can be known to fail before it is tried, and [`supervisor`] runs the rest.

mod args;
mod catalog;
mod cause;
mod check;
mod config;
mod console;
mod descriptors;
mod doctor;
mod error;
mod fleet;
mod handlers;
mod history;
mod host;
mod http;
mod human;
mod inspect;
mod journal;
mod log;
mod manual;
mod metrics;
mod orders;
mod plan;
mod progress;
mod pulse;
mod signals;
mod stamp;
mod status;
mod supervisor;
mod watch;

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Cli, Command};
use config::Config;
use error::ConfigError;

/// A run-time failure.
const FAILED: u8 = 1;
/// Wrong usage or configuration; clap ends with the same.
const REFUSED: u8 = 2;

fn main() -> ExitCode {
    match dispatch(Cli::parse()) {
        Ok(code) => code,
        Err(error) => report(&error),
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let done = match cli.command {
        Some(Command::Inspect(args)) => return inspect::run(&args),
        Some(Command::Doctor(args)) => return doctor::run(&args),
        None => run(&cli.args),
        Some(Command::Handlers(args)) => print(&handlers::list(&args)?),
        Some(Command::Check(args)) => print(&check::verdict(&args)?),
        Some(Command::Completions { shell }) => print(&manual::completions(shell)),
        Some(Command::Man) => print(&manual::page()?),
        Some(Command::Metrics) => print(metrics::reference().as_bytes()),
    };
    done.map(|()| ExitCode::SUCCESS)
}

fn run(args: &Args) -> anyhow::Result<()> {
    let config = Config::load(args)?;
    check::surroundings(&config.flows)?;
    supervisor::run(config, || Config::load(args))
}

/// Writes to standard output; a reader that has seen enough is no failure.
fn print(text: &[u8]) -> anyhow::Result<()> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn report(error: &anyhow::Error) -> ExitCode {
    let Some(refusal) = error.downcast_ref::<ConfigError>() else {
        eprintln!("error: {error:#}");
        return FAILED.into();
    };
    for problem in refusal.problems() {
        eprintln!("error: {problem}");
    }
    REFUSED.into()
}
