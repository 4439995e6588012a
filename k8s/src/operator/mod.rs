//! Keeps flows on air: watches [`Flow`](crate::crd::Flow)s and makes the cluster so that each has its instances.
//!
//! The operator is never in the way of a packet. Who is on air the instances settle among themselves, in milliseconds, whether there is an
//! operator, a control plane, or neither; the operator only sees to it that there are instances, and tells how they stand.
//!
//! What is to be done is decided by pure functions of what was seen: [`resolve`] (what a flow means), [`desired`] (what there is to be
//! for it), [`transition`] (how to get there), [`conditions`] (what to tell). Around them is a thin shell that watches and writes.

mod apply;
pub mod ask;
pub mod conditions;
pub mod config;
pub mod desired;
pub mod heard;
pub mod key;
pub mod ledger;
pub mod measured;
pub mod news;
pub mod pods;
pub mod ports;
pub mod report;
pub mod resolve;
pub mod standing;
pub mod transition;
