//! Views over bytes of the wire, without copies, allocations or state; and, in [`psi`], the sections that are built here.

pub mod pes;
pub mod psi;
pub mod rtp;
pub mod ts;
