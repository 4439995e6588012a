//! Flows from their first day to their last, seen as the operator sees them.

mod signatures;

use k8s_openapi::api::core::v1::Pod;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::crd::Phase;
use crate::operator::conditions::find;
use crate::operator::config::for_tests;
use crate::operator::desired::Kind;
use crate::operator::heard::Heard;
use crate::operator::pods::PodSeen;
use crate::operator::standing::Standing;

/// A cluster with one flow in it, and what the operator remembers.
struct Stage {
    flow: Flow,
    handler: Option<Handler>,
    others: Vec<Flow>,
    ledger: Ledger,
    deployments: Vec<DeploymentSeen>,
    standings: Vec<Standing>,
    verdicts: Verdicts,
    seconds: i64,
}

fn flow(name: &str, spec: &Value) -> Flow {
    serde_json::from_value(json!({
        "apiVersion": "flowclient.io/v1alpha1", "kind": "Flow", "spec": spec,
        "metadata": {"name": name, "namespace": "tv", "uid": "1", "generation": 3, "creationTimestamp": "2026-01-01T00:00:00Z"},
    }))
    .unwrap()
}

fn handler(source: &str) -> Handler {
    serde_json::from_value(json!({
        "apiVersion": "flowclient.io/v1alpha1", "kind": "Handler", "metadata": {"name": "ch7"},
        "spec": {"title": "Channel 7", "source": source},
    }))
    .unwrap()
}

fn pair() -> Value {
    json!({"handler": "ch7", "out": ["239.1.1.7:5000"]})
}

impl Stage {
    fn new(spec: &Value) -> Self {
        Self {
            flow: flow("ch7", spec),
            handler: Some(handler("udp://239.9.9.9:5000")),
            others: Vec::new(),
            ledger: Ledger::new(20_000..=20_009),
            deployments: Vec::new(),
            standings: Vec::new(),
            verdicts: Verdicts::default(),
            seconds: 0,
        }
    }

    /// A look, after which the cluster has what was decided, but for the instances.
    fn look(&mut self) -> Decision {
        self.seconds += 1;
        let flows: Vec<&Flow> = self.others.iter().chain([&self.flow]).collect();
        let seen = Seen {
            flow: &self.flow,
            handler: self.handler.as_ref(),
            flows: &flows,
            standings: Standings(self.standings.clone()),
            deployments: self.deployments.clone(),
            verdicts: self.verdicts.clone(),
            now: Timestamp::from_second(1_800_000_000 + self.seconds).unwrap(),
        };
        let decision = decide(&seen, &mut self.ledger, &for_tests());
        for object in decision.make.iter().filter(|object| object.kind == Kind::Deployment) {
            let label = |name: &str| object.value["metadata"]["labels"][name].as_str().unwrap().to_owned();
            let (revision, content) = (label("flowclient.io/revision"), label("flowclient.io/content"));
            let image = object.value.pointer("/spec/template/spec/containers/0/image").unwrap();
            let image = image.as_str().unwrap().to_owned();
            let made = DeploymentSeen { name: object.name.clone(), revision, content, image };
            if !self.deployments.contains(&made) {
                self.deployments.push(made);
            }
        }
        self.deployments.retain(|deployment| !decision.end.contains(&deployment.name));
        self.flow.status = Some(decision.status.clone());
        decision
    }

    fn revision(&self) -> String {
        self.flow.status.clone().unwrap().revision.unwrap()
    }

    /// An instance of the newest revision that answers.
    fn add(&mut self, node: &str, state: &str, ready: bool) {
        let standing = Standing { pod: pod(node, &self.revision(), &json!({})), heard: Some(heard(state, ready)) };
        self.standings.retain(|other| other.pod.name != standing.pod.name);
        self.standings.push(standing);
    }

    fn add_pair(&mut self) {
        self.add("k1", "on air", true);
        self.add("k2", "standby", true);
    }

    fn condition(&self, kind: &str) -> (String, String) {
        let status = self.flow.status.clone().unwrap();
        let condition = find(&status.conditions, kind).unwrap();
        (condition.status.clone(), condition.reason.clone())
    }

    #[track_caller]
    fn assert_condition(&self, kind: &str, status: &str, reason: &str) {
        assert_eq!(self.condition(kind), (status.to_owned(), reason.to_owned()), "{kind}");
    }
}

