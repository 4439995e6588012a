//! UDP sockets: batches in, batches out.

mod filter;
mod plan;
mod probe;
mod rx;
mod tx;

pub use probe::{Support, grantable_receive_buffer, support};
pub use rx::{Batch, Rx};
pub use tx::{Sent, Turn, Tx};

pub use crate::sys::Received;

use std::borrow::Cow;
use std::io;

use rustix::process::{Resource, getrlimit};
use thiserror::Error;

use super::interface::{self, InterfaceError};
use crate::spec::Interface;

/// Why a socket could not be opened.
#[derive(Debug, Error)]
pub enum UdpError {
    /// The interface named is not there, or not to be seen.
    #[error("{url}: {error}{hint}")]
    Interface {
        /// The address as written.
        url: String,
        /// What is wrong.
        error: InterfaceError,
        /// What would help, or nothing.
        hint: Cow<'static, str>,
    },
    /// The kernel refused a step.
    #[error("{url}: cannot {step}: {error}{hint}")]
    Refused {
        /// The address as written.
        url: String,
        /// What was tried.
        step: &'static str,
        /// The kernel's reason.
        error: io::Error,
        /// What would help, or nothing.
        hint: Cow<'static, str>,
    },
}

impl UdpError {
    /// A step of opening `url` that failed.
    pub(crate) fn of(url: &dyn ToString, step: &'static str, error: io::Error) -> Self {
        Self::step(url, step)(error)
    }

    /// The index of an interface that `url` names.
    fn index_of(url: &dyn ToString, interface: &Interface) -> Result<u32, Self> {
        interface::index_of(interface).map_err(|error| {
            let hint = match error {
                InterfaceError::Missing { .. } => "".into(),
                InterfaceError::Untold { reason, .. } => hint(&reason.into()),
            };
            Self::Interface { url: url.to_string(), error, hint }
        })
    }

    /// A closure that names the step which an I/O error belongs to.
    fn step(url: &dyn ToString, step: &'static str) -> impl FnOnce(io::Error) -> Self {
        let url = url.to_string();
        move |error| Self::Refused { url, step, hint: hint(&error), error }
    }
}

fn hint(error: &io::Error) -> Cow<'static, str> {
    let words = match error.raw_os_error() {
        Some(libc::ENETUNREACH | libc::ENODEV | libc::EHOSTUNREACH) => {
            "; no route leads there: name the interface with ?iface=NAME"
        }
        Some(libc::EADDRNOTAVAIL) => "; the address is not one of this host's",
        Some(libc::EADDRINUSE) => "; another program has the port for itself",
        Some(libc::EMFILE) => return open_files_hint().into(),
        Some(libc::ENOBUFS) => "; raise the limit: sysctl -w net.ipv4.igmp_max_memberships=1024",
        Some(libc::EACCES | libc::EPERM) => {
            "; the address may not be sent to (a broadcast address, or a firewall's no)"
        }
        _ => "",
    };
    words.into()
}

fn open_files_hint() -> String {
    let limit = getrlimit(Resource::Nofile).current.map_or_else(String::new, |limit| format!(" of {limit}"));
    format!(
        "; this process has reached its limit{limit} open files: raise it with ulimit -n, or LimitNOFILE= of the service"
    )
}
