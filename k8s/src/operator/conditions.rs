//! What is true of a flow, for people and for `kubectl wait`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;
use relay::spec::Pair;

use super::resolve::Problem;
use super::standing::{Standings, nodes};
use super::verdict::Verdict;
use crate::crd::{FlowRollout, Phase};

/// What conditions follow from.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Why the flow cannot be as it is specified.
    pub problem: Option<&'a Problem>,
    /// Why its handler is not the catalog's.
    pub stale: Option<&'a Problem>,
    /// Its instances.
    pub standings: &'a Standings,
    /// What the instances are to each other; unknown while the specification makes no sense.
    pub pair: Option<Pair>,
    /// Revision that there is to be, and number of its instances.
    pub wanted: Option<(&'a str, u16)>,
    /// How far a change is, or why it was taken back.
    pub rollout: Option<&'a FlowRollout>,
    /// Its image.
    pub image: &'a str,
    /// What is known of the image's signature.
    pub verdict: Verdict,
}

/// A condition before it is known since when it is so.
struct Finding {
    kind: &'static str,
    /// `None` is unknown.
    is_true: Option<bool>,
    reason: &'static str,
    message: String,
}

fn finding(
    kind: &'static str,
    is_true: impl Into<Option<bool>>,
    reason: &'static str,
    message: impl Into<String>,
) -> Finding {
    Finding { kind, is_true: is_true.into(), reason, message: message.into() }
}

/// The conditions, `before` having been true before.
pub fn conditions(before: &[Condition], facts: &Facts<'_>, generation: Option<i64>, now: Timestamp) -> Vec<Condition> {
    let findings = [
        ready(facts),
        on_air(facts),
        redundant(facts),
        progressing(facts),
        conflict(facts),
        handler_current(facts),
        image_verified(before, facts),
    ];
    findings.into_iter().map(|finding| since(before, finding, generation, now)).collect()
}

fn since(before: &[Condition], finding: Finding, generation: Option<i64>, now: Timestamp) -> Condition {
    let status = finding.is_true.map_or("Unknown", |is_true| if is_true { "True" } else { "False" });
    let same = before.iter().find(|condition| condition.type_ == finding.kind && condition.status == status);
    Condition {
        type_: finding.kind.to_owned(),
        status: status.to_owned(),
        reason: finding.reason.to_owned(),
        message: finding.message,
        observed_generation: generation,
        last_transition_time: same.map_or(Time(now), |condition| condition.last_transition_time.clone()),
    }
}

/// All is as it should be.
fn ready(facts: &Facts<'_>) -> Finding {
    const READY: &str = "Ready";
    if let Some(problem) = facts.problem {
        return finding(READY, false, problem.reason(), problem.to_string());
    }
    let parts = [on_air(facts), redundant(facts), progressing(facts)];
    let [on_air, redundant, progressing] = &parts;
    let is_alone = redundant.is_true == Some(false) && redundant.reason != "NotPaired";
    for (part, is_bad) in [
        (on_air, on_air.is_true != Some(true) || on_air.reason == "TwoOnAir"),
        (redundant, is_alone || redundant.is_true.is_none()),
        (progressing, progressing.is_true == Some(true)),
    ] {
        if is_bad {
            return finding(READY, part.is_true.and(Some(false)), part.reason, part.message.clone());
        }
    }
    finding(READY, true, "AllWell", on_air.message.clone())
}

fn on_air(facts: &Facts<'_>) -> Finding {
    const ON_AIR: &str = "OnAir";
    let standings = facts.standings;
    let count = standings.on_air().count();
    let where_ = nodes(standings.on_air()).unwrap_or_default();
    if count > 1 && facts.pair != Some(Pair::ActiveActive) {
        return finding(ON_AIR, true, "TwoOnAir", format!("more than one instance says that it is on air: {where_}"));
    }
    if count > 0 {
        return finding(ON_AIR, true, "OnAir", format!("on air from {where_}"));
    }
    if standings.silent().count() > 0 {
        let silent = nodes(standings.silent()).unwrap_or_default();
        return finding(ON_AIR, None, "NotHeard", format!("no answer from {silent}: it may be on air all the same"));
    }
    if let Some(trouble) = standings.trouble() {
        return finding(ON_AIR, false, trouble.reason, trouble.message.clone());
    }
    let said = standings.told().into_iter().find_map(|instance| instance.trouble);
    let message = said.unwrap_or_else(|| "no instance is there yet".to_owned());
    finding(ON_AIR, false, "NothingOnAir", message)
}

fn redundant(facts: &Facts<'_>) -> Finding {
    const REDUNDANT: &str = "Redundant";
    let standings = facts.standings;
    if facts.pair == Some(Pair::Off) {
        return finding(REDUNDANT, false, "NotPaired", "the flow says pair: off");
    }
    if facts.pair == Some(Pair::ActiveActive) {
        let wanted = facts.wanted.map_or(2, |(_, instances)| usize::from(instances));
        let count = standings.on_air().count();
        return finding(REDUNDANT, count >= wanted, "Legs", format!("{count} of {wanted} legs are on air"));
    }
    if let Some(nodes) = nodes(standings.standing_by()) {
        return finding(REDUNDANT, true, "Standby", format!("{nodes} could go on at once"));
    }
    if let Some(trouble) = standings.trouble() {
        return finding(REDUNDANT, false, trouble.reason, trouble.message.clone());
    }
    if standings.silent().count() > 0 {
        let silent = nodes(standings.silent()).unwrap_or_default();
        return finding(REDUNDANT, None, "NotHeard", format!("no answer from {silent}"));
    }
    let held_up =
        standings.0.iter().filter(|standing| !standing.is_on_air()).map(|standing| standing.pod.name.as_str());
    let held_up: Vec<_> = held_up.collect();
    let message = if held_up.is_empty() {
        "there is no other instance".to_owned()
    } else {
        format!("not ready: {}", held_up.join(", "))
    };
    finding(REDUNDANT, false, "NoStandby", message)
}

