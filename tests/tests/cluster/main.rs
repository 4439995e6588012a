//! The cluster tier: a real Kubernetes cluster in namespaces. Needs root.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a lab that cannot be built is a failed test")]

mod chart;
mod faults;
mod flows;
mod lab;
mod multicast;
mod on_air;
mod pods;
mod rollout;
mod scale;
mod signatures;
mod view;
mod workload;

use std::sync::MutexGuard;

use tests::cluster::{Cluster, shared};

/// The lab, with all as it should be, for one test at a time.
fn cluster() -> MutexGuard<'static, Cluster> {
    shared(env!("CARGO_BIN_EXE_lab"))
}
