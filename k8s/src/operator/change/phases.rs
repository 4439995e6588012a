//! What is asked of a new revision in each phase.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::failure::Failure;
use super::marks::{Since, since};
use super::sides::Side;
use super::{Advance, View, enter, fail, hand_over};
use crate::crd::{FlowRollout, Phase};

/// How long the air may take to pass on. It takes milliseconds, and the operator looks every second.
const HAND_OVER_PATIENCE: Duration = Duration::from_secs(30);

/// How long the instance on air may have counted more than the others, of which each is asked every second.
const DOUBT: Duration = Duration::from_secs(3);

/// A change in one phase, with both sides.
struct Trial<'a> {
    view: &'a View<'a>,
    rollout: &'a FlowRollout,
    old: Side<'a>,
    new: Side<'a>,
}

/// The next step of a change that has not failed yet.
pub(super) fn go_on(view: &View<'_>, rollout: &FlowRollout) -> Advance {
    let (old, new) = (Side::new(view.standings, &rollout.from), Side::new(view.standings, &rollout.to));
    let trial = Trial { view, rollout, old, new };
    if let Some(crash) = new.crash() {
        return fail(view, rollout, &Failure::Crashing(crash.message.clone()));
    }
    let step = match rollout.phase {
        Phase::Starting => trial.start(),
        Phase::Shadowing => trial.shadow(),
        Phase::HandingOver => trial.hand_over(),
        _ => trial.watch(),
    };
    step.unwrap_or_else(|failure| fail(view, rollout, &failure))
}

