//! Views over bytes of the wire: nothing here copies, allocates or keeps state.

pub mod rtp;
pub mod ts;
