//! flowctl: brings flowclient to a cluster.

mod args;
mod image;
mod print;
mod progress;
mod remote;
mod rollout;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

/// A run-time failure; clap ends with 2 when it does not understand its arguments.
const FAILED: u8 = 1;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Image { command } => image::run(command).await,
        Command::Rollout(args) => rollout::run(args).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("flowctl: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}
