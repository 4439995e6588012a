//! How good a pair is: what a viewer sees when the instance on air dies, freezes, is cut off or hands over.

pub(crate) mod account;
pub(crate) mod channel;
mod cost;
mod decode;
mod event;
mod lab;
mod other;
mod pair;
mod plot;
mod run;
pub(crate) mod spread;
mod table;
pub(crate) mod tape;

pub use account::Account;
pub use cost::{CostPlan, costs};
pub use decode::{Decoded, decode};
pub use event::Event;
pub use other::OtherRelay;
pub use run::{Outcome, Plan, flowclient, restarted};
pub use table::{cost_table, events_table, picture, short_table};
