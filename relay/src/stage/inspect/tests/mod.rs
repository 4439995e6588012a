//! The inspector, shown streams made by hand.

mod clean;
mod packet;
mod program;
mod stream;
