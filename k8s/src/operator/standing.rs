//! How a flow stands: its instances, by what Kubernetes says of their pods and by what they say themselves.

use super::heard::Heard;
use super::pods::{PodSeen, Trouble};
use crate::crd::Instance;

/// An instance of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Its pod.
    pub pod: PodSeen,
    /// What it last answered.
    pub heard: Option<Heard>,
}

/// All instances of a flow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standings(pub Vec<Standing>);

impl Standing {
    /// Whether it says that it is on air.
    pub fn is_on_air(&self) -> bool {
        self.heard.as_ref().is_some_and(|heard| heard.flow.on_air)
    }

    /// Whether it says that it is well, and stays.
    pub fn is_ready(&self) -> bool {
        self.heard.as_ref().is_some_and(|heard| heard.flow.ready) && !self.pod.is_ending
    }

    fn trouble(&self) -> Option<String> {
        let of_pod = self.pod.trouble.as_ref().map(|trouble| trouble.message.clone());
        let of_itself = || self.heard.as_ref().map(|heard| heard.flow.reasons.join("; "));
        of_pod.or_else(of_itself).filter(|trouble| !trouble.is_empty())
    }

    fn told(&self) -> Instance {
        let heard = self.heard.as_ref();
        Instance {
            pod: self.pod.name.clone(),
            node: self.pod.node.clone(),
            revision: self.pod.revision.clone(),
            version: heard.map(|heard| heard.version.clone()),
            state: heard.map(|heard| heard.flow.state.clone()),
            on_air: self.is_on_air(),
            ready: self.is_ready(),
            shadow_equal: heard.and_then(|heard| heard.shadow_equal),
            trouble: self.trouble(),
        }
    }
}

impl Standings {
    /// Those that say that they are on air.
    pub fn on_air(&self) -> impl Iterator<Item = &Standing> {
        self.0.iter().filter(|standing| standing.is_on_air())
    }

    /// Those that could go on.
    pub fn standing_by(&self) -> impl Iterator<Item = &Standing> {
        self.0.iter().filter(|standing| !standing.is_on_air() && standing.is_ready())
    }

    /// Those that should answer and do not.
    pub fn silent(&self) -> impl Iterator<Item = &Standing> {
        self.0.iter().filter(|standing| standing.pod.address.is_some() && standing.heard.is_none())
    }

    /// How many of a revision are ready.
    pub fn ready_of(&self, revision: &str) -> usize {
        self.0.iter().filter(|standing| standing.pod.revision == revision && standing.is_ready()).count()
    }

    /// How many of a revision run and have input, though what they make may not be what is on air.
    pub fn running_of(&self, revision: &str) -> usize {
        let runs = |standing: &&Standing| {
            let state = standing.heard.as_ref().map(|heard| heard.flow.state.as_str());
            standing.pod.revision == revision && !standing.pod.is_ending && matches!(state, Some("standby" | "on air"))
        };
        self.0.iter().filter(runs).count()
    }

    /// The first reason why a pod does not run.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.0.iter().find_map(|standing| standing.pod.trouble.as_ref())
    }

    /// The instances as a status has them, in an order of their own.
    pub fn told(&self) -> Vec<Instance> {
        let mut instances: Vec<_> = self.0.iter().map(Standing::told).collect();
        instances.sort_by(|one, other| one.pod.cmp(&other.pod));
        instances
    }
}

/// Names of the nodes of these instances, as a column shows them.
pub fn nodes<'a>(standings: impl Iterator<Item = &'a Standing>) -> Option<String> {
    let mut names: Vec<&str> = standings.filter_map(|standing| standing.pod.node.as_deref()).collect();
    names.sort_unstable();
    (!names.is_empty()).then(|| names.join(","))
}
