//! The command line of `flowclient doctor`.

use super::Args;

/// Command lines, each with what it does, and how they end.
pub(super) const EXAMPLES: &str = "\
Examples:
  flowclient doctor
          The machine in general
  flowclient doctor --config flows.toml
          The machine for these flows: their interfaces, routes, groups, rates
  nsenter --net=/run/netns/playout flowclient doctor --handler ch7 --out 239.1.1.7:5000 --json | jq .findings
          Where the flow runs, for a program

Exit codes: 0 nothing is bad, 1 something is, 2 the flows cannot be read.";

/// Which flows the machine is to be fit for, and how to tell.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) run: Args,
    /// Write JSON; see --schema
    #[arg(long)]
    pub(crate) json: bool,
    /// Say of each check where it looked, and of what is well how it could be better
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Write the JSON Schema of what --json writes, and do nothing else
    #[arg(long)]
    pub(crate) schema: bool,
}
