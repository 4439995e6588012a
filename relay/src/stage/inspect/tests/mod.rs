//! The inspector, shown streams made by hand.

mod clean;
mod continuity;
mod packet;
mod pids;
mod program;
mod psi;
mod stream;
mod sync;
