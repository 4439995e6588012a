//! flowctl: brings flowclient to a cluster, and shows how its flows stand there.

mod args;
mod image;
mod print;
mod progress;
mod remote;
mod rollout;
mod view;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

/// A run-time failure; clap ends with 2 when it does not understand its arguments.
const FAILED: u8 = 1;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Image { command } => image::run(command).await.map(|()| ExitCode::SUCCESS),
        Command::Rollout(args) => rollout::run(args).await.map(|()| ExitCode::SUCCESS),
        Command::View(command) => view::run(command).await,
    };
    done.unwrap_or_else(|error| {
        eprintln!("flowctl: {error:#}");
        ExitCode::from(FAILED)
    })
}
