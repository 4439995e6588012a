//! Completions and manual page, from the definitions of the command line.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::{Cli, EXAMPLES, NOTES};

/// Completions for `shell`, as a script.
pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "flowclient", &mut script);
    script
}

/// The manual page, in roff.
pub(crate) fn page() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = Man::new(Cli::command());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    man.render_subcommands_section(&mut page)?;
    // The generator's own section for them fills lines, which makes paragraphs of tables.
    write!(page, ".SH EXAMPLES\n.nf\n{}\n.fi\n.SH NOTES\n.nf\n{}\n.fi\n", escaped(EXAMPLES), escaped(NOTES))?;
    man.render_version_section(&mut page)?;
    Ok(page)
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq")
}
