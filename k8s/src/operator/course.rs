//! What there is to be of a flow now, and what ends, on the way from the revision that has passed to the one that is wanted.

use k8s_openapi::jiff::Timestamp;
use relay::spec::Pair;

use super::change::{Advance, HandOver, View, advance};
use super::config::OperatorConfig;
use super::desired::{Desired, Object, desired};
use super::resolve::{Resolved, resolve};
use super::standing::Standings;
use super::transition::{DeploymentSeen, step};
use crate::crd::{Flow, FlowRollout, FlowSpec, FlowStatus, Phase, Proven};

/// What a specification comes to.
#[derive(Clone, Debug)]
pub(super) struct Meaning {
    pub(super) resolved: Resolved,
    pub(super) desired: Desired,
}

/// What is done, and what is to be remembered.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    pub(super) make: Vec<Object>,
    pub(super) end: Vec<String>,
    pub(super) hand_over: Option<HandOver>,
    pub(super) rollout: Option<FlowRollout>,
    pub(super) proven: Option<Proven>,
}

/// What was seen, as far as it decides the course.
pub(super) struct Situation<'a> {
    pub(super) flow: &'a Flow,
    pub(super) standings: &'a Standings,
    pub(super) deployments: &'a [DeploymentSeen],
    pub(super) default_version: &'a str,
    pub(super) now: Timestamp,
}

/// What the revision that has passed comes to, by what the status says of it; none where this operator would make it otherwise.
pub(super) fn meaning_of_proven(flow: &Flow, proven: &Proven, port: u16, config: &OperatorConfig) -> Option<Meaning> {
    let status = FlowStatus { last_handler: proven.handler.clone(), ..FlowStatus::default() };
    let spec = serde_json::from_value(proven.spec.clone()).ok()?;
    let as_it_was = Flow { metadata: flow.metadata.clone(), spec, status: Some(status) };
    let resolved = resolve(&as_it_was, None).ok()?;
    let desired = desired(&as_it_was, &resolved, port, config).running(&proven.image);
    (desired.revision == proven.revision).then_some(Meaning { resolved, desired })
}

/// The course from what has passed to what is wanted; `old` being what the former comes to.
pub(super) fn course(
    situation: &Situation<'_>,
    wanted: Option<&Meaning>,
    old: Option<&Meaning>,
    before: &FlowStatus,
) -> Course {
    let is_there = |proven: &&Proven| {
        old.is_some() || situation.deployments.iter().any(|deployment| deployment.revision == proven.revision)
    };
    match (before.proven.as_ref().filter(is_there), wanted) {
        (Some(proven), wanted) => change(situation, proven, wanted, old, before.rollout.as_ref()),
        (None, Some(wanted)) => first(situation, wanted),
        (None, None) => Course::default(),
    }
}

/// Nothing has passed yet, so there is nothing to go back to.
fn first(situation: &Situation<'_>, wanted: &Meaning) -> Course {
    let desired = &wanted.desired;
    let step = step(desired, wanted.resolved.entry.pair, situation.deployments, situation.standings);
    let is_alone = situation.deployments.iter().all(|deployment| deployment.revision == desired.revision);
    let is_on_air = situation.standings.on_air().any(|standing| standing.pod.revision == desired.revision);
    Course {
        make: step.make.into_iter().cloned().collect(),
        end: step.end,
        proven: (is_alone && is_on_air).then(|| proven(situation, wanted)),
        ..Course::default()
    }
}

/// Its version is written down even if the flow names none: the default may be another later.
fn proven(situation: &Situation<'_>, meaning: &Meaning) -> Proven {
    let version = situation.flow.spec.version.clone().or_else(|| Some(situation.default_version.to_owned()));
    let spec = FlowSpec { version, ..situation.flow.spec.clone() };
    Proven {
        revision: meaning.desired.revision.clone(),
        image: meaning.desired.image.clone(),
        spec: serde_json::to_value(&spec).unwrap_or_default(),
        handler: meaning.resolved.handler.clone(),
    }
}

