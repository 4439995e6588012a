//! How a flow gets from the revision that runs to the one that there is to be.
//!
//! Instances that stand by for each other join beside the old ones, and the old ones end when all new ones are ready: the one on air hands
//! over as it ends. Where instances do not know each other, two would be on air at once: there the old ones end first.

use relay::spec::Pair;

use super::desired::{Desired, Kind, Object};
use super::standing::Standings;

/// A deployment that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentSeen {
    /// Its name.
    pub name: String,
    /// Its revision.
    pub revision: String,
}

/// What to do now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step<'a> {
    /// What there is to be already.
    pub make: Vec<&'a Object>,
    /// Names of deployments that end, and of the files of their instances.
    pub end: Vec<String>,
}

/// The next step on the way to `desired`.
pub fn step<'a>(desired: &'a Desired, pair: Pair, there: &[DeploymentSeen], standings: &Standings) -> Step<'a> {
    let old: Vec<_> = there.iter().filter(|deployment| deployment.revision != desired.revision).collect();
    let old_pods = standings.0.iter().any(|standing| standing.pod.revision != desired.revision);
    if pair == Pair::Standby {
        let all_ready = standings.ready_of(&desired.revision) >= usize::from(desired.instances);
        let end = if all_ready { names(&old) } else { Vec::new() };
        return Step { make: desired.objects.iter().collect(), end };
    }
    let is_instances = |object: &&Object| object.kind == Kind::Deployment;
    let make = desired.objects.iter().filter(|object| !is_instances(object) || (old.is_empty() && !old_pods));
    Step { make: make.collect(), end: names(&old) }
}

fn names(deployments: &[&DeploymentSeen]) -> Vec<String> {
    deployments.iter().map(|deployment| deployment.name.clone()).collect()
}