fn pod(node: &str, revision: &str, status: &Value) -> PodSeen {
    let mut whole = json!({"phase": "Running", "hostIP": "192.168.2.163"});
    whole.as_object_mut().unwrap().extend(status.as_object().unwrap().clone());
    let pod: Pod = serde_json::from_value(json!({
        "metadata": {"name": format!("ch7-{revision}-{node}"), "labels": {"flowclient.io/revision": revision}},
        "spec": {"nodeName": node, "containers": [{"name": "flowclient", "ports": [{"containerPort": 20000}]}]},
        "status": whole,
    }))
    .unwrap();
    PodSeen::of(&pod)
}

fn heard(state: &str, ready: bool) -> Heard {
    let flow = json!({
        "name": "ch7", "state": state, "on_air": state == "on air", "ready": ready,
        "stream": {"continuity_errors": 0}, "output": {"bits_per_second": 8e6},
    });
    Heard { version: "1.0.0".to_owned(), flow: serde_json::from_value(flow).unwrap(), shadow_equal: None }
}

fn reasons(decision: &Decision) -> Vec<&str> {
    decision.news.iter().map(|news| news.reason.as_str()).collect()
}

#[test]
fn a_flow_becomes_a_pair_on_air() {
    let mut stage = Stage::new(&pair());
    let first = stage.look();
    let kinds: Vec<_> = first.make.iter().map(|object| object.kind).collect();
    assert_eq!(kinds, [Kind::ConfigMap, Kind::Deployment, Kind::PodDisruptionBudget]);
    assert_eq!(first.make_pair_key.as_deref(), Some("ch7-pair-key"));
    assert_eq!(first.status.holds, ["udp://239.1.1.7:5000", "udp://239.1.1.7:5001"]);
    stage.assert_condition("Ready", "False", "NothingOnAir");
    stage.add_pair();
    let second = stage.look();
    assert_eq!(reasons(&second), ["OnAir", "AllWell", "OnAir", "Standby"]);
    let status = second.status;
    assert_eq!((status.on_air_node.as_deref(), status.standby_node.as_deref()), (Some("k1"), Some("k2")));
    assert_eq!((status.version.as_deref(), status.measured.unwrap().bitrate.as_str()), (Some("1.0.0"), "8.0 Mb/s"));
    stage.assert_condition("Redundant", "True", "Standby");
    stage.assert_condition("Progressing", "False", "Complete");
}

#[test]
fn a_flow_that_is_as_it_was_is_told_as_it_was() {
    let mut stage = Stage::new(&pair());
    stage.look();
    stage.add_pair();
    let before = stage.look();
    let again = stage.look();
    assert_eq!((again.status, again.news, again.make_pair_key), (before.status, vec![], None));
}

#[test]
fn a_node_that_goes_is_told_and_the_other_is_on_air() {
    let mut stage = Stage::new(&pair());
    stage.look();
    stage.add_pair();
    stage.look();
    stage.standings[0].heard = None;
    stage.add("k2", "on air", true);
    let decision = stage.look();
    assert_eq!(decision.status.on_air_node.as_deref(), Some("k2"));
    assert!(reasons(&decision).contains(&"TakenOver"), "{:?}", decision.news);
    stage.assert_condition("OnAir", "True", "OnAir");
    stage.assert_condition("Redundant", "Unknown", "NotHeard");
}

#[test]
fn where_nobody_answers_nothing_is_known_and_nothing_is_undone() {
    let mut stage = Stage::new(&pair());
    stage.look();
    stage.add_pair();
    stage.look();
    stage.standings.iter_mut().for_each(|standing| standing.heard = None);
    let decision = stage.look();
    assert_eq!(decision.status.on_air_node.as_deref(), Some("k1"));
    stage.assert_condition("OnAir", "Unknown", "NotHeard");
    stage.assert_condition("Ready", "Unknown", "NotHeard");
    assert_eq!(decision.end, [""; 0]);
}

#[test]
fn another_version_joins_and_is_compared_while_the_old_one_stays() {
    let mut stage = Stage::new(&pair());
    stage.look();
    stage.add_pair();
    stage.look();
    let old = stage.revision();
    stage.flow.spec.version = Some("1.1.0".to_owned());
    assert_eq!(stage.look().end, [""; 0]);
    let rollout = stage.flow.status.clone().unwrap().rollout.unwrap();
    assert_eq!((rollout.from, rollout.to), (old.clone(), stage.revision()));
    stage.add("k3", "standby", true);
    stage.add("k4", "standby", false);
    assert_eq!(stage.look().end, [""; 0]);
    stage.assert_condition("Progressing", "True", "Changing");
    stage.add("k4", "standby", true);
    assert_eq!(stage.look().end, [""; 0]);
    assert_eq!(stage.flow.status.clone().unwrap().rollout.unwrap().phase, Phase::Shadowing);
}

