//! The system calls that no safe library offers: `recvmmsg`, `sendmmsg`, the socket options of multicast and
//! offload, `bpf`, and memory shared with the kernel. All unsafe code of the project is in this module, behind functions that
//! are safe to call.
#![allow(unsafe_code)]

pub(crate) mod bpf;
mod clock;
mod control;
mod option;
mod recv;
mod region;
mod ring;
mod send;
pub(crate) mod xsk;

pub(crate) use clock::discipline;
pub(crate) use option::{
    Membership, drops, enable_receive_offload, enable_segmentation, force_receive_buffer, join, keep_departures,
    path_mtu, queue_bytes, report_drops, send_multicast_through, stamp_arrivals,
};
pub use recv::Received;
pub(crate) use recv::{MAX_BATCH, Receiver, Sources};
pub(crate) use region::{Region, SharedPart};
pub(crate) use send::{Message, Piece, Sender};
