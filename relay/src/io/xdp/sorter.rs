//! The sorting program on one interface, with its maps.

use std::io;
use std::net::SocketAddrV4;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use super::program;
use super::refusal::{Refusal, Step};
use crate::sys::bpf::{self, AttachMode, MapKind};

/// Flows that one interface can have.
const FLOWS: u32 = 4_096;
/// Queues that one interface can have.
const QUEUES: u32 = 64;

/// A destination, as the program compares it: address and port as they are on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key([u8; 8]);

impl Key {
    fn new(destination: SocketAddrV4) -> Self {
        let ([a, b, c, d], [high, low]) = (destination.ip().octets(), destination.port().to_be_bytes());
        Self([a, b, c, d, high, low, 0, 0])
    }
}

/// What the program counts of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Datagrams taken, whether they arrived here or not.
    pub(crate) taken: u64,
    /// Whether the flow is left to the kernel: a fragment of it came, or a frame too long.
    pub(crate) is_left: bool,
}

/// Sorts what comes in at an interface, as long as it lives.
pub(crate) struct Sorter {
    mode: AttachMode,
    flows: OwnedFd,
    sockets: OwnedFd,
    _link: OwnedFd,
}

impl Sorter {
    /// Loads the program and puts it before the interface; so far it takes nothing.
    ///
    /// # Errors
    /// [`Refusal`] says which step failed and what would help.
    pub(super) fn attach(
        interface_index: u32,
        mode: AttachMode,
        frame_len_max: usize,
        step: Step,
    ) -> Result<Self, Refusal> {
        let flows = bpf::create_map(MapKind::Hash, size_of::<Key>() as u32, program::ENTRY_LEN, FLOWS)
            .map_err(step.to("make a map"))?;
        let sockets = bpf::create_map(MapKind::Sockets, 4, 4, QUEUES).map_err(step.to("make a map of sockets"))?;
        let code = program::sorter(flows.as_raw_fd(), sockets.as_raw_fd(), frame_len_max as i32);
        let program = bpf::load_xdp(&code).map_err(step.to("load a program"))?;
        let link = bpf::attach_xdp(program.as_fd(), interface_index, mode).map_err(step.to("attach a program"))?;
        Ok(Self { mode, flows, sockets, _link: link })
    }

    pub(super) const fn mode(&self) -> AttachMode {
        self.mode
    }

    /// Has a queue's datagrams go to a socket.
    pub(super) fn connect(&self, queue: u32, socket: BorrowedFd) -> io::Result<()> {
        bpf::set_entry(self.sockets.as_fd(), &queue, &socket.as_raw_fd())
    }

    /// Takes datagrams to this destination from now on.
    ///
    /// # Errors
    /// When there is no room for one more.
    pub(crate) fn take(&self, destination: SocketAddrV4) -> io::Result<()> {
        bpf::set_entry(self.flows.as_fd(), &Key::new(destination), &[0_u64; 2])
    }

    /// Leaves them to the kernel again.
    pub(crate) fn leave(&self, destination: SocketAddrV4) {
        // It fails only if they were left already.
        let _ = bpf::remove_entry(self.flows.as_fd(), &Key::new(destination));
    }

    /// What became of the flow's datagrams.
    pub(crate) fn tally(&self, destination: SocketAddrV4) -> Option<Tally> {
        let [taken, left] = bpf::entry(self.flows.as_fd(), &Key::new(destination)).ok()?;
        Some(Tally { taken, is_left: left != 0 })
    }
}
