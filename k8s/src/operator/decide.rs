//! What to do about a flow, by what was seen of it: a pure function but for the [`Ledger`].

#[cfg(test)]
mod tests;

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use relay::spec::{Output, Pair};

use super::change::HandOver;
use super::conditions::{Facts, conditions};
use super::config::OperatorConfig;
use super::course::{Course, Meaning, Situation, course, meaning_of_proven};
use super::desired::{Desired, Object, desired};
use super::key::FlowKey;
use super::ledger::{Ledger, older_rival, outputs_of};
use super::measured::measured;
use super::news::{News, news};
use super::resolve::{Problem, Resolved, resolve};
use super::standing::{Standings, nodes};
use super::transition::DeploymentSeen;
use super::verdict::{Verdict, Verdicts};
use crate::crd::{Flow, FlowStatus, Handler};

/// In this time an image is pulled and a container made.
const STUCK_AFTER: Duration = Duration::from_secs(60);

/// What was seen of a flow.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// The flow.
    pub flow: &'a Flow,
    /// The handler that it names, if the catalog has it.
    pub handler: Option<&'a Handler>,
    /// All flows.
    pub flows: &'a [&'a Flow],
    /// Its instances.
    pub standings: Standings,
    /// Its deployments.
    pub deployments: Vec<DeploymentSeen>,
    /// What is known of the signatures of its images.
    pub verdicts: Verdicts,
    /// The time now.
    pub now: Timestamp,
}

/// What to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Objects that there are to be.
    pub make: Vec<Object>,
    /// Deployments that end, and the files of their instances, which are called the same.
    pub end: Vec<String>,
    /// The air is to pass from one instance to another.
    pub hand_over: Option<HandOver>,
    /// Whether evictions need no budget, there being but one instance.
    pub end_budget: bool,
    /// The secret that its instances share, if it is not known to be there.
    pub make_pair_key: Option<String>,
    /// How it stands.
    pub status: FlowStatus,
    /// What has happened.
    pub news: Vec<News>,
    /// Whether it cannot be as it is specified.
    pub has_problem: bool,
    /// Whether an image of it is being looked at.
    pub awaits_verdict: bool,
}

impl Decision {
    fn of(course: Course, status: FlowStatus) -> Self {
        let Course { make, end, hand_over, rollout, proven } = course;
        Self { make, end, hand_over, status: FlowStatus { rollout, proven, ..status }, ..Self::default() }
    }
}

/// Decides. What cannot be as specified is left as it runs: a mistake takes no channel off air.
pub fn decide(seen: &Seen<'_>, ledger: &mut Ledger, config: &OperatorConfig) -> Decision {
    let before = seen.flow.status.clone().unwrap_or_default();
    let meaning = resolve(seen.flow, seen.handler).and_then(|resolved| {
        let port = claim(seen, &resolved, &before, ledger)?;
        let desired = admit(seen, desired(seen.flow, &resolved, port, config), &config.image)?;
        Ok((port, Meaning { resolved, desired }))
    });
    let port = meaning.as_ref().ok().map(|(port, _)| *port).or(before.port);
    let old = before.proven.as_ref().zip(port);
    let old = old.and_then(|(proven, port)| meaning_of_proven(seen.flow, proven, port, config));
    let situation = Situation {
        flow: seen.flow,
        standings: &seen.standings,
        deployments: &seen.deployments,
        default_version: &config.default_version,
        now: seen.now,
    };
    let wanted = meaning.as_ref().ok().map(|(_, wanted)| wanted);
    let course = course(&situation, wanted, old.as_ref(), &before);
    let has_failed = course.rollout.as_ref().is_some_and(|rollout| rollout.phase.has_failed());
    let current = if has_failed { old.as_ref().or(wanted) } else { wanted };
    let mut decision = match (&meaning, current) {
        (Ok((port, wanted)), Some(current)) => go_on(seen, *port, wanted, current, course, &before),
        (Err(problem), _) => stay(seen, problem, course, &before, &config.image_of(&seen.flow.spec)),
        (Ok(_), None) => Decision::default(),
    };
    decision.status.holds = holds(seen, current, ledger);
    decision.news = news(&before, &decision.status);
    decision.awaits_verdict = seen.verdicts.is_waiting();
    decision
}

/// A revision that is new comes only from an image that is trusted, and runs it by its digest, which nobody can give to another image
/// afterwards. One that is there runs what it does.
fn admit(seen: &Seen<'_>, desired: Desired, repository: &str) -> Result<Desired, Problem> {
    let is_by_digest = |image: &str| image.strip_prefix(repository).is_some_and(|rest| rest.starts_with('@'));
    let there = seen.deployments.iter().find(|deployment| deployment.revision == desired.revision);
    if let Some(there) = there.filter(|there| there.image == desired.image || is_by_digest(&there.image)) {
        return Ok(desired.running(&there.image));
    }
    match seen.verdicts.of(&desired.image) {
        Verdict::NotAsked => Ok(desired),
        Verdict::Verified(digest) => Ok(desired.running(&format!("{repository}@{digest}"))),
        Verdict::Unknown(why) => Err(Problem::ImageUnknown(why)),
        Verdict::Refused { reason, message } => Err(Problem::ImageRefused { reason, message }),
    }
}

