//! The cluster tier: a real Kubernetes cluster in namespaces. Needs root.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a lab that cannot be built is a failed test")]

mod chart;
mod faults;
mod flows;
mod lab;
mod multicast;
mod on_air;
mod pods;
mod pulls;
mod rollout;
mod scale;
mod signatures;
mod view;
mod workload;

use std::sync::MutexGuard;

use tests::cluster::{Guarded, own, shared};

const LAB: &str = env!("CARGO_BIN_EXE_lab");

/// The lab, with all as it should be, for one test at a time.
fn cluster() -> MutexGuard<'static, Guarded> {
    shared(LAB)
}

/// Another one, for one test alone.
fn own_cluster(purpose: &str) -> Guarded {
    own(LAB, purpose)
}
