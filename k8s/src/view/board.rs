//! All flows at one look, as `flowctl status` shows them and writes them as JSON.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use serde::Serialize;

use super::answer::{FlowAnswer, Recent};
use super::instance::{Found, Shown};
use super::state::{State, state};
use crate::crd::Flow;

/// A flow with its instances, as they were found.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The flow.
    pub flow: Flow,
    /// Its instances.
    pub instances: Vec<Found>,
}

/// All flows at one look.
#[derive(Clone, Debug, Serialize)]
pub struct Board {
    /// The worst of all.
    pub state: State,
    /// The flows, by namespace and name.
    pub flows: Vec<Row>,
}

/// A flow at one look. What is not known is null.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: State,
    /// Why not well.
    pub why: Option<String>,
    /// The handler, or the URL that it comes from.
    pub source: Option<String>,
    /// Where it goes.
    pub out: Vec<String>,
    /// The nodes that are on air: one, but for legs and mishaps.
    pub on_air: Vec<String>,
    /// Since when, in UTC.
    pub on_air_since: Option<Time>,
    /// The others.
    pub standby: Vec<Standby>,
    /// Version on air.
    pub version: Option<String>,
    /// Rate of the output.
    pub bits_per_second: Option<f64>,
    /// Errors of TR 101 290 and losses of late, at the input of the instance on air.
    pub recent: Option<Recent>,
    /// When the air last came to an instance, and why.
    pub last_takeover: Option<Takeover>,
    /// All instances.
    pub instances: Vec<Shown>,
    /// What the operator last told.
    pub conditions: Vec<Condition>,
}

/// An instance that is not on air.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standby {
    /// Its node.
    pub node: String,
    /// Whether it could go on.
    pub ready: bool,
    /// Why not.
    pub why: Option<String>,
}

/// The air came to an instance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Takeover {
    /// When, in UTC.
    pub at: Time,
    /// To which node.
    pub node: String,
    /// Why, as `flowclient_takeovers_total` calls it.
    pub reason: String,
}

impl Board {
    /// The flows as found at `now`.
    pub fn of(subjects: &[Subject], now: Timestamp) -> Self {
        let mut flows: Vec<_> = subjects.iter().map(|subject| Row::of(subject, now)).collect();
        flows.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
        Self { state: flows.iter().map(|row| row.state).max().unwrap_or(State::Well), flows }
    }
}

impl Row {
    /// A flow as found at `now`.
    pub fn of(subject: &Subject, now: Timestamp) -> Self {
        let Subject { flow, instances } = subject;
        let status = flow.status.clone().unwrap_or_default();
        let (state, why) = state(&status.conditions, instances);
        let on_air: Vec<_> = instances.iter().filter(|one| one.is_on_air()).collect();
        let first = on_air.first().and_then(|one| one.said.as_ref().ok());
        let entry = &flow.spec.entry;
        let mut shown: Vec<_> = instances.iter().map(Found::shown).collect();
        shown.sort_by(|one, other| (!one.on_air, &one.pod).cmp(&(!other.on_air, &other.pod)));
        Self {
            namespace: flow.namespace().unwrap_or_default(),
            name: flow.name_any(),
            state,
            why,
            source: entry.text("handler").or_else(|| entry.text("in")).map(str::to_owned),
            out: outputs(flow),
            on_air: on_air.iter().map(|one| one.place()).collect(),
            on_air_since: first.and_then(|(_, answer)| since(answer, now)),
            standby: instances.iter().filter(|one| !one.is_on_air()).map(Standby::of).collect(),
            version: first.map(|(version, _)| version.clone()),
            bits_per_second: first.map(|(_, answer)| answer.output.bits_per_second),
            recent: first.and_then(|(_, answer)| answer.recent),
            last_takeover: last_takeover(instances),
            instances: shown,
            conditions: status.conditions,
        }
    }
}

fn outputs(flow: &Flow) -> Vec<String> {
    let outputs = flow.spec.entry.fields().get("out").and_then(|out| out.as_array());
    let outputs = outputs.into_iter().flatten().filter_map(|output| output.as_str());
    outputs.map(str::to_owned).collect()
}

/// One that has nobody beside it is on air for as long as it runs.
fn since(answer: &FlowAnswer, now: Timestamp) -> Option<Time> {
    match &answer.pair {
        Some(pair) => at(pair.since_timestamp),
        None => now.checked_sub(SignedDuration::try_from_secs_f64(answer.uptime_seconds).ok()?).ok().map(Time),
    }
}

/// A time in Unix seconds, to the second.
fn at(seconds: f64) -> Option<Time> {
    Timestamp::from_second(seconds as i64).ok().map(Time)
}

fn last_takeover(instances: &[Found]) -> Option<Takeover> {
    let changes = instances.iter().filter_map(|one| Some((one, one.answer()?.pair.as_ref()?.last_change.as_ref()?)));
    let came = changes.filter(|(_, change)| change.on_air);
    let (one, change) = came.max_by(|(_, one), (_, other)| one.timestamp.total_cmp(&other.timestamp))?;
    Some(Takeover { at: at(change.timestamp)?, node: one.place(), reason: change.reason.clone() })
}

impl Standby {
    fn of(one: &Found) -> Self {
        Self { node: one.place(), ready: one.is_ready_standby(), why: one.why() }
    }
}
