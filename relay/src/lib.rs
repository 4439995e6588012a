//! The data path of flowclient.

pub mod drive;
pub mod event;
pub mod flow;
pub mod io;
pub mod mem;
pub mod spec;
pub mod stage;
pub mod stats;
mod sys;
pub mod time;
pub mod wire;
