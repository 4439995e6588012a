//! What a rollout does next: a pure function of it and of the flows.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::crd::{
    DEFAULT_AT_A_TIME, Flow, FlowChange, FlowState, Phase, Rollout, RolloutPhase, RolloutSpec, RolloutStatus,
};

/// What was seen.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// The rollout.
    pub rollout: &'a Rollout,
    /// The flows of its namespace, by name.
    pub flows: &'a BTreeMap<String, &'a Flow>,
    /// The rollout of the namespace that goes first, if it is another.
    pub waits_for: Option<&'a str>,
    /// The time now.
    pub now: Timestamp,
}

/// An image as a flow names it; neither is the operator's default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// Its tag.
    pub version: Option<String>,
    /// Its digest.
    pub digest: Option<String>,
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version.as_deref().or(self.digest.as_deref()).unwrap_or("the default version"))
    }
}

/// That a flow is to have an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The flow.
    pub flow: String,
    /// The image.
    pub image: Image,
}

/// What comes next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Flows that are told, by what the status said before.
    pub tell: Vec<Told>,
    /// How it stands.
    pub status: RolloutStatus,
}

/// Plans the next step.
pub fn plan(seen: &Seen<'_>) -> Plan {
    let before = seen.rollout.status.clone().unwrap_or_default();
    let spec = &seen.rollout.spec;
    let mut flows = if before.begun.is_some() { before.flows.clone() } else { chosen(seen) };
    let tell = flows.iter().filter_map(|change| told(seen, change)).collect();
    flows.iter_mut().for_each(|change| *change = observe(seen, change));
    if spec.undo || spec.abort {
        flows.iter_mut().for_each(|change| turn_back(spec, change));
    } else if !spec.paused && seen.waits_for.is_none() {
        begin_more(seen, &mut flows);
    }
    let (phase, message) = phase(seen, &flows);
    let is_over = phase.is_over() && !flows.iter().any(|change| change.state == FlowState::Changing);
    let status = RolloutStatus {
        observed_generation: seen.rollout.metadata.generation,
        phase,
        message,
        done: count(&flows, FlowState::Done),
        total: u16::try_from(flows.len()).unwrap_or(u16::MAX),
        flows,
        begun: before.begun.or_else(|| seen.waits_for.is_none().then_some(Time(seen.now))),
        ended: is_over.then(|| before.ended.unwrap_or(Time(seen.now))),
    };
    Plan { tell, status }
}

fn chosen(seen: &Seen<'_>) -> Vec<FlowChange> {
    let spec = &seen.rollout.spec;
    let names = if spec.all { seen.flows.keys().cloned().collect() } else { spec.flows.clone() };
    let waiting = |name| FlowChange {
        name,
        state: FlowState::Waiting,
        message: None,
        previous_version: None,
        previous_digest: None,
    };
    names.into_iter().map(waiting).collect()
}

impl Image {
    /// What a rollout brings.
    fn of_rollout(spec: &RolloutSpec) -> Self {
        Self { version: spec.version.clone(), digest: spec.digest.clone() }
    }

    /// What a flow is to have.
    fn of_flow(flow: &Flow) -> Self {
        Self { version: flow.spec.version.clone(), digest: flow.spec.digest.clone() }
    }

    fn previous(change: &FlowChange) -> Self {
        Self { version: change.previous_version.clone(), digest: change.previous_digest.clone() }
    }

    /// What a flow has proved.
    fn proven(flow: &Flow) -> Option<Self> {
        let spec = &flow.status.as_ref()?.proven.as_ref()?.spec;
        let text = |field: &str| spec.get(field).and_then(|value| value.as_str()).map(ToOwned::to_owned);
        Some(Self { version: text("version"), digest: text("digest") })
    }
}

/// What a flow is told that its state in the status says it should have, and that has it not.
fn told(seen: &Seen<'_>, change: &FlowChange) -> Option<Told> {
    let image = match change.state {
        FlowState::Changing => Image::of_rollout(&seen.rollout.spec),
        FlowState::GoingBack => Image::previous(change),
        _ => return None,
    };
    let flow = seen.flows.get(&change.name)?;
    (Image::of_flow(flow) != image).then(|| Told { flow: change.name.clone(), image })
}

fn observe(seen: &Seen<'_>, change: &FlowChange) -> FlowChange {
    let Some(flow) = seen.flows.get(&change.name) else {
        let message = Some("there is no such flow".to_owned());
        return FlowChange { state: FlowState::Gone, message, ..change.clone() };
    };
    let (state, message) = match change.state {
        FlowState::Changing => changing(flow, &Image::of_rollout(&seen.rollout.spec)),
        FlowState::GoingBack => going_back(flow, &Image::previous(change)),
        FlowState::Gone => (FlowState::Waiting, None),
        state => (state, change.message.clone()),
    };
    FlowChange { state, message, ..change.clone() }
}

fn is_looked_at(flow: &Flow) -> bool {
    flow.status.as_ref().is_some_and(|status| status.observed_generation == flow.metadata.generation)
}

