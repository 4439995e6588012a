//! What brings flowclient to a cluster.
//!
//! [`crd`] has the objects by which a person tells the cluster what to keep on air; [`operator`] is what keeps it.

pub mod crd;
pub mod operator;
