//! Which network interface, as written.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The longest name of a Linux interface, in bytes (IFNAMSIZ less its final zero).
const LONGEST_NAME: usize = 15;

/// A network interface, by its name or by one of its addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Interface {
    /// Its name, as in `ip link`.
    Name(String),
    /// An address that it has.
    Address(IpAddr),
}

impl Interface {
    /// Whether an interface can be called that: 1 to 15 bytes, no slash, no space.
    pub(super) fn is_possible(&self) -> bool {
        match self {
            Self::Name(name) => {
                let wrong = |character: char| character == '/' || character.is_whitespace() || character.is_control();
                (1..=LONGEST_NAME).contains(&name.len()) && !name.contains(wrong)
            }
            Self::Address(address) => !address.is_unspecified() && !address.is_multicast(),
        }
    }

    /// Whether these are known to be two: both named the same way, and differently.
    pub(super) fn differs(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self != other
    }
}

impl FromStr for Interface {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.parse().map_or_else(|_| Self::Name(text.to_owned()), Self::Address))
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}
