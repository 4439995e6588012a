//! How a flow stands, in a word: what the instances say goes before what the operator last told, which may be old.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde::Serialize;

use super::instance::Found;
use crate::operator::conditions::find;

/// How a flow stands. Worse is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// On air, and all is as it should be.
    Well,
    /// On air, and instances start or are exchanged.
    Changing,
    /// On air, and something is wrong: the next fault may be seen.
    AtRisk,
    /// No instance answers that could be on air.
    Unknown,
    /// Not on air.
    OffAir,
}

impl State {
    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Changing => "changing",
            Self::AtRisk => "at risk",
            Self::Unknown => "unknown",
            Self::OffAir => "OFF AIR",
        }
    }

    /// Exit code of `flowctl status` when this is the worst that it shows.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Well => 0,
            Self::Changing | Self::AtRisk => 3,
            Self::Unknown | Self::OffAir => 4,
        }
    }
}

/// How a flow with these conditions and instances stands, and why not well.
pub fn state(conditions: &[Condition], instances: &[Found]) -> (State, Option<String>) {
    if instances.iter().any(Found::is_on_air) {
        return on_air(conditions, instances);
    }
    let silent: Vec<_> = instances.iter().filter(|one| one.pod.address.is_some() && one.said.is_err()).collect();
    if let Some(one) = silent.first() {
        let why = one.why().unwrap_or_default();
        return (State::Unknown, Some(format!("{} may be on air: {why}", one.place())));
    }
    let said = || instances.iter().find_map(Found::why);
    let why = message(conditions, "Ready").or_else(said);
    (State::OffAir, Some(why.unwrap_or_else(|| "the operator has not looked at it: is it running?".to_owned())))
}

fn on_air(conditions: &[Condition], instances: &[Found]) -> (State, Option<String>) {
    let redundant = find(conditions, "Redundant");
    let is_alone_on_purpose = redundant.is_some_and(|one| matches!(one.reason.as_str(), "NotPaired" | "Legs"));
    if !is_alone_on_purpose && !instances.iter().any(Found::is_ready_standby) {
        return (alone(conditions), Some(why_alone(instances)));
    }
    let Some(ready) = find(conditions, "Ready") else {
        return (State::AtRisk, Some("the operator has not looked at it: is it running?".to_owned()));
    };
    match (ready.status.as_str(), ready.reason.as_str()) {
        ("True", _) => match instances.iter().find(|one| one.is_on_air()).and_then(Found::why) {
            Some(why) => (State::AtRisk, Some(why)),
            None => (State::Well, None),
        },
        (_, "Changing" | "Starting") => (State::Changing, Some(ready.message.clone())),
        _ => (State::AtRisk, Some(ready.message.clone())),
    }
}

/// On air without anybody who could go on: while instances start, that is to be expected.
fn alone(conditions: &[Condition]) -> State {
    let progressing = find(conditions, "Progressing").is_some_and(|one| one.status == "True");
    let is_stuck = find(conditions, "Redundant").is_some_and(|one| one.status == "False" && one.reason != "NoStandby");
    if progressing && !is_stuck { State::Changing } else { State::AtRisk }
}

fn why_alone(instances: &[Found]) -> String {
    let others = instances.iter().filter(|one| !one.is_on_air());
    let whys: Vec<_> = others.filter_map(|one| Some(format!("{}: {}", one.place(), one.why()?))).collect();
    if whys.is_empty() {
        "no other instance could go on".to_owned()
    } else {
        format!("no standby: {}", whys.join("; "))
    }
}

fn message(conditions: &[Condition], kind: &str) -> Option<String> {
    find(conditions, kind).filter(|one| one.status != "True").map(|one| one.message.clone())
}
