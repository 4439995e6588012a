//! What can be wrong with a URL.

use thiserror::Error;

/// A URL that means nothing, or nothing that can work.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?}: {problem}")]
pub struct UrlError {
    /// The URL as written.
    pub text: String,
    /// What is wrong with it.
    pub problem: UrlProblem,
}

/// What is wrong with a URL, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UrlProblem {
    /// There is nothing.
    #[error("an address is missing; write {0}")]
    Empty(&'static str),
    /// The scheme is one that a later version will know.
    #[error("not supported yet: {scheme}; there are {known}")]
    NotYet {
        /// Scheme as written.
        scheme: String,
        /// Schemes that can stand here.
        known: &'static str,
    },
    /// The scheme is none.
    #[error("unknown scheme {scheme}; there are {known}")]
    UnknownScheme {
        /// Scheme as written.
        scheme: String,
        /// Schemes that can stand here.
        known: &'static str,
    },
    /// The two slashes after the scheme are missing.
    #[error("two slashes are missing; write {0}")]
    MissingSlashes(String),
    /// There is no port.
    #[error("a port is missing; write {0}")]
    MissingPort(String),
    /// The port is no number, or none that can be used.
    #[error("port {0:?} is not a number from 1 to 65535")]
    Port(String),
    /// This is not an IP address.
    #[error("{0:?} is not an IP address; write it as 239.1.1.7 or [ff3e::7] (names are not looked up)")]
    Address(String),
    /// An IPv6 address stands without brackets.
    #[error("an IPv6 address needs brackets; write [{0}]:PORT")]
    MissingBrackets(String),
    /// A zone (`%eth0`) is part of the address.
    #[error("zone {0:?} is not part of an address; write ?iface=NAME")]
    Zone(String),
    /// An option that this kind of URL does not have.
    #[error("unknown option {option:?}{}; there are {known}", meant(.nearest))]
    UnknownOption {
        /// Option as written.
        option: String,
        /// The option that is spelled most like it, if any is.
        nearest: Option<&'static str>,
        /// All options of this kind of URL.
        known: String,
    },
    /// An option is given twice.
    #[error("option {0} is given more than once")]
    RepeatedOption(&'static str),
    /// An option's value is not what it takes.
    #[error("{option}={value} is wrong; {option} is {right}")]
    OptionValue {
        /// Name of the option.
        option: &'static str,
        /// Value as written.
        value: String,
        /// What it takes.
        right: &'static str,
    },
    /// A `%` code gives bytes that are no text.
    #[error("{0:?} is not UTF-8 when decoded")]
    NotText(String),
    /// The source of a source-specific group cannot send.
    #[error("source {0} is not the address of a sender; write the unicast address that the group is sent from")]
    SourceNotUnicast(String),
    /// Source and group, or local and remote address, are of different families.
    #[error("{0} and {1} are of different families; write both as IPv4 or both as IPv6")]
    Families(String, String),
    /// A source is given for an address that is no group.
    #[error("source {0} cannot be chosen for {1}, which is not a multicast group; leave out {0}@")]
    SourceOfUnicast(String, String),
    /// An output has a source in front of its address.
    #[error("an output has no {0}@; to send from an address of this host, write ?src={0}")]
    SourceOfOutput(String),
    /// Nothing can be sent to this address, or received at it.
    #[error("{0} is {1}; write a multicast group or a unicast address")]
    NotUsable(String, &'static str),
    /// A link-local address means something on one link only.
    #[error("{0} is a link-local address; name the link with ?iface=NAME")]
    MissingInterface(String),
    /// A file URL names a host.
    #[error("a file is on this host; write file:PATH or file:///PATH")]
    FileHost,
    /// A file URL has no path.
    #[error("a path is missing; write file:PATH")]
    MissingPath,
    /// There is no such test pattern.
    #[error("unknown pattern {0:?}; there are clock, bars")]
    Pattern(String),
}

fn meant(nearest: &Option<&'static str>) -> String {
    nearest.map(|name| format!(", did you mean {name:?}?")).unwrap_or_default()
}
