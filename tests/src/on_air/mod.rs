//! How good a flow is in a cluster: what a viewer sees while nodes are drained, lose their power, their cable or their kubelet,
//! while the cluster has no control plane or no operator, and while many flows get another version.

mod bump;
mod fault;
mod first;
mod run;
mod station;
mod table;

pub use bump::{Bump, bump};
pub use fault::Fault;
pub use run::{Outcome, suffer};
pub use station::Station;
pub use table::table;