impl Trial<'_> {
    fn start(&self) -> Result<Advance, Failure> {
        if self.is_complete() {
            let next = if self.view.stands_by { Phase::Shadowing } else { Phase::Watching };
            return Ok(enter(self.view, self.rollout, next));
        }
        self.check_deadline(self.rollout.begun.0, self.view.policy.deadline())?;
        Ok(Advance::stay(self.rollout))
    }

    fn shadow(&self) -> Result<Advance, Failure> {
        let policy = self.view.policy;
        self.check_deadline(self.rollout.begun.0, policy.deadline() + policy.shadow_for())?;
        self.check_restarts()?;
        let is_air_to_blame = self.check_shadow()?;
        if !self.is_complete() {
            return Ok(enter(self.view, self.rollout, Phase::Starting));
        }
        if is_air_to_blame || (self.view.is_same_content && !self.is_counted()) {
            return Ok(enter(self.view, self.rollout, Phase::Shadowing));
        }
        let has_passed = self.is_for(policy.shadow_for()) && self.has_compared();
        Ok(if has_passed { enter(self.view, self.rollout, Phase::HandingOver) } else { Advance::stay(self.rollout) })
    }

    fn hand_over(&self) -> Result<Advance, Failure> {
        self.check_restarts()?;
        if self.new.on_air().is_some() && self.old.on_air().is_none() {
            return Ok(enter(self.view, self.rollout, Phase::Watching));
        }
        self.check_shadow()?;
        if self.is_for(HAND_OVER_PATIENCE) {
            return Err(Failure::NotHandedOver { seconds: HAND_OVER_PATIENCE.as_secs() });
        }
        let hand_over = self.view.is_same_content.then(|| hand_over(self.old, self.new)).flatten();
        Ok(Advance { hand_over, ..Advance::stay(self.rollout) })
    }

    fn watch(&self) -> Result<Advance, Failure> {
        let policy = self.view.policy;
        self.check_restarts()?;
        if self.old.on_air().is_some() && self.new.on_air().is_none() {
            return Err(Failure::LostAir);
        }
        self.check_air()?;
        if let Err(failure) = self.check_errors() {
            return self.doubt(failure);
        }
        if self.new.on_air().is_some_and(|air| since(&self.rollout.marks, air) == Since::Unknown) {
            return Ok(enter(self.view, self.rollout, Phase::Watching));
        }
        let is_well = self.is_complete() && self.new.on_air().is_some();
        if !is_well {
            self.check_deadline(self.rollout.since.0, policy.watch_for() + policy.deadline())?;
        }
        if is_well && self.is_for(policy.watch_for()) {
            return Ok(Advance { has_passed: true, ..Advance::default() });
        }
        Ok(self.stay(None))
    }

    /// Instances are not asked at one moment: what all of them received is counted by the last of them some looks later.
    fn doubt(&self, failure: Failure) -> Result<Advance, Failure> {
        let since = self.rollout.doubt.clone().unwrap_or(Time(self.view.now));
        if has_passed(since.0, self.view.now, DOUBT) {
            return Err(failure);
        }
        Ok(self.stay(Some(since)))
    }

    fn stay(&self, doubt: Option<Time>) -> Advance {
        Advance { rollout: Some(FlowRollout { doubt, ..self.rollout.clone() }), ..Advance::default() }
    }

    /// Whether all new instances are there: with the same configuration they must make just what is on air; with another they cannot,
    /// and it is asked that they run and have input.
    fn is_complete(&self) -> bool {
        let (standings, wanted) = (self.view.standings, self.view.wanted);
        let revision = &self.rollout.to;
        let is_exact = self.view.is_same_content || !self.view.stands_by;
        let count = if is_exact { standings.ready_of(revision) } else { standings.running_of(revision) };
        wanted.is_some_and(|wanted| count >= usize::from(wanted.instances))
    }

    fn is_for(&self, time: Duration) -> bool {
        has_passed(self.rollout.since.0, self.view.now, time)
    }

    fn check_deadline(&self, from: k8s_openapi::jiff::Timestamp, time: Duration) -> Result<(), Failure> {
        if has_passed(from, self.view.now, time) {
            return Err(Failure::NotReady { seconds: time.as_secs(), why: self.new.why_not_ready() });
        }
        Ok(())
    }

    /// Whether all new instances were there when the phase began.
    fn is_counted(&self) -> bool {
        self.new.all().all(|standing| since(&self.rollout.marks, standing) != Since::Unknown)
    }

    fn check_restarts(&self) -> Result<(), Failure> {
        let restarted = self.new.all().find(|standing| since(&self.rollout.marks, standing) == Since::Restarted);
        restarted.map_or(Ok(()), |standing| Err(Failure::Restarted(standing.pod.name.clone())))
    }

    /// What new instances make must be what is on air. Returns whether it is not, but neither is what an old one makes: then the air is
    /// to blame, and it is looked at anew.
    fn check_shadow(&self) -> Result<bool, Failure> {
        if !self.view.is_same_content || !self.view.stands_by {
            return Ok(false);
        }
        let marks = &self.rollout.marks;
        let Some((standing, counted)) = self.new.counted_standing_by(marks).find(|(_, counted)| counted.different > 0)
        else {
            return Ok(false);
        };
        if self.old.counted_standing_by(marks).any(|(_, counted)| counted.different > 0) {
            return Ok(true);
        }
        let pod = standing.pod.name.clone();
        Err(Failure::Differs { pod, different: counted.different, equal: counted.equal })
    }

    /// Whether each new instance has compared something.
    fn has_compared(&self) -> bool {
        let compared = |(_, counted): (_, super::marks::Counted)| counted.equal > 0;
        !self.view.is_same_content || self.new.counted_standing_by(&self.rollout.marks).all(compared)
    }

    /// What the new one sends must be what the old ones make, which hear it. Where one of those disagrees and another does not, it is that
    /// one's own reception.
    fn check_air(&self) -> Result<(), Failure> {
        if !self.view.is_same_content || !self.view.stands_by {
            return Ok(());
        }
        let heard: Vec<_> = self.old.counted_standing_by(&self.rollout.marks).collect();
        let agrees = heard.iter().any(|(_, counted)| counted.different == 0 && counted.equal > 0);
        match heard.iter().find(|(_, counted)| counted.different > 0) {
            Some((_, counted)) if !agrees => {
                let pod =
                    self.new.on_air().map_or_else(|| self.rollout.to.clone(), |standing| standing.pod.name.clone());
                Err(Failure::Differs { pod, different: counted.different, equal: counted.equal })
            }
            _ => Ok(()),
        }
    }

    /// Errors and loss on air are held against what the old instances saw of the same input in the same time.
    fn check_errors(&self) -> Result<(), Failure> {
        let marks = &self.rollout.marks;
        let air = self.new.on_air().and_then(|standing| since(marks, standing).counted());
        let others: Vec<_> = self.old.counted_standing_by(marks).map(|(_, counted)| counted).collect();
        let (Some(air), Some(errors), Some(lost)) =
            (air, others.iter().map(|one| one.errors).max(), others.iter().map(|one| one.lost).max())
        else {
            return Ok(());
        };
        if air.errors > errors {
            return Err(Failure::Errors { errors: air.errors, others: errors });
        }
        if air.lost > lost {
            return Err(Failure::Loss { lost: air.lost, others: lost });
        }
        Ok(())
    }
}

fn has_passed(from: k8s_openapi::jiff::Timestamp, now: k8s_openapi::jiff::Timestamp, time: Duration) -> bool {
    now.duration_since(from) >= time.try_into().unwrap_or(k8s_openapi::jiff::SignedDuration::MAX)
}