/// Takes the flow's port and outputs.
fn claim(seen: &Seen<'_>, resolved: &Resolved, before: &FlowStatus, ledger: &mut Ledger) -> Result<u16, Problem> {
    let (key, wanted) = (FlowKey::of(seen.flow), outputs_of(&resolved.entry));
    let holds_none = before.holds.is_empty();
    if let Some(conflict) = older_rival(seen.flow, &wanted, seen.flows.iter().copied()).filter(|_| holds_none) {
        return Err(conflict);
    }
    ledger.hold(&key, wanted)?;
    ledger.port(&key, before.port).ok_or(Problem::NoPort)
}

/// A flow holds what its instances send to, and those of the revision before are instances too.
fn holds(seen: &Seen<'_>, current: Option<&Meaning>, ledger: &mut Ledger) -> Vec<String> {
    let key = FlowKey::of(seen.flow);
    let of_old = |revision: &str| {
        seen.deployments.iter().any(|deployment| deployment.revision != revision)
            || seen.standings.0.iter().any(|standing| standing.pod.revision != revision)
    };
    let only: Option<Vec<Output>> = match current {
        Some(current) => (!of_old(&current.desired.revision)).then(|| outputs_of(&current.resolved.entry)),
        None => (!of_old("")).then(Vec::new),
    };
    if let Some(outputs) = only {
        ledger.keep_only(&key, &outputs);
    }
    ledger.held(&key)
}

/// `current` is what there is to be now: what is wanted, or what it went back to.
fn go_on(
    seen: &Seen<'_>,
    port: u16,
    wanted: &Meaning,
    current: &Meaning,
    course: Course,
    before: &FlowStatus,
) -> Decision {
    let (resolved, desired) = (&wanted.resolved, &current.desired);
    let facts = Facts {
        problem: None,
        stale: resolved.stale.as_ref(),
        standings: &seen.standings,
        pair: Some(current.resolved.entry.pair),
        wanted: Some((&desired.revision, desired.instances)),
        rollout: course.rollout.as_ref(),
        image: &desired.image,
        verdict: seen.verdicts.of(&desired.image),
    };
    let pair_key = wanted.desired.pair_key.clone().or_else(|| desired.pair_key.clone());
    let status = FlowStatus {
        port: Some(port),
        last_handler: resolved.handler.clone(),
        pair_key: pair_key.clone(),
        revision: Some(desired.revision.clone()),
        ..observed(seen, &facts, before)
    };
    Decision {
        end_budget: desired.instances < 2,
        make_pair_key: pair_key.filter(|name| before.pair_key.as_ref() != Some(name) || is_stuck(seen)),
        ..Decision::of(course, status)
    }
}

/// Whether an instance has been in the making for so long that something may be missing which was there before.
fn is_stuck(seen: &Seen<'_>) -> bool {
    let long_ago = seen.now - STUCK_AFTER;
    seen.standings.0.iter().any(|standing| standing.pod.made_since.is_some_and(|since| since < long_ago))
}

fn stay(seen: &Seen<'_>, problem: &Problem, course: Course, before: &FlowStatus, image: &str) -> Decision {
    let facts = Facts {
        problem: Some(problem),
        stale: None,
        standings: &seen.standings,
        pair: before_pair(before),
        wanted: None,
        rollout: course.rollout.as_ref(),
        image,
        verdict: seen.verdicts.of(image),
    };
    let status = observed(seen, &facts, before);
    Decision { has_problem: true, ..Decision::of(course, status) }
}

/// What the instances that run are to each other, the specification not saying.
fn before_pair(before: &FlowStatus) -> Option<Pair> {
    before.pair_key.as_ref().map(|_| Pair::Standby)
}

/// The part of a status that is seen and not decided.
fn observed(seen: &Seen<'_>, facts: &Facts<'_>, before: &FlowStatus) -> FlowStatus {
    let standings = &seen.standings;
    let generation = seen.flow.metadata.generation;
    let first_on_air = standings.on_air().next().and_then(|standing| standing.heard.as_ref());
    let is_unknown = first_on_air.is_none() && standings.silent().count() > 0;
    let (mut on_air_node, mut version) = (nodes(standings.on_air()), first_on_air.map(|heard| heard.version.clone()));
    if is_unknown {
        (on_air_node, version) = (before.on_air_node.clone(), before.version.clone());
    }
    FlowStatus {
        observed_generation: generation,
        conditions: conditions(&before.conditions, facts, generation, seen.now),
        on_air_node,
        version,
        standby_node: nodes(standings.standing_by()),
        instances: standings.told(),
        measured: measured(before.measured.as_ref(), first_on_air.map(|heard| &heard.flow), seen.now),
        ..before.clone()
    }
}
