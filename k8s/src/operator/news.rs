//! Events: what a person should know has happened, by comparing how a flow stands with how it stood.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::conditions::{find, is_bad};
use crate::crd::{FlowStatus, Phase};

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Whether somebody should look.
    pub is_warning: bool,
    /// In a word.
    pub reason: String,
    /// In a sentence.
    pub note: String,
}

/// What has happened between two looks.
pub fn news(before: &FlowStatus, now: &FlowStatus) -> Vec<News> {
    let changed =
        now.conditions.iter().filter_map(|condition| change(find(&before.conditions, &condition.type_), condition));
    air(before, now).into_iter().chain(phase(before, now)).chain(changed).collect()
}

/// The air came, went, or moved.
fn air(before: &FlowStatus, now: &FlowStatus) -> Option<News> {
    let told = |reason: &str, note: String| Some(News { is_warning: false, reason: reason.to_owned(), note });
    match (before.on_air_node.as_deref(), now.on_air_node.as_deref()) {
        (None, Some(node)) => told("OnAir", format!("on air from {node}")),
        (Some(old), Some(node)) if old != node => told("TakenOver", format!("{node} is on air, and {old} was before")),
        _ => None,
    }
}

/// A change is further than it was. That it fails, the conditions tell.
fn phase(before: &FlowStatus, now: &FlowStatus) -> Option<News> {
    let phase = |status: &FlowStatus| status.rollout.as_ref().map(|rollout| rollout.phase);
    let told = |reason: String, note: String| Some(News { is_warning: false, reason, note });
    if phase(before) == phase(now) {
        return None;
    }
    match &now.rollout {
        Some(rollout) if !rollout.phase.has_failed() => {
            told(format!("{:?}", rollout.phase), format!("{} in the place of revision {}", rollout.image, rollout.from))
        }
        None if phase(before) == Some(Phase::Watching) => {
            let image = now.proven.as_ref().map(|proven| proven.image.clone()).unwrap_or_default();
            told("Proven".to_owned(), format!("{image} has proved itself; the old instances end"))
        }
        _ => None,
    }
}

/// A condition turned bad or well again. That one is well from the beginning is no news, and what Ready says others say too, but for
/// what is wrong with the specification itself.
fn change(before: Option<&Condition>, now: &Condition) -> Option<News> {
    let was_bad = before.is_some_and(is_bad);
    let is_same = before.is_some_and(|before| before.status == now.status && before.reason == now.reason);
    let repeats = now.type_ == "Ready" && !matches!(now.reason.as_str(), "Invalid" | "NoPort" | "AllWell");
    let is_start = before.is_none() && matches!(now.reason.as_str(), "NothingOnAir" | "NoStandby");
    if is_same || repeats || is_start || !(is_bad(now) || was_bad) {
        return None;
    }
    Some(News { is_warning: is_bad(now), reason: now.reason.clone(), note: now.message.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn status(on_air: Option<&str>, conditions: &[(&str, &str, &str)]) -> FlowStatus {
        let conditions = conditions.iter().map(|(kind, status, reason)| {
            serde_json::from_value(json!({
                "type": kind, "status": status, "reason": reason, "message": "why", "lastTransitionTime": "2026-01-01T00:00:00Z",
            }))
            .unwrap()
        });
        FlowStatus {
            on_air_node: on_air.map(ToOwned::to_owned),
            conditions: conditions.collect(),
            ..FlowStatus::default()
        }
    }

    fn reasons(before: &FlowStatus, now: &FlowStatus) -> Vec<(bool, String)> {
        news(before, now).into_iter().map(|news| (news.is_warning, news.reason)).collect()
    }

    #[test]
    fn the_air_moves_from_node_to_node() {
        let told = news(&status(Some("k1"), &[]), &status(Some("k2"), &[]));
        assert_eq!((told[0].reason.as_str(), told[0].note.as_str()), ("TakenOver", "k2 is on air, and k1 was before"));
        assert_eq!(reasons(&status(Some("k1"), &[]), &status(Some("k1"), &[])), []);
    }

    #[test]
    fn what_turns_bad_is_a_warning_and_what_turns_well_again_is_told() {
        let well = status(None, &[("Redundant", "True", "Standby")]);
        let bad = status(None, &[("Redundant", "False", "NoStandby")]);
        assert_eq!(reasons(&well, &bad), [(true, "NoStandby".to_owned())]);
        assert_eq!(reasons(&bad, &well), [(false, "Standby".to_owned())]);
        assert_eq!(reasons(&well, &well), []);
        assert_eq!(reasons(&status(None, &[]), &well), []);
        let conflict = status(None, &[("Conflict", "True", "OutputTaken")]);
        assert_eq!(reasons(&status(None, &[]), &conflict), [(true, "OutputTaken".to_owned())]);
    }
}
