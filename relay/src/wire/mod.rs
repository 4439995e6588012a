//! Views of bytes of the wire, without copies or allocations; in [`section`], how sections come out of packets; in
//! [`si`] and [`scte35`], what they say; and in [`psi`], the sections that are built here.

pub mod ids;
pub mod pes;
pub mod psi;
mod read;
pub mod rtp;
pub mod scte35;
pub mod section;
pub mod si;
pub mod ts;

pub use read::CutShort;
