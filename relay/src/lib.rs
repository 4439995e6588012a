//! The data path of flowclient.

pub mod event;
pub mod io;
pub mod stats;
pub mod time;
pub mod wire;
