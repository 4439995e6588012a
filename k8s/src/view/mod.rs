//! How the flows of a cluster stand, for a person: what `flowctl status`, `top`, `logs` and `inspect` show.
//!
//! [`reach`] fetches: objects from the API server, and what each instance says of itself through it. All else is pure: [`answer`] and
//! [`samples`] read what instances say, [`board`] puts it together with what the operator told, [`load`] makes rates of two looks,
//! [`merge`] puts logs in order; [`status_text`], [`load_text`] and [`log_line`] write it down for people.

pub mod answer;
pub mod board;
pub mod human;
pub mod instance;
pub mod load;
pub mod load_text;
pub mod log_line;
pub mod merge;
pub mod reach;
pub mod samples;
pub mod state;
pub mod status_text;
pub mod table;

#[cfg(test)]
mod tests;
