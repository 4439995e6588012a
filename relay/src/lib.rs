//! The data path of flowclient.

pub mod io;
pub mod time;
pub mod wire;