fn change(
    situation: &Situation<'_>,
    proven: &Proven,
    wanted: Option<&Meaning>,
    old: Option<&Meaning>,
    before: Option<&FlowRollout>,
) -> Course {
    let is_standby = |meaning: &Meaning| meaning.resolved.entry.pair == Pair::Standby;
    let content_of_old = old.map(|old| old.desired.content.as_str()).or_else(|| {
        let deployment = situation.deployments.iter().find(|deployment| deployment.revision == proven.revision);
        deployment.map(|deployment| deployment.content.as_str())
    });
    let view = View {
        wanted: wanted.map(|wanted| &wanted.desired),
        proven: &proven.revision,
        is_same_content: wanted.is_none_or(|wanted| Some(wanted.desired.content.as_str()) == content_of_old),
        stands_by: wanted.into_iter().chain(old).all(is_standby),
        standings: situation.standings,
        policy: &situation.flow.spec.rollout,
        now: situation.now,
    };
    let advance = advance(&view, before);
    let (make, end) = objects(situation, &view, &advance, wanted, old, before);
    let is_settled = advance.rollout.is_none() && wanted.is_some_and(|new| new.desired.revision == proven.revision);
    let passed = wanted.filter(|_| advance.has_passed || is_settled);
    Course {
        make,
        end,
        hand_over: advance.hand_over,
        rollout: advance.rollout,
        proven: Some(passed.map_or_else(|| proven.clone(), |meaning| self::proven(situation, meaning))),
    }
}

/// Which objects there are to be, and which deployments end.
fn objects(
    situation: &Situation<'_>,
    view: &View<'_>,
    advance: &Advance,
    wanted: Option<&Meaning>,
    old: Option<&Meaning>,
    before: Option<&FlowRollout>,
) -> (Vec<Object>, Vec<String>) {
    let phase = advance.rollout.as_ref().map(|rollout| rollout.phase);
    let has_failed = phase.is_some_and(Phase::has_failed);
    let target = if has_failed { old } else { wanted };
    if !view.stands_by {
        let Some(target) = target else { return (Vec::new(), Vec::new()) };
        let step = step(&target.desired, target.resolved.entry.pair, situation.deployments, situation.standings);
        return (step.make.into_iter().cloned().collect(), step.end);
    }
    // Another configuration cannot be handed over to: the old instances end, and the new ones go on when they are silent.
    let goes_alone = !view.is_same_content && matches!(phase, Some(Phase::HandingOver | Phase::Watching));
    let both = phase.is_some_and(|phase| !phase.has_failed()) && !goes_alone;
    let beside = old.filter(|_| both);
    let make = beside.into_iter().chain(target).flat_map(|meaning| meaning.desired.objects.iter().cloned()).collect();
    let kept = kept(view, advance, goes_alone);
    // What has passed or failed ends only at the look after that was written down.
    let is_sure = before.map(|rollout| rollout.phase) == phase && !advance.has_passed;
    let may_end = is_sure && (both || goes_alone || can_end(situation.standings, &kept));
    (make, if may_end { others(situation.deployments, &kept) } else { Vec::new() })
}

/// Revisions that stay.
fn kept<'a>(view: &View<'a>, advance: &'a Advance, goes_alone: bool) -> Vec<&'a str> {
    match &advance.rollout {
        None => vec![view.proven],
        Some(rollout) if rollout.phase == Phase::RolledBack => vec![view.proven],
        Some(rollout) if goes_alone => vec![&rollout.to],
        Some(rollout) => vec![view.proven, &rollout.from, &rollout.to],
    }
}

/// Whether those that stay have the air, or none of the others can have it.
fn can_end(standings: &Standings, kept: &[&str]) -> bool {
    let is_kept = |revision: &str| kept.contains(&revision);
    let is_other_on_air = standings.on_air().chain(standings.silent()).any(|one| !is_kept(&one.pod.revision));
    standings.on_air().any(|standing| is_kept(&standing.pod.revision)) || !is_other_on_air
}

fn others(deployments: &[DeploymentSeen], kept: &[&str]) -> Vec<String> {
    let others = deployments.iter().filter(|deployment| !kept.contains(&deployment.revision.as_str()));
    others.map(|deployment| deployment.name.clone()).collect()
}
