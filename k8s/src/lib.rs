//! What brings flowclient to a cluster.
//!
//! [`image`] makes the container image and keeps it in an OCI layout on disk; [`registry`] puts it where nodes pull from,
//! signed, and takes old versions away. The program `flowctl` is the command line over both.
//!
//! [`crd`] has the objects by which a person tells the cluster what to keep on air; [`operator`] is what keeps it, in the program
//! `flow-operator`.

pub mod crd;
#[cfg(test)]
mod golden;
pub mod image;
pub mod operator;
pub mod registry;
