//! Never off air: instances of one flow that agree on who sends.
//!
//! Every instance receives the same input and makes the same datagrams; one is on air. The others listen to the output
//! group: each datagram that they hear there, they drop from their own queue. So a standby's queue holds exactly what was not
//! on air yet, and when its oldest datagram has waited too long, the standby sends the queue: it goes on with
//! the very next datagram. No heartbeat has to be missed, and an instance without input never wants the air, because it
//! has nothing that waits.
//!
//! - [`fingerprint`]: tells datagrams apart by their content.
//! - [`air_sequence`]: RTP numbers go on where the predecessor stopped.
//! - [`alignment`]: what was on air, matched with what is made here.
//! - [`comparison`]: the two compared, so that another version can be judged before it is on air.
//! - [`machine`]: who is on air, and why; pure, `now` is an argument.
//! - [`message`]: what instances say to each other beside the stream, on the wire; [`key_file`]: the secret that they share.
//! - [`leg_numbers`]: all on air at once, each on its own leg: RTP numbers that are the same on all.
//! - [`recut`]: where the air cuts the stream into datagrams.
//! - [`status`]: how an instance sees the pair, for people.

pub mod air_sequence;
pub mod alignment;
pub mod comparison;
pub mod fingerprint;
pub(crate) mod floor;
pub mod key_file;
pub mod leg_numbers;
pub mod machine;
pub mod message;
mod peers;
pub mod recut;
#[cfg(test)]
mod simulation;
mod skew;
pub mod status;
