//! How good a pair is: what a viewer sees when the instance on air dies, freezes, is cut off or hands over.

mod account;
mod channel;
mod event;
mod lab;
mod pair;
mod run;
mod tape;

pub use account::Account;
pub use event::Event;
pub use run::{Outcome, Plan, flowclient};
