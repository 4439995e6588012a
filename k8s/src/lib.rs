//! What brings flowclient to a cluster.
//!
//! [`image`] makes the container image and keeps it in an OCI layout on disk; [`registry`] puts it where nodes pull from,
//! signed, and takes old versions away. The program `flowctl` is the command line over both.

pub mod image;
pub mod registry;
