//! The programs that images are made of.

use std::fmt;

/// A program that has an image of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Component {
    /// `flowclient`, which relays.
    #[default]
    Client,
    /// `flow-operator`, which looks after flows in a cluster.
    Operator,
}

impl Component {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Client, Self::Operator];

    /// Name of the program, and of its image's repository.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Client => "flowclient",
            Self::Operator => "flow-operator",
        }
    }

    /// The crate that builds it.
    pub(crate) const fn package(self) -> &'static str {
        match self {
            Self::Client => "flowclient",
            Self::Operator => "k8s",
        }
    }

    /// Where the program is in its image, from the root without a slash in front.
    pub fn path(self) -> String {
        format!("usr/bin/{self}")
    }

    /// Where a file about it is in its image, from the root without a slash in front.
    pub(crate) fn document(self, name: &str) -> String {
        format!("usr/share/doc/{self}/{name}")
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program())
    }
}
