//! Memory of the data path: one allocation, cut into slots.

mod pool;

pub use pool::{Pool, SlotId, Span};