#[test]
fn another_source_cannot_make_what_is_on_air_and_need_not() {
    let mut stage = Stage::new(&pair());
    stage.look();
    stage.add_pair();
    stage.look();
    let old = stage.revision();
    stage.handler = Some(handler("udp://239.8.8.8:5000"));
    stage.look();
    stage.add("k3", "standby", false);
    stage.add("k4", "no input", false);
    assert_eq!(stage.look().end, [""; 0]);
    stage.add("k4", "standby", false);
    let ended: Vec<_> = (0..20).flat_map(|_| stage.look().end).collect();
    assert_eq!(ended, [format!("ch7-{old}")]);
}

#[test]
fn without_a_pair_the_old_instance_ends_before_the_new_one_begins() {
    let mut stage = Stage::new(&json!({"handler": "ch7", "out": ["239.1.1.7:5000"], "pair": "off"}));
    assert!(stage.look().end_budget);
    stage.add("k1", "on air", true);
    stage.look();
    stage.assert_condition("Ready", "True", "AllWell");
    stage.flow.spec.version = Some("1.1.0".to_owned());
    let change = stage.look();
    assert_eq!((change.end.len(), change.make.len()), (1, 1), "{:?}", change.make);
    assert!(stage.look().make.iter().all(|object| object.kind != Kind::Deployment), "its pod is still there");
    stage.standings.clear();
    assert!(stage.look().make.iter().any(|object| object.kind == Kind::Deployment));
}

#[test]
fn a_handler_that_is_deleted_on_air_is_used_as_it_was() {
    let mut stage = Stage::new(&pair());
    stage.look();
    stage.add_pair();
    stage.look();
    let revision = stage.revision();
    stage.handler = None;
    let decision = stage.look();
    assert_eq!((stage.revision(), decision.end.len()), (revision, 0));
    assert_eq!(reasons(&decision), ["HandlerMissing"]);
    stage.assert_condition("HandlerCurrent", "False", "HandlerMissing");
    stage.assert_condition("OnAir", "True", "OnAir");
}

#[test]
fn a_flow_without_a_handler_makes_nothing() {
    let mut stage = Stage::new(&pair());
    stage.handler = None;
    let decision = stage.look();
    assert!(decision.has_problem && decision.make.is_empty() && decision.status.holds.is_empty());
    stage.assert_condition("Ready", "False", "HandlerMissing");
    assert!(reasons(&decision).contains(&"HandlerMissing"));
}

#[test]
fn a_mistake_takes_no_channel_off_air() {
    let mut stage = Stage::new(&pair());
    stage.look();
    stage.add_pair();
    stage.look();
    let held = stage.flow.status.clone().unwrap().holds;
    stage.flow.spec = flow("ch7", &json!({"handler": "ch7", "out": ["239.1.1.7"]})).spec;
    let decision = stage.look();
    assert!(decision.make.is_empty() && decision.end.is_empty());
    assert_eq!(decision.status.holds, held);
    stage.assert_condition("Ready", "False", "Invalid");
    stage.assert_condition("OnAir", "True", "OnAir");
}

#[test]
fn an_output_of_another_flow_is_a_conflict_until_that_goes() {
    let mut stage = Stage::new(&pair());
    let other = FlowKey::new("sport", "ch7");
    stage.ledger.hold(&other, vec!["239.1.1.7:5000".parse().unwrap()]).unwrap();
    let decision = stage.look();
    assert!(decision.make.is_empty());
    assert_eq!(reasons(&decision), ["OutputTaken"]);
    stage.assert_condition("Conflict", "True", "OutputTaken");
    stage.ledger.forget(&other);
    assert!(!stage.look().make.is_empty());
    stage.assert_condition("Conflict", "False", "NoConflict");
}

#[test]
fn the_older_of_two_flows_with_one_output_has_it() {
    let mut stage = Stage::new(&pair());
    let mut older = flow("aaa", &pair());
    older.metadata.creation_timestamp = serde_json::from_value(json!("2025-01-01T00:00:00Z")).unwrap();
    stage.others.push(older);
    assert!(stage.look().make.is_empty());
    stage.assert_condition("Conflict", "True", "OutputTaken");
}