fn progressing(facts: &Facts<'_>) -> Finding {
    const PROGRESSING: &str = "Progressing";
    if let Some(rollout) = facts.rollout {
        return changing(PROGRESSING, rollout, facts);
    }
    let Some((revision, instances)) = facts.wanted else {
        return finding(PROGRESSING, false, "AsBefore", "what runs is left as it is");
    };
    let old = facts.standings.0.iter().filter(|standing| standing.pod.revision != revision).count();
    let ready = facts.standings.ready_of(revision);
    if old > 0 {
        let message =
            format!("revision {revision}: {ready} of {instances} instances are ready, {old} of another are there");
        return finding(PROGRESSING, true, "Changing", message);
    }
    if ready < usize::from(instances) {
        return finding(
            PROGRESSING,
            true,
            "Starting",
            format!("revision {revision}: {ready} of {instances} instances are ready"),
        );
    }
    finding(PROGRESSING, false, "Complete", format!("revision {revision}: all instances are ready"))
}

fn changing(kind: &'static str, rollout: &FlowRollout, facts: &Facts<'_>) -> Finding {
    let why = rollout.message.clone().unwrap_or_default();
    let ready = facts.standings.ready_of(&rollout.to);
    let step = match rollout.phase {
        Phase::RolledBack => return finding(kind, false, "RolledBack", why),
        Phase::RollingBack => return finding(kind, true, "RollingBack", why),
        Phase::Starting => format!("{ready} of its instances are ready"),
        Phase::Shadowing => "what it makes is compared with what is on air".to_owned(),
        Phase::HandingOver => "the air passes to it".to_owned(),
        Phase::Watching => "it is watched on air, and the old instances stand by".to_owned(),
    };
    finding(kind, true, "Changing", format!("{:?}: {}: {step}", rollout.phase, rollout.image))
}

fn conflict(facts: &Facts<'_>) -> Finding {
    const CONFLICT: &str = "Conflict";
    match facts.problem {
        Some(problem @ Problem::Conflict { .. }) => finding(CONFLICT, true, "OutputTaken", problem.to_string()),
        _ => finding(CONFLICT, false, "NoConflict", "no other flow sends to its outputs"),
    }
}

fn handler_current(facts: &Facts<'_>) -> Finding {
    const HANDLER_CURRENT: &str = "HandlerCurrent";
    match facts.stale.or(facts.problem) {
        Some(problem @ (Problem::HandlerMissing(_) | Problem::HandlerInvalid { .. })) => {
            let goes_on = facts.stale.map(|_| "; it goes on with the handler as it was").unwrap_or_default();
            finding(HANDLER_CURRENT, false, problem.reason(), format!("{problem}{goes_on}"))
        }
        _ => finding(HANDLER_CURRENT, true, "AsInTheCatalog", "its source is what the catalog or the flow itself says"),
    }
}

/// Whether the image is signed by somebody who is trusted.
fn image_verified(before: &[Condition], facts: &Facts<'_>) -> Finding {
    const IMAGE_VERIFIED: &str = "ImageVerified";
    let image = facts.image;
    let signed = format!("{image} is signed by a key that is trusted");
    let was_verified = find(before, IMAGE_VERIFIED).is_some_and(|one| one.status == "True" && one.message == signed);
    match &facts.verdict {
        Verdict::NotAsked => {
            let message = format!("nobody has checked a signature of {image}: the operator has no key (--trust)");
            finding(IMAGE_VERIFIED, None, "NotChecked", message)
        }
        // A registry that is away, or an operator that begins anew, takes nothing back.
        Verdict::Unknown(_) if was_verified => finding(IMAGE_VERIFIED, true, "Signed", signed),
        Verdict::Unknown(why) => finding(IMAGE_VERIFIED, None, "SignatureUnknown", why.clone()),
        Verdict::Verified(_) => finding(IMAGE_VERIFIED, true, "Signed", signed),
        Verdict::Refused { reason, message } => finding(IMAGE_VERIFIED, false, reason, message.clone()),
    }
}

/// The condition of a type.
pub fn find<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.type_ == kind)
}

/// Whether a person should be warned of it.
pub fn is_bad(condition: &Condition) -> bool {
    match condition.type_.as_str() {
        "Conflict" => condition.status == "True",
        "Progressing" => matches!(condition.reason.as_str(), "RolledBack" | "RollingBack"),
        "Redundant" => condition.status == "False" && condition.reason != "NotPaired",
        "OnAir" => condition.status != "True" || condition.reason == "TwoOnAir",
        _ => condition.status == "False",
    }
}
