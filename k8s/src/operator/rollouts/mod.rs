//! Works off [`Rollout`](crate::crd::Rollout)s: one version for many flows, some at a time.
//!
//! A rollout does no more than to write `spec.version` of flows, one after the other; that each proves itself or goes back is the flow's
//! own affair ([`change`](super::change)). What a flow had before is in the rollout's status before the flow is told anything, so that an
//! operator which is killed loses nothing.

mod plan;
mod tend;

#[cfg(test)]
mod tests;

pub use plan::{Image, Plan, Seen, Told, plan};
pub use tend::{RolloutTender, tend_rollouts};
