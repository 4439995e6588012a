//! How good a flow is in a cluster: what a viewer sees while nodes are drained, lose their power, their cable or their kubelet,
//! and while the cluster has no control plane or no operator.

mod fault;
mod first;
mod run;
mod station;
mod table;

pub use fault::Fault;
pub use run::{Outcome, suffer};
pub use station::Station;
pub use table::table;
