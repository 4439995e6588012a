//! Keeps the flows of a cluster on air.

use std::io::Write;

use clap::{Parser, Subcommand};

/// Keeps the flows of a cluster on air.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the definitions of flows and handlers, as YAML for kubectl apply
    Crds,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Crds => Ok(std::io::stdout().write_all(k8s::crd::yaml()?.as_bytes())?),
    }
}
