//! Completions and manual page, from the definitions of the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;

/// Completions for `shell`, as a script.
pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "flowclient", &mut script);
    script
}

/// The manual page, in roff.
pub(crate) fn page() -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    Ok(page)
}
