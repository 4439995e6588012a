//! How a flow gets from one revision to another, and back by itself if the other is no good.
//!
//! The old revision is kept running until the new one has passed: it must get ready in time (`Starting`), make just what is on air for a
//! while (`Shadowing`), take the air over as planned (`HandingOver`), and be on air for a while without an error that the old ones, which
//! stand by now, do not see as well (`Watching`). Whatever goes wrong, the air goes back (`RollingBack`), and the revision is not tried
//! again until the flow is changed (`RolledBack`).
//!
//! It is decided by what is seen now and by what the flow's status says, so that an operator that is killed is no more than one that is late.

mod failure;
mod marks;
mod phases;
mod sides;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use super::desired::Desired;
use super::standing::{Standing, Standings};
use crate::crd::{FlowRollout, Phase, RolloutPolicy};
use failure::Failure;
use phases::go_on;
use sides::Side;

/// What a change is decided by.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What there is to be; none when the specification makes no sense.
    pub wanted: Option<&'a Desired>,
    /// Revision that has passed before.
    pub proven: &'a str,
    /// Whether the instances of both make the same datagrams.
    pub is_same_content: bool,
    /// Whether instances stand by for each other.
    pub stands_by: bool,
    /// All instances.
    pub standings: &'a Standings,
    /// How it proves itself.
    pub policy: &'a RolloutPolicy,
    /// The time now.
    pub now: Timestamp,
}

/// That an instance is to pass the air on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    /// The instance on air.
    pub from: SocketAddr,
    /// The number of the one that is to go on.
    pub to: String,
}

/// What comes next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advance {
    /// How far it is then; none when there is no change.
    pub rollout: Option<FlowRollout>,
    /// Whether the new revision has passed.
    pub has_passed: bool,
    /// The air is to be passed on.
    pub hand_over: Option<HandOver>,
}

impl Advance {
    fn stay(rollout: &FlowRollout) -> Self {
        Self { rollout: Some(rollout.clone()), ..Self::default() }
    }
}

/// The next step, `before` being where the change was.
pub fn advance(view: &View<'_>, before: Option<&FlowRollout>) -> Advance {
    let wanted = view.wanted.map(|desired| desired.revision.as_str());
    match before {
        Some(rollout) if rollout.phase == Phase::RollingBack => go_back(view, rollout),
        Some(rollout) if rollout.phase == Phase::RolledBack => {
            let is_remembered = wanted.is_none_or(|wanted| wanted == rollout.to);
            if is_remembered { Advance::stay(rollout) } else { begin(view) }
        }
        Some(rollout) if wanted == Some(&rollout.to) => go_on(view, rollout),
        Some(rollout) => fail(view, rollout, &Failure::Superseded),
        None => begin(view),
    }
}

fn begin(view: &View<'_>) -> Advance {
    let changed = view.wanted.filter(|wanted| wanted.revision != view.proven);
    let rollout = changed.map(|wanted| FlowRollout {
        from: view.proven.to_owned(),
        to: wanted.revision.clone(),
        image: wanted.image.clone(),
        phase: Phase::Starting,
        begun: Time(view.now),
        since: Time(view.now),
        marks: Vec::new(),
        doubt: None,
        reason: None,
        message: None,
    });
    Advance { rollout, ..Advance::default() }
}

fn enter(view: &View<'_>, rollout: &FlowRollout, phase: Phase) -> Advance {
    let marks = match phase {
        Phase::Shadowing | Phase::Watching => marks::renewed(&rollout.marks, view.standings.0.iter()),
        Phase::HandingOver => rollout.marks.clone(),
        Phase::Starting | Phase::RollingBack | Phase::RolledBack => Vec::new(),
    };
    let rollout = FlowRollout { phase, since: Time(view.now), marks, doubt: None, ..rollout.clone() };
    Advance { rollout: Some(rollout), ..Advance::default() }
}

fn fail(view: &View<'_>, rollout: &FlowRollout, failure: &Failure) -> Advance {
    let told = FlowRollout {
        reason: Some(failure.reason().to_owned()),
        message: Some(format!("{} is taken back: {failure}", rollout.image)),
        ..rollout.clone()
    };
    enter(view, &told, Phase::RollingBack)
}

/// The new instances end only when an old one is on air, or none of them can be.
fn go_back(view: &View<'_>, rollout: &FlowRollout) -> Advance {
    let (old, new) = (Side::new(view.standings, &rollout.from), Side::new(view.standings, &rollout.to));
    let is_back = if view.stands_by { old.on_air().is_some() || !new.may_be_on_air() } else { old.on_air().is_some() };
    if is_back {
        return enter(view, rollout, Phase::RolledBack);
    }
    Advance { hand_over: hand_over(new, old), ..Advance::stay(rollout) }
}

/// Passes the air from one side to the other, if somebody there could go on.
fn hand_over(from: Side<'_>, to: Side<'_>) -> Option<HandOver> {
    let number = |standing: &Standing| standing.heard.as_ref()?.flow.instance().map(ToOwned::to_owned);
    Some(HandOver { from: from.on_air()?.pod.address?, to: to.standing_by().find_map(number)? })
}