#[test]
fn why_no_pod_runs_is_told() {
    let mut stage = Stage::new(&pair());
    stage.look();
    let status = json!({"phase": "Pending", "conditions": [{
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/4 nodes are available",
    }]});
    stage.standings.push(Standing { pod: pod("", &stage.revision(), &status), heard: None });
    let decision = stage.look();
    assert_eq!(reasons(&decision)[0], "NoNodeFits");
    stage.assert_condition("Ready", "False", "NoNodeFits");
}

#[test]
fn a_secret_that_may_be_missing_is_made_again() {
    let mut stage = Stage::new(&pair());
    stage.look();
    let waiting = json!({"phase": "Pending", "startTime": "2026-01-01T00:00:00Z", "containerStatuses": [{
        "name": "flowclient", "image": "", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": "ContainerCreating"}},
    }]});
    stage.standings.push(Standing { pod: pod("k1", &stage.revision(), &waiting), heard: None });
    assert!(stage.look().make_pair_key.is_some());
}

#[test]
fn all_legs_are_to_be_on_air() {
    let outputs = ["rtp://239.1.1.7:5000", "rtp://239.1.2.7:5000"];
    let mut stage = Stage::new(&json!({"handler": "ch7", "out": outputs, "pair": "active-active"}));
    let first = stage.look();
    assert_eq!(first.make.iter().filter(|object| object.kind == Kind::Deployment).count(), 2);
    assert_eq!(first.make_pair_key, None);
    stage.add("k1", "on air", true);
    stage.look();
    stage.assert_condition("Redundant", "False", "Legs");
    stage.add("k2", "on air", true);
    stage.look();
    stage.assert_condition("Ready", "True", "AllWell");
}

/// What can happen to a flow.
#[derive(Clone, Debug)]
enum Happening {
    Look,
    Answer {
        node: usize,
        state: usize,
        ready: bool,
    },
    Silence {
        node: usize,
    },
    Version(u8),
    Source(u8),
    /// The operator is killed, and another begins with what the flow says.
    Restart,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => Just(Happening::Look),
        6 => (0..4_usize, 0..3_usize, any::<bool>()).prop_map(|(node, state, ready)| Happening::Answer { node, state, ready }),
        2 => (0..4_usize).prop_map(|node| Happening::Silence { node }),
        1 => (0..3_u8).prop_map(Happening::Version),
        1 => (0..2_u8).prop_map(Happening::Source),
        1 => Just(Happening::Restart),
    ]
}

impl Stage {
    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Look => {}
            Happening::Answer { node, state, ready } => {
                self.add(&format!("k{node}"), ["on air", "standby", "no input"][*state], *ready);
            }
            Happening::Silence { node } => {
                let node = format!("k{node}");
                let of_node = self.standings.iter_mut().filter(|standing| standing.pod.node.as_ref() == Some(&node));
                of_node.for_each(|standing| standing.heard = None);
            }
            Happening::Version(number) => self.flow.spec.version = Some(format!("1.0.{number}")),
            Happening::Source(number) => self.handler = Some(handler(&format!("udp://239.9.9.{number}:5000"))),
            Happening::Restart => {
                self.ledger = Ledger::new(20_000..=20_009);
                self.ledger.fill([&self.flow]);
            }
        }
    }

    /// Pods of deployments that ended are gone.
    fn let_ended_pods_go(&mut self) {
        let there: Vec<_> = self.deployments.iter().map(|deployment| deployment.revision.clone()).collect();
        self.standings.retain(|standing| there.contains(&standing.pod.revision));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_happens_what_is_wanted_or_was_proven_does_not_end(happenings in prop::collection::vec(happening(), 1..80)) {
        let mut stage = Stage::new(&pair());
        stage.look();
        let port = stage.flow.status.clone().unwrap().port;
        for happening in &happenings {
            stage.happen(happening);
            let decision = stage.look();
            if !decision.end.is_empty() {
                prop_assert!(decision.end.iter().all(|name| !name.contains(&stage.revision())));
            }
            prop_assert_eq!(decision.status.port, port);
            prop_assert!(decision.status.holds.contains(&"udp://239.1.1.7:5000".to_owned()));
            stage.let_ended_pods_go();
            // Back from a change that was taken back midway, and the change is forgotten.
            (0..2).for_each(|_| drop(stage.look()));
            let mut still = stage.look().news;
            // With what has proved itself, all may be well: that is news as well, but once.
            if still.iter().any(|news| news.reason == "Proven") {
                still = stage.look().news;
            }
            let is_changing = stage.flow.status.as_ref().is_some_and(|status| status.rollout.is_some());
            prop_assert!(is_changing || still.is_empty(), "{:?}", still);
        }
    }
}
