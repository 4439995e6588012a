//! The labs that the end-to-end tests happen in: network namespaces, senders, receivers and a running flowclient.
//!
//! Whatever a lab starts, it stops when its guard is dropped. A lab that cannot be built panics: that is a failed test.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a lab that cannot be built is a failed test")]

pub mod browser;
pub mod cluster;
pub mod config;
pub mod continuity;
pub mod lab;
pub mod media;
pub mod merger;
pub mod on_air;
pub mod order;
pub mod shapes;
pub mod soak;
pub mod standby;
pub mod watching;
