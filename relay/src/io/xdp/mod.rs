//! AF_XDP: datagrams are taken before the kernel's network stack, into memory shared with it.
//!
//! A short program sits before an interface (`program`). It sends the datagrams of the flows to sockets of ours, one a queue
//! (`port`), and leaves everything else to the kernel. The kernel, or the driver itself where it can, writes each frame to
//! memory of the thread's pool; from there on it is a slot like any other, and is sent from where it lies.
//!
//! The group is joined through an ordinary socket, as IGMP is the kernel's matter. That socket stays open: it gets whatever
//! the program leaves, be it a fragment, a tagged frame or all of the group when AF_XDP has to be given up.

mod assembler;
mod checksum;
mod header;
mod lane;
mod listeners;
mod packet;
mod port;
mod program;
mod refusal;
mod sorter;

use std::io;

use rustix::thread::{CapabilitySet, capabilities};

use crate::sys::{bpf, xsk};

pub(crate) use header::{Address, Headers, group_mac};
pub(crate) use lane::Lane;
pub(crate) use listeners::{LIST, listeners};
pub(crate) use port::{Port, TAKES_TO_EMPTY, Taken};
pub use refusal::Refusal;

pub(crate) use crate::sys::bpf::AttachMode;

/// Finds out whether this process may use AF_XDP at all.
///
/// # Errors
/// [`Refusal`] says what is missing.
pub fn probe() -> Result<(), Refusal> {
    let step = refusal::Step { interface: "any interface", locked_bytes: 0 };
    let probed: io::Result<()> = xsk::probe().and_then(|()| bpf::create_map(bpf::MapKind::Hash, 8, 8, 1).map(drop));
    probed.map_err(step.to("open an AF_XDP socket and a map"))
}

/// Capabilities that AF_XDP takes, by their names.
pub const CAPABILITIES: [(CapabilitySet, &str); 3] = [
    (CapabilitySet::NET_RAW, "CAP_NET_RAW"),
    (CapabilitySet::NET_ADMIN, "CAP_NET_ADMIN"),
    (CapabilitySet::BPF, "CAP_BPF"),
];

/// Names of those that this process does not have. Who has CAP_SYS_ADMIN has CAP_BPF too.
pub fn lacking_capabilities() -> Vec<&'static str> {
    let mut effective = effective_capabilities();
    effective.set(CapabilitySet::BPF, effective.intersects(CapabilitySet::BPF | CapabilitySet::SYS_ADMIN));
    CAPABILITIES.iter().filter(|(bit, _)| !effective.contains(*bit)).map(|&(_, name)| name).collect()
}

/// Whether somebody wants this process to use AF_XDP where it is of use: CAP_BPF was given to it by its name, and not as a
/// part of all that the superuser may. What comes by AF_XDP passes no packet filter of the host, nor can it be seen there
/// with tcpdump: that is not for us to decide.
pub fn is_wanted() -> bool {
    let effective = effective_capabilities();
    effective.contains(CapabilitySet::BPF) && !effective.contains(CapabilitySet::SYS_ADMIN)
}

fn effective_capabilities() -> CapabilitySet {
    capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective)
}
