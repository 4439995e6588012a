//! Which source an image is made of.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use cargo_metadata::{Metadata, MetadataCommand};
use thiserror::Error;

use super::component::Component;
use super::git;

/// Changed files that an error names; there may be thousands.
const NAMED_MAX: usize = 5;

/// A checkout of the workspace.
#[derive(Clone, Debug)]
pub struct Source {
    /// What the image is to run.
    pub component: Component,
    /// The folder of the workspace's Cargo.toml.
    pub root: PathBuf,
    /// Where cargo builds.
    pub target: PathBuf,
    /// The program's version in Cargo.toml.
    pub release: semver::Version,
    /// What Cargo.toml says the program does.
    pub description: String,
    /// The program's licence, an SPDX expression.
    pub licence: String,
    /// The commit checked out, 40 hexadecimal digits.
    pub commit: String,
    /// When it was committed, seconds since 1970.
    pub committed: u64,
    /// Files that differ from the commit, as `git status --porcelain` has them.
    pub changed: Vec<String>,
}

/// Why no image can be made from a folder.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum SourceError {
    #[error("{command}: cannot be started: {error}; install git")]
    NoGit { command: String, error: std::io::Error },
    #[error(
        "{}: {command} failed: {said}; an image is made from a git checkout, whose commit becomes the version",
        folder.display()
    )]
    Git { folder: PathBuf, command: String, said: String },
    #[error("{}: no Cargo workspace: {said}; run this in flowclient's checkout, or say --source FOLDER", folder.display())]
    NoWorkspace { folder: PathBuf, said: String },
    #[error("{}: the workspace has no crate {package}; run this in flowclient's checkout", folder.display())]
    NoProgram { folder: PathBuf, package: &'static str },
    #[error("{}: git tells no time of the commit: {said:?}", folder.display())]
    NoTime { folder: PathBuf, said: String },
    #[error(
        "{}: changes that are in no commit: {}; commit them, or build with --force a version that is marked as dirty",
        root.display(), name_some(changed)
    )]
    Dirty { root: PathBuf, changed: Vec<String> },
}

fn name_some(changed: &[String]) -> String {
    let named: Vec<_> = changed.iter().take(NAMED_MAX).map(|line| line.trim()).collect();
    let more = changed.len().saturating_sub(NAMED_MAX);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", named.join(", "))
}

impl Source {
    /// Looks at the checkout that `folder` is in, to make the image of `component`.
    ///
    /// # Errors
    /// A folder that is in no git checkout, or in none of flowclient.
    pub fn look(folder: &Path, component: Component) -> Result<Self, SourceError> {
        let metadata = workspace(folder)?;
        let root = metadata.workspace_root.into_std_path_buf();
        let package = component.package();
        let program = metadata.packages.iter().find(|known| known.name.as_str() == package);
        let program = program.ok_or_else(|| SourceError::NoProgram { folder: root.clone(), package })?;
        let status = git::ask(&root, &["status", "--porcelain"])?;
        Ok(Self {
            component,
            release: program.version.clone(),
            description: program.description.clone().unwrap_or_default(),
            licence: program.license.clone().unwrap_or_default(),
            commit: git::ask(&root, &["rev-parse", "HEAD"])?,
            committed: commit_time(&root)?,
            changed: status.lines().map(str::to_owned).collect(),
            target: metadata.target_directory.into_std_path_buf(),
            root,
        })
    }

    /// Refuses changes that are in no commit.
    ///
    /// # Errors
    /// When there are any.
    pub fn must_be_clean(&self) -> Result<(), SourceError> {
        if self.changed.is_empty() {
            return Ok(());
        }
        Err(SourceError::Dirty { root: self.root.clone(), changed: self.changed.clone() })
    }

    /// When it was committed, as RFC 3339 writes it, in UTC.
    pub fn committed_text(&self) -> String {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.committed);
        humantime::format_rfc3339_seconds(time).to_string()
    }
}

/// What cargo knows of the workspace that `folder` is in, without its dependencies.
fn workspace(folder: &Path) -> Result<Metadata, SourceError> {
    let outcome = MetadataCommand::new().current_dir(folder).no_deps().exec();
    outcome.map_err(|error| SourceError::NoWorkspace { folder: folder.to_owned(), said: error.to_string() })
}

fn commit_time(root: &Path) -> Result<u64, SourceError> {
    let said = git::ask(root, &["show", "--no-patch", "--format=%ct", "HEAD"])?;
    said.parse().map_err(|_| SourceError::NoTime { folder: root.to_owned(), said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_some_of_the_changed_files_and_counts_the_rest() {
        let changed = (1..=7).map(|at| format!(" M file{at}.rs")).collect();
        let text = SourceError::Dirty { root: PathBuf::from("here"), changed }.to_string();
        assert!(text.starts_with("here: changes that are in no commit: M file1.rs, "), "{text}");
        assert!(text.contains("M file5.rs and 2 more; commit them"), "{text}");
    }
}
