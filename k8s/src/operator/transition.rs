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
    /// Hash of the configuration of its instances.
    pub content: String,
    /// Image that they run.
    pub image: String,
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
    let names = || old.iter().map(|deployment| deployment.name.clone()).collect();
    if pair == Pair::Standby {
        let end = if can_go_on(desired, &old, standings) { names() } else { Vec::new() };
        return Step { make: desired.objects.iter().collect(), end };
    }
    let has_old_pods = standings.0.iter().any(|standing| standing.pod.revision != desired.revision);
    let is_in_the_way = |object: &&Object| object.kind == Kind::Deployment && (!old.is_empty() || has_old_pods);
    Step { make: desired.objects.iter().filter(|object| !is_in_the_way(object)).collect(), end: names() }
}

/// Whether the new instances can take the place of the old ones. With the same configuration they must have made, all of them, just what
/// is on air. With another they cannot have, and it is asked that they run and have input.
fn can_go_on(desired: &Desired, old: &[&DeploymentSeen], standings: &Standings) -> bool {
    let is_same_content = old.iter().all(|deployment| deployment.content == desired.content);
    let count =
        if is_same_content { standings.ready_of(&desired.revision) } else { standings.running_of(&desired.revision) };
    count >= usize::from(desired.instances)
}
