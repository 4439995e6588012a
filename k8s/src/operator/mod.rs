//! Keeps flows on air: watches [`Flow`](crate::crd::Flow)s and makes the cluster so that each has its instances.
//!
//! The operator is never in the way of a packet. Who is on air the instances settle among themselves, in milliseconds, whether there is an
//! operator, a control plane, or neither; the operator only sees to it that there are instances, and tells how they stand.
//!
//! What is to be done is decided by pure functions of what was seen: [`resolve`] (what a flow means), [`desired`] (what there is to be
//! for it), [`change`] and [`transition`] (how to get there), [`conditions`] (what to tell), all in [`decide`]. Around them is a thin shell: [`world`] and [`listen`]
//! watch, [`tend`] carries out, [`run`] holds it together.

mod apply;
pub mod ask;
pub mod change;
pub mod conditions;
pub mod config;
mod course;
pub mod decide;
pub mod desired;
pub mod heard;
pub mod key;
pub mod lease;
pub mod ledger;
pub mod listen;
pub mod measured;
pub mod metrics;
pub mod news;
pub mod pods;
pub mod ports;
pub mod report;
pub mod resolve;
pub mod rollouts;
pub mod run;
pub mod serve;
pub mod standing;
pub mod tend;
pub mod transition;
pub mod trust;
pub mod verdict;
pub mod world;
pub mod writer;
