//! Rollouts from their first flow to their last.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::plan::*;
use crate::crd::{Flow, FlowState, Rollout, RolloutPhase};
use k8s_openapi::jiff::Timestamp;

/// A namespace with flows and a rollout, and an operator that obeys plans.
struct Stage {
    rollout: Rollout,
    flows: Vec<Flow>,
    /// Flows that do not keep the new version.
    bad: Vec<String>,
    seconds: i64,
}

fn flow(name: &str) -> Flow {
    let spec = json!({"handler": "ch7", "out": ["239.1.1.7:5000"], "version": "1.0.0"});
    serde_json::from_value(json!({
        "apiVersion": "flowclient.io/v1alpha1", "kind": "Flow", "spec": spec,
        "metadata": {"name": name, "namespace": "tv", "generation": 1},
        "status": {"observedGeneration": 1, "proven": {"revision": "1.0.0", "image": "flowclient:1.0.0", "spec": spec}},
    }))
    .unwrap()
}

impl Stage {
    fn new(spec: &Value, flows: usize) -> Self {
        let rollout = json!({
            "apiVersion": "flowclient.io/v1alpha1", "kind": "Rollout", "spec": spec,
            "metadata": {"name": "r", "namespace": "tv", "generation": 1},
        });
        let flows = (0..flows).map(|number| flow(&format!("ch{number}"))).collect();
        Self { rollout: serde_json::from_value(rollout).unwrap(), flows, bad: Vec::new(), seconds: 0 }
    }

    /// A look; what the plan says is written, but for what `lost` says.
    fn look(&mut self, is_status_lost: bool) -> Plan {
        self.seconds += 1;
        let flows = self.flows.iter().map(|flow| (flow.metadata.name.clone().unwrap(), flow)).collect();
        let now = Timestamp::from_second(1_800_000_000 + self.seconds).unwrap();
        let plan = plan(&Seen { rollout: &self.rollout, flows: &flows, waits_for: None, now });
        for told in &plan.tell {
            let flow = self.flows.iter_mut().find(|flow| flow.metadata.name.as_ref() == Some(&told.flow)).unwrap();
            (flow.spec.version, flow.spec.digest) = (told.image.version.clone(), told.image.digest.clone());
            flow.metadata.generation = flow.metadata.generation.map(|generation| generation + 1);
        }
        if !is_status_lost {
            self.rollout.status = Some(plan.status.clone());
        }
        plan
    }

    /// The operator brings flows to what they are told.
    fn tend_flows(&mut self) {
        for flow in &mut self.flows {
            let name = flow.metadata.name.clone().unwrap();
            let version = flow.spec.version.clone().unwrap();
            let generation = flow.metadata.generation;
            let status = flow.status.as_mut().unwrap();
            status.observed_generation = generation;
            let is_refused = self.bad.contains(&name) && version != "1.0.0";
            if is_refused {
                status.rollout = Some(
                    serde_json::from_value(json!({
                        "from": "1.0.0", "to": version, "image": "flowclient:2.0.0", "phase": "RolledBack",
                        "begun": "2026-01-01T00:00:00Z", "since": "2026-01-01T00:00:00Z", "message": "it crashes",
                    }))
                    .unwrap(),
                );
            } else {
                status.rollout = None;
                status.proven.as_mut().unwrap().spec["version"] = version.into();
            }
        }
    }

    fn run(&mut self) {
        for _ in 0..100 {
            self.look(false);
            self.tend_flows();
        }
        self.look(false);
    }

    fn versions(&self) -> Vec<&str> {
        self.flows.iter().map(|flow| flow.spec.version.as_deref().unwrap()).collect()
    }

    fn phase(&self) -> RolloutPhase {
        self.rollout.status.as_ref().unwrap().phase
    }

    fn states(&self) -> Vec<FlowState> {
        self.rollout.status.as_ref().unwrap().flows.iter().map(|change| change.state).collect()
    }
}

#[test]
fn all_flows_get_the_version_a_few_at_a_time() {
    let mut stage = Stage::new(&json!({"version": "2.0.0", "all": true, "atATime": 2}), 5);
    let first = stage.look(false);
    assert_eq!((first.tell.len(), first.status.phase), (0, RolloutPhase::Rolling), "what was before is written first");
    assert_eq!(stage.look(false).tell.len(), 2);
    stage.run();
    assert_eq!(stage.phase(), RolloutPhase::Done);
    assert_eq!(stage.versions(), ["2.0.0"; 5]);
}

