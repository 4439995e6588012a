//! Captures: transport streams that were recorded, with the time of each packet.
//!
//! [`open()`] tells the kind by the content: transport packets 188, 192 (m2ts) or 204 bytes apart, or network traffic
//! saved as pcap or pcapng. [`Capture::read`] then hands out [`Item`]s, a few megabytes at a time: runs of packets in
//! step, and what went wrong between them. Whatever the bytes, reading ends with what could be read, counted, or with a
//! [`CaptureError`].
//!
//! **Times** count from the start of the capture. Network traffic has the stamps that it was captured with, m2ts its
//! arrival stamps; in the other files a packet's time is its place between two PCRs of the first PID that has any, and
//! over a jump of the PCR time goes on at the rate before it.
//!
//! **Network traffic** may hold many flows; one is read, by its destination: the one asked for, or the one with the most
//! transport packets in the first 4 MiB. Like a receiver that joins the group, it hears all who send there. Link types:
//! Ethernet with VLAN tags, Linux cooked captures 1 and 2, raw IP, BSD loopback. Fragmented datagrams are left out and
//! counted. RTP is told by its content; datagrams come in the order they were captured, with duplicates.
//!
//! [`mod@write`] saves what was received in the same formats.

mod align;
mod arrival_times;
mod counters;
mod error;
mod flows;
mod frame;
mod held;
mod inspection;
mod item;
mod kind;
mod layout;
mod link;
mod network;
mod open;
mod payload;
mod pcap;
mod pcapng;
mod pcr_times;
mod stream;
mod sync;
#[cfg(test)]
mod tests;
mod window;
pub mod write;

pub use counters::Counters;
pub use error::{CaptureError, Defect};
pub use flows::FlowSeen;
pub use inspection::Inspection;
pub use item::{Datagram, Item, Run};
pub use kind::Kind;
pub use open::{Capture, open};
