//! Memory of the data path: one allocation, cut into slots.

mod pool;

pub(crate) use pool::FRAME_LEN;
pub use pool::{Pool, SlotId, Span};
