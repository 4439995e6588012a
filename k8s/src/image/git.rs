//! Questions to git.

use std::path::Path;
use std::process::Command;

use super::source::SourceError;

/// What `git arguments` prints in `folder`, without white space around it.
pub(super) fn ask(folder: &Path, arguments: &[&str]) -> Result<String, SourceError> {
    let command = || format!("git {}", arguments.join(" "));
    let mut git = Command::new("git");
    let output = git.arg("-C").arg(folder).args(arguments).output();
    let output = output.map_err(|error| SourceError::NoGit { command: command(), error })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(SourceError::Git { folder: folder.to_owned(), command: command(), said });
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}
