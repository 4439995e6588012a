//! Why an input does not come by AF_XDP.

use std::io;

use thiserror::Error;

/// Why an input goes through sockets instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It was not asked for.
    #[error("so configured")]
    Configured,
    /// Nobody has said that it may go past the packet filter.
    #[error("AF_XDP goes past this host's packet filter: ask for it with --engine xdp, or give CAP_BPF by its name")]
    NotAskedFor,
    /// Only groups of IPv4 are sorted.
    #[error("AF_XDP is for groups of IPv4")]
    Address,
    /// The routes do not tell the interface.
    #[error("which interface the group comes in at is not known: name it with ?iface=NAME")]
    Interface,
    /// The process may not.
    #[error("AF_XDP takes the capabilities CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF: {0}")]
    NotPermitted(String),
    /// The kernel has no AF_XDP, or is older than 5.9.
    #[error("this kernel knows no AF_XDP")]
    Absent,
    /// Memory shared with a driver stays where it is, which is limited.
    #[error("AF_XDP locks {0} MiB of memory: allow it with CAP_IPC_LOCK or ulimit -l")]
    Memory(usize),
    /// The interface has one place for a program, and one socket a queue.
    #[error("another process has the interface {0} for AF_XDP")]
    Taken(String),
    /// The driver knows no native mode.
    #[error("the driver of {0} knows no native XDP; --engine xdp takes the generic one")]
    Driver(String),
    /// Others would hear nothing any more.
    #[error("other programs on this host receive the group too")]
    Shared,
    /// What leaves by AF_XDP does not come back to this host.
    #[error("receivers on this host may listen; if none does, write loop=false")]
    Loop,
    /// Single sends cost more than one that the kernel cuts, as long as each is copied.
    #[error("datagrams leave as they arrive, and the kernel sends bursts cheaper than it copies single ones")]
    Bursts,
    /// A longer datagram is cut into fragments, which is the kernel's matter.
    #[error("the datagrams are longer than the interface takes in one piece")]
    Long,
    /// Some datagrams only the kernel puts together.
    #[error("some of its datagrams come in fragments, or are longer than a frame of AF_XDP")]
    Fragments,
    /// Another thread serves the interface.
    #[error("the interface belongs to another thread")]
    Thread,
    /// What else the kernel says.
    #[error("AF_XDP on {interface}: cannot {step}: {error}")]
    Kernel {
        /// The interface.
        interface: String,
        /// What was tried.
        step: &'static str,
        /// The kernel's reason.
        error: String,
    },
}

/// A step on an interface, for the errors of its calls.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) interface: &'a str,
    pub(super) locked_bytes: usize,
}

impl Step<'_> {
    /// A closure that makes a refusal of an error.
    pub(super) fn to(self, step: &'static str) -> impl FnOnce(io::Error) -> Refusal {
        move |error| match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => Refusal::NotPermitted(format!("the kernel refused to {step}")),
            Some(libc::ENOBUFS | libc::ENOMEM) => Refusal::Memory(self.locked_bytes >> 20),
            Some(libc::EBUSY | libc::EEXIST) => Refusal::Taken(self.interface.to_owned()),
            Some(libc::EAFNOSUPPORT | libc::ENOSYS) => Refusal::Absent,
            Some(libc::EOPNOTSUPP) => Refusal::Driver(self.interface.to_owned()),
            _ => Refusal::Kernel { interface: self.interface.to_owned(), step, error: error.to_string() },
        }
    }
}