#[test]
fn the_canaries_go_first_and_the_first_failure_stops_it() {
    let mut stage = Stage::new(&json!({"version": "2.0.0", "all": true, "canary": 1}), 3);
    stage.bad.push("ch0".to_owned());
    stage.run();
    assert_eq!(stage.phase(), RolloutPhase::Failed);
    assert_eq!(stage.states(), [FlowState::Failed, FlowState::Waiting, FlowState::Waiting]);
    let message = stage.rollout.status.as_ref().unwrap().message.clone();
    assert_eq!(message, "stopped with 0 of 3 flows done: ch0: it crashes");
    assert_eq!(stage.versions(), ["2.0.0", "1.0.0", "1.0.0"]);
    stage.rollout.spec.abort = true;
    stage.run();
    assert_eq!((stage.phase(), stage.versions()), (RolloutPhase::Aborted, vec!["1.0.0"; 3]));
}

#[test]
fn a_paused_rollout_begins_no_other_flow_and_goes_on_after() {
    let mut stage = Stage::new(&json!({"version": "2.0.0", "flows": ["ch1", "ch0"], "atATime": 1}), 2);
    stage.look(false);
    stage.rollout.spec.paused = true;
    stage.run();
    assert_eq!((stage.phase(), stage.versions()), (RolloutPhase::Paused, vec!["1.0.0", "2.0.0"]));
    stage.rollout.spec.paused = false;
    stage.run();
    assert_eq!(stage.phase(), RolloutPhase::Done);
}

#[test]
fn undo_puts_back_what_each_flow_had() {
    let mut stage = Stage::new(&json!({"version": "2.0.0", "all": true}), 3);
    stage.flows[1].spec.version = Some("1.0.0".to_owned());
    stage.run();
    stage.rollout.spec.undo = true;
    assert_eq!(stage.look(false).status.phase, RolloutPhase::GoingBack);
    stage.run();
    assert_eq!((stage.phase(), stage.versions()), (RolloutPhase::Undone, vec!["1.0.0"; 3]));
}

#[test]
fn a_flow_that_is_not_there_stops_it_before_anything_is_changed() {
    let mut stage = Stage::new(&json!({"version": "2.0.0", "flows": ["ch0", "ch9"]}), 1);
    stage.run();
    assert_eq!((stage.phase(), stage.versions()), (RolloutPhase::Failed, vec!["1.0.0"]));
    assert!(stage.rollout.status.unwrap().message.contains("ch9: there is no such flow"));
}

proptest! {
    /// The operator is killed between what it writes, and flows are late.
    #[test]
    fn whatever_is_lost_on_the_way_all_flows_get_it_and_undo_gives_back_what_they_had(
        steps in prop::collection::vec((any::<bool>(), any::<bool>()), 1..60),
        at_a_time in 1..4_u16, canary in 0..3_u16, bad in prop::collection::vec(any::<bool>(), 4),
    ) {
        let mut stage = Stage::new(&json!({"version": "2.0.0", "all": true, "atATime": at_a_time, "canary": canary}), 4);
        stage.bad = bad.iter().enumerate().filter(|(_, bad)| **bad).map(|(number, _)| format!("ch{number}")).collect();
        for (is_status_lost, is_late) in steps {
            stage.look(is_status_lost);
            let status = stage.rollout.status.clone().unwrap_or_default();
            let changing = status.flows.iter().filter(|change| change.state == FlowState::Changing).count();
            prop_assert!(changing <= usize::from(at_a_time));
            if !is_late {
                stage.tend_flows();
            }
        }
        stage.run();
        let wanted = if stage.bad.is_empty() { RolloutPhase::Done } else { RolloutPhase::Failed };
        prop_assert_eq!(stage.phase(), wanted);
        stage.rollout.spec.undo = true;
        stage.run();
        prop_assert_eq!((stage.phase(), stage.versions()), (RolloutPhase::Undone, vec!["1.0.0"; 4]));
    }
}
