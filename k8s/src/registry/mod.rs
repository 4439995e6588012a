//! Images in a registry: put there, looked at, signed, taken away (OCI distribution specification 1.1).
//!
//! [`client`] speaks to the registry over TLS with a login ([`login`]); what goes wrong becomes an [`error`] that says what
//! would be right. [`signature`] is what is signed and how, [`signing`] where signatures are kept; [`prune`] decides which
//! versions go.

pub mod client;
mod delete;
pub mod error;
pub mod login;
pub mod prune;
pub mod signature;
pub mod signing;
pub mod trust;

pub use client::Registry;
pub use error::RegistryError;
