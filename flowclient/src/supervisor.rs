//! Runs the flows of a configuration.

use anyhow::{Result, bail};

use crate::config::Config;

/// Runs the flows of `config`; `load` reads the configuration anew.
///
/// # Errors
/// When something cannot be opened at the start.
pub(crate) fn run(config: Config, _load: impl FnMut() -> Result<Config>) -> Result<()> {
    bail!("nothing runs flows yet: {config:?}")
}
