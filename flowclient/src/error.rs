//! What is wrong with a configuration.

use std::fmt;

/// A configuration that cannot run, with all that is wrong with it; the process ends with exit code 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigError(Vec<String>);

impl ConfigError {
    /// One thing is wrong.
    pub(crate) fn new(problem: impl fmt::Display) -> Self {
        Self(vec![problem.to_string()])
    }

    /// An error if there are problems.
    pub(crate) fn unless_empty(problems: Vec<String>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// What is wrong, one by one.
    pub(crate) fn problems(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for ConfigError {}
