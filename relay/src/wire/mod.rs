//! Views over bytes of the wire: nothing here copies, allocates or keeps state.

pub mod pes;
pub mod rtp;
pub mod ts;