fn changing(flow: &Flow, image: &Image) -> (FlowState, Option<String>) {
    if Image::of_flow(flow) != *image || !is_looked_at(flow) {
        return (FlowState::Changing, Some("it is told".to_owned()));
    }
    let rollout = flow.status.as_ref().and_then(|status| status.rollout.as_ref());
    match rollout {
        Some(rollout) if rollout.phase == Phase::RolledBack => (FlowState::Failed, rollout.message.clone()),
        Some(rollout) => (FlowState::Changing, Some(format!("{:?}", rollout.phase))),
        None if Image::proven(flow).as_ref() == Some(image) => (FlowState::Done, None),
        None => (FlowState::Changing, not_ready(flow)),
    }
}

fn not_ready(flow: &Flow) -> Option<String> {
    let conditions = &flow.status.as_ref()?.conditions;
    let ready = conditions.iter().find(|condition| condition.type_ == "Ready")?;
    Some(format!("{}: {}", ready.reason, ready.message))
}

fn going_back(flow: &Flow, image: &Image) -> (FlowState, Option<String>) {
    let rollout = flow.status.as_ref().and_then(|status| status.rollout.as_ref());
    let is_back = Image::of_flow(flow) == *image && is_looked_at(flow) && rollout.is_none();
    if is_back {
        (FlowState::Undone, None)
    } else {
        (FlowState::GoingBack, rollout.map(|rollout| format!("{:?}", rollout.phase)))
    }
}

/// With `abort` what is under way or has failed gets back what it had, with `undo` all that was changed.
fn turn_back(spec: &RolloutSpec, change: &mut FlowChange) {
    let turns = match change.state {
        FlowState::Changing | FlowState::Failed => true,
        FlowState::Done => spec.undo,
        _ => false,
    };
    if turns {
        (change.state, change.message) = (FlowState::GoingBack, None);
    }
}

fn count(flows: &[FlowChange], state: FlowState) -> u16 {
    u16::try_from(flows.iter().filter(|change| change.state == state).count()).unwrap_or(u16::MAX)
}

/// The first that could not be changed.
fn failed(flows: &[FlowChange]) -> Option<&FlowChange> {
    flows.iter().find(|change| matches!(change.state, FlowState::Failed | FlowState::Refused | FlowState::Gone))
}

/// How many of the first flows must have the version before others begin; none when they have.
fn canaries(spec: &RolloutSpec, flows: &[FlowChange]) -> Option<usize> {
    let first = usize::from(spec.canary.unwrap_or(0)).min(flows.len());
    flows[..first].iter().any(|change| change.state != FlowState::Done).then_some(first)
}

fn begin_more(seen: &Seen<'_>, flows: &mut [FlowChange]) {
    if failed(flows).is_some() {
        return;
    }
    let spec = &seen.rollout.spec;
    let pool = canaries(spec, flows).unwrap_or(flows.len());
    let at_a_time = usize::from(spec.at_a_time.unwrap_or(DEFAULT_AT_A_TIME));
    let room = at_a_time.saturating_sub(count(flows, FlowState::Changing).into());
    let waiting = flows[..pool].iter_mut().filter(|change| change.state == FlowState::Waiting);
    for change in waiting.take(room) {
        let previous = seen.flows.get(&change.name).map(|flow| Image::of_flow(flow)).unwrap_or_default();
        (change.previous_version, change.previous_digest) = (previous.version, previous.digest);
        change.state = FlowState::Changing;
    }
}

fn phase(seen: &Seen<'_>, flows: &[FlowChange]) -> (RolloutPhase, String) {
    let spec = &seen.rollout.spec;
    let (done, total) = (count(flows, FlowState::Done), flows.len());
    let going_back = count(flows, FlowState::GoingBack);
    if spec.undo || spec.abort {
        return match going_back {
            0 if spec.undo => (RolloutPhase::Undone, "all flows have what they had before".to_owned()),
            0 => (RolloutPhase::Aborted, format!("{done} of {total} flows have it, the others what they had before")),
            _ => (RolloutPhase::GoingBack, format!("{going_back} flows go back to what they had")),
        };
    }
    if let Some(failed) = failed(flows) {
        let why = failed.message.as_deref().unwrap_or("it has failed");
        return (RolloutPhase::Failed, format!("stopped with {done} of {total} flows done: {}: {why}", failed.name));
    }
    if usize::from(done) == total {
        return (RolloutPhase::Done, format!("all {total} flows have it"));
    }
    if let Some(first) = seen.waits_for {
        return (RolloutPhase::Waiting, format!("rollout {first} goes first"));
    }
    if spec.paused {
        return (RolloutPhase::Paused, format!("paused with {done} of {total} flows done"));
    }
    match canaries(spec, flows) {
        Some(first) => (RolloutPhase::Canary, format!("the first {first} of {total} flows prove it")),
        None => (RolloutPhase::Rolling, format!("{done} of {total} flows have it")),
    }
}
