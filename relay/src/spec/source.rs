//! Where a flow comes from.

use std::fmt;
use std::str::FromStr;

use super::url::split_scheme;
use super::{FileInput, Input, TestInput, UrlError};

/// Where a flow comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The network.
    Network(Input),
    /// A file.
    File(FileInput),
    /// A channel made here.
    Test(TestInput),
}

impl FromStr for Source {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        match split_scheme(text).0.as_deref() {
            Some("file") => text.parse().map(Self::File),
            Some("test") => text.parse().map(Self::Test),
            _ => text.parse().map(Self::Network),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(input) => input.fmt(f),
            Self::File(file) => file.fmt(f),
            Self::Test(test) => test.fmt(f),
        }
    }
}
