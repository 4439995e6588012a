//! A flow that gets another version, good or bad, with an operator that is killed, late, and hard of hearing.

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use crate::crd::{Flow, Phase};
use crate::operator::config::for_tests;
use crate::operator::decide::{Decision, Seen, decide};
use crate::operator::desired::Kind;
use crate::operator::heard::Heard;
use crate::operator::ledger::Ledger;
use crate::operator::pods::PodSeen;
use crate::operator::standing::{Standing, Standings};
use crate::operator::transition::DeploymentSeen;
use crate::operator::verdict::Verdicts;

/// What is wrong with a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Good,
    Crashes,
    ImageMissing,
    NeverReady,
    /// It drops one datagram in a thousand.
    Drops,
    /// It alters one byte, once.
    Alters,
    /// What it makes is right, and what it sends is not.
    WrongOnAir,
    /// It loses packets once it is on air.
    LosesOnAir,
    /// It ends once it is on air, and is started again.
    RestartsOnAir,
}

const BAD: [Version; 8] = [
    Version::Crashes,
    Version::ImageMissing,
    Version::NeverReady,
    Version::Drops,
    Version::Alters,
    Version::WrongOnAir,
    Version::LosesOnAir,
    Version::RestartsOnAir,
];

impl Version {
    /// Whether it can be seen before it is on air.
    const fn shows_before(self) -> bool {
        matches!(self, Self::Crashes | Self::ImageMissing | Self::NeverReady | Self::Drops | Self::Alters)
    }
}

#[derive(Clone, Debug)]
struct Instance {
    number: u64,
    revision: String,
    version: Version,
    age: u64,
    on_air: bool,
    equal: u64,
    different: u64,
    lost: u64,
    heard: Option<Heard>,
}

/// A cluster with one flow, whose instances do as theirs would.
struct World {
    flow: Flow,
    ledger: Ledger,
    deployments: Vec<DeploymentSeen>,
    instances: Vec<Instance>,
    next: Version,
    seconds: u64,
    drawn: u64,
    /// Whether an instance that is no good was ever on air.
    was_bad_on_air: bool,
}

impl World {
    /// A pair on air, proven.
    fn new() -> Self {
        let flow = json!({
            "apiVersion": "flowclient.io/v1alpha1", "kind": "Flow",
            "spec": {"in": "udp://239.9.9.9:5000", "out": ["239.1.1.7:5000"], "version": "1.0.0"},
            "metadata": {"name": "ch7", "namespace": "tv", "uid": "1", "generation": 1},
        });
        let mut world = Self {
            flow: serde_json::from_value(flow).unwrap(),
            ledger: Ledger::new(20_000..=20_009),
            deployments: Vec::new(),
            instances: Vec::new(),
            next: Version::Good,
            seconds: 0,
            drawn: 0,
            was_bad_on_air: false,
        };
        (0..10).for_each(|_| world.second(&Trouble::default()));
        assert!(world.flow.status.as_ref().unwrap().proven.is_some());
        world
    }

    fn change_to(&mut self, version: Version) {
        self.next = version;
        self.flow.spec.version = Some("2.0.0".to_owned());
        self.flow.metadata.generation = Some(2);
    }

    /// A second of the world, and a look of the operator.
    fn second(&mut self, trouble: &Trouble) {
        self.seconds += 1;
        self.live();
        for (index, instance) in self.instances.iter_mut().enumerate() {
            if trouble.unheard.get(index % trouble.unheard.len().max(1)).copied().unwrap_or(false) {
                instance.heard = None;
            } else if !trouble.is_late {
                instance.heard = heard(instance);
            }
        }
        let standings =
            self.instances.iter().map(|instance| Standing { pod: pod(instance), heard: instance.heard.clone() });
        let seen = Seen {
            flow: &self.flow,
            handler: None,
            flows: &[&self.flow],
            standings: Standings(standings.collect()),
            deployments: self.deployments.clone(),
            verdicts: Verdicts::default(),
            now: Timestamp::from_second(1_800_000_000 + i64::try_from(self.seconds).unwrap()).unwrap(),
        };
        let decision = decide(&seen, &mut self.ledger, &for_tests());
        self.carry_out(&decision, trouble.killed_after);
        if trouble.killed_after.is_some() {
            self.ledger = Ledger::new(20_000..=20_009);
            self.ledger.fill([&self.flow]);
        }
    }

    /// Carries out a decision, in the operator's order, until it is killed.
    fn carry_out(&mut self, decision: &Decision, killed_after: Option<usize>) {
        let mut left = killed_after.unwrap_or(usize::MAX);
        let mut may_go_on = || {
            let may = left > 0;
            left = left.saturating_sub(1);
            may
        };
        for object in decision.make.iter().filter(|object| object.kind == Kind::Deployment) {
            let label = |name: &str| object.value["metadata"]["labels"][name].as_str().unwrap().to_owned();
            let (revision, content) = (label("flowclient.io/revision"), label("flowclient.io/content"));
            let image = object.value.pointer("/spec/template/spec/containers/0/image").unwrap();
            let image = image.as_str().unwrap().to_owned();
            let made = DeploymentSeen { name: object.name.clone(), revision, content, image };
            if !self.deployments.contains(&made) && may_go_on() {
                self.deployments.push(made);
            }
        }
        if let Some(order) = decision.hand_over.as_ref().filter(|_| may_go_on()) {
            self.hand_over(&order.to);
        }
        for name in &decision.end {
            if may_go_on() {
                self.deployments.retain(|deployment| deployment.name != *name);
            }
        }
        if may_go_on() {
            self.flow.status = Some(decision.status.clone());
        }
    }

    fn hand_over(&mut self, to: &str) {
        let Some(index) = self.instances.iter().position(|instance| instance.number.to_string() == to) else { return };
        if self.instances[index].is_ready() {
            self.instances.iter_mut().for_each(|instance| instance.on_air = false);
            self.instances[index].on_air = true;
        }
    }

    fn live(&mut self) {
        for deployment in self.deployments.clone() {
            let version = if deployment.revision == self.first_revision() { Version::Good } else { self.next };
            while self.instances.iter().filter(|instance| instance.revision == deployment.revision).count() < 2 {
                self.drawn += 1;
                self.instances.push(Instance::new(self.drawn, &deployment.revision, version));
            }
        }
        let there: Vec<_> = self.deployments.iter().map(|deployment| deployment.revision.clone()).collect();
        self.instances.retain(|instance| there.contains(&instance.revision));
        if !self.instances.iter().any(|instance| instance.on_air) {
            let next = self.instances.iter_mut().find(|instance| instance.runs());
            next.into_iter().for_each(|instance| instance.on_air = true);
        }
        let air = self.instances.iter().find(|instance| instance.on_air).map(|instance| instance.version);
        self.was_bad_on_air |= air.is_some_and(|version| version != Version::Good);
        self.instances.iter_mut().for_each(|instance| instance.second(air));
    }

    fn first_revision(&self) -> String {
        self.deployments[0].revision.clone()
    }

    fn on_air(&self) -> &Instance {
        self.instances.iter().find(|instance| instance.on_air).expect("somebody is on air")
    }

    fn phase(&self) -> Option<Phase> {
        self.flow.status.as_ref()?.rollout.as_ref().map(|rollout| rollout.phase)
    }

    fn message(&self) -> String {
        let rollout = self.flow.status.as_ref().and_then(|status| status.rollout.clone());
        rollout.and_then(|rollout| rollout.message).unwrap_or_default()
    }

    fn run(&mut self, seconds: usize) {
        (0..seconds).for_each(|_| self.second(&Trouble::default()));
    }
}

impl Instance {
    fn new(number: u64, revision: &str, version: Version) -> Self {
        let (revision, age) = (revision.to_owned(), 0);
        Self { number, revision, version, age, on_air: false, equal: 0, different: 0, lost: 0, heard: None }
    }

    fn runs(&self) -> bool {
        !matches!(self.version, Version::Crashes | Version::ImageMissing)
    }

    fn is_ready(&self) -> bool {
        self.age > 3 && self.runs() && self.version != Version::NeverReady
    }

    fn second(&mut self, air: Option<Version>) {
        self.age += 1;
        let air_is_wrong = air == Some(Version::WrongOnAir);
        if self.on_air {
            match self.version {
                Version::LosesOnAir => self.lost += 1,
                Version::RestartsOnAir if self.age.is_multiple_of(20) => self.equal = 0,
                _ => {}
            }
        } else if self.runs() && self.age > 2 {
            self.equal += 1_000;
            self.different += match self.version {
                Version::Drops => 1,
                Version::Alters => u64::from(self.age.is_multiple_of(8)),
                _ => u64::from(air_is_wrong),
            };
        }
    }
}

fn pod(instance: &Instance) -> PodSeen {
    let waiting = match instance.version {
        Version::Crashes if instance.age > 3 => Some("CrashLoopBackOff"),
        Version::ImageMissing => Some("ImagePullBackOff"),
        _ => None,
    };
    let containers = waiting.map(|reason| {
        json!([{
            "name": "flowclient", "image": "", "imageID": "", "ready": false, "restartCount": 3,
            "state": {"waiting": {"reason": reason}},
        }])
    });
    let phase = if instance.runs() { "Running" } else { "Pending" };
    let pod: Pod = serde_json::from_value(json!({
        "metadata": {"name": format!("ch7-{}", instance.number), "labels": {"flowclient.io/revision": instance.revision}},
        "spec": {"nodeName": "k1", "containers": [{"name": "flowclient", "ports": [{"containerPort": 20000}]}]},
        "status": {"phase": phase, "hostIP": "192.168.2.163", "containerStatuses": containers},
    }))
    .unwrap();
    PodSeen::of(&pod)
}

fn heard(instance: &Instance) -> Option<Heard> {
    let state = if instance.on_air { "on air" } else { "standby" };
    let flow = json!({
        "name": "ch7", "state": state, "on_air": instance.on_air, "ready": instance.is_ready(),
        "stream": {"continuity_errors": 0}, "output": {"bits_per_second": 8e6},
        "loss": {"process": instance.lost},
        "pair": {"instance": instance.number.to_string(),
            "shadow": {"equal": instance.equal, "only_on_air": instance.different, "only_here": 0}},
    });
    let heard = Heard { version: "1.0.0".to_owned(), flow: serde_json::from_value(flow).unwrap(), shadow_equal: None };
    instance.runs().then_some(heard)
}

/// What goes wrong in a second, beside the version.
#[derive(Clone, Debug, Default)]
struct Trouble {
    /// The operator is killed after so many writes.
    killed_after: Option<usize>,
    /// Who is not heard.
    unheard: Vec<bool>,
    /// Nobody was asked since the last look.
    is_late: bool,
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let killed_after = prop_oneof![3 => Just(None), 1 => (0..4_usize).prop_map(Some)];
    let unheard = prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(any::<bool>(), 4)];
    (killed_after, unheard, prop::bool::weighted(0.2)).prop_map(|(killed_after, unheard, is_late)| Trouble {
        killed_after,
        unheard,
        is_late,
    })
}

#[test]
fn a_good_version_shadows_takes_the_air_is_watched_and_stays() {
    let mut world = World::new();
    let old = world.first_revision();
    world.change_to(Version::Good);
    let mut phases = Vec::new();
    for _ in 0..60 {
        world.second(&Trouble::default());
        if phases.last() != Some(&world.phase()) {
            phases.push(world.phase());
        }
    }
    let steps = [Phase::Starting, Phase::Shadowing, Phase::HandingOver, Phase::Watching].map(Some);
    assert_eq!(phases, [&steps[..], &[None]].concat());
    assert_ne!(world.on_air().revision, old);
    assert_eq!(world.deployments.len(), 1);
}

#[test]
fn a_loss_that_the_old_instances_tell_of_some_looks_later_is_not_held_against_the_new_version() {
    let mut world = World::new();
    world.change_to(Version::Good);
    (0..60).for_each(|_| {
        if world.phase() != Some(Phase::Watching) {
            world.second(&Trouble::default());
        }
    });
    let new = world.on_air().revision.clone();
    for hears_later in [false, true] {
        let of_these = |instance: &&mut Instance| (instance.revision != new) == hears_later;
        world.instances.iter_mut().filter(of_these).for_each(|instance| instance.lost += 7);
        world.run(2);
        assert_eq!(world.phase(), Some(Phase::Watching), "{}", world.message());
    }
    world.run(60);
    assert_eq!((world.phase(), &world.on_air().revision), (None, &new), "{}", world.message());
}

#[test]
fn a_bad_version_goes_back_by_itself_and_is_not_tried_again() {
    for version in BAD {
        let mut world = World::new();
        let old = world.first_revision();
        world.change_to(version);
        world.run(300);
        assert_eq!(world.phase(), Some(Phase::RolledBack), "{version:?}");
        assert_eq!((&world.on_air().revision, world.deployments.len()), (&old, 1), "{version:?}");
        assert_eq!(world.was_bad_on_air, !version.shows_before(), "{version:?}");
        let status = world.flow.status.clone().unwrap();
        let progressing = status.conditions.iter().find(|condition| condition.type_ == "Progressing").unwrap();
        assert_eq!((progressing.status.as_str(), progressing.reason.as_str()), ("False", "RolledBack"));
        assert!(world.message().contains("flowclient:2.0.0 is taken back: "), "{}", world.message());
    }
}

#[test]
fn why_it_went_back_is_told_as_people_say_it() {
    let message = |version| {
        let mut world = World::new();
        world.change_to(version);
        world.run(300);
        world.message()
    };
    assert!(
        message(Version::Drops).contains("is not what is on air: 1 datagrams differ"),
        "{}",
        message(Version::Drops)
    );
    assert!(message(Version::ImageMissing).contains("not all ready after 120 s: its image cannot be pulled"));
    assert!(message(Version::Crashes).contains("it ends as soon as it is started"));
    assert!(message(Version::LosesOnAir).contains("4 packets lost on air, where the instances of before lost 0"));
}

#[test]
fn another_change_of_the_flow_is_another_try() {
    let mut world = World::new();
    world.change_to(Version::Crashes);
    world.run(60);
    assert_eq!(world.phase(), Some(Phase::RolledBack));
    world.flow.spec.version = Some("2.0.1".to_owned());
    world.next = Version::Good;
    world.run(100);
    assert_eq!((world.phase(), world.on_air().version), (None, Version::Good));
    assert_eq!(world.flow.status.as_ref().unwrap().proven.as_ref().unwrap().spec["version"], "2.0.1");
}

#[test]
fn a_change_that_is_taken_back_midway_ends_as_it_began() {
    for seconds in 1..50 {
        let mut world = World::new();
        let old = world.first_revision();
        world.change_to(Version::Good);
        world.run(seconds);
        world.flow.spec.version = Some("1.0.0".to_owned());
        world.run(60);
        assert_eq!((world.phase(), world.deployments.len()), (None, 1), "after {seconds} s");
        let status = world.flow.status.clone().unwrap();
        assert_eq!(status.proven.unwrap().spec["version"], "1.0.0", "after {seconds} s");
        if world.first_revision() != old {
            panic!("another revision after {seconds} s");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_happens_somebody_is_on_air_and_the_right_version_stays(
        version in prop_oneof![2 => Just(Version::Good), 3 => prop::sample::select(BAD.to_vec())],
        troubles in prop::collection::vec(trouble(), 0..120),
    ) {
        let mut world = World::new();
        let old = world.first_revision();
        world.change_to(version);
        for trouble in &troubles {
            world.second(trouble);
            prop_assert!(!world.deployments.is_empty(), "both revisions are gone");
            prop_assert!(world.instances.iter().any(|instance| instance.on_air && instance.runs()));
            let has_proven = world.flow.status.as_ref().and_then(|status| status.proven.clone()).unwrap();
            let is_kept = world.deployments.iter().any(|deployment| deployment.revision == has_proven.revision);
            prop_assert!(is_kept, "what has passed is gone");
        }
        world.run(400);
        prop_assert_eq!(world.deployments.len(), 1);
        if version == Version::Good && world.phase().is_none() {
            prop_assert_ne!(&world.on_air().revision, &old);
        } else {
            prop_assert_eq!(&world.on_air().revision, &old);
        }
        if version != Version::Good {
            prop_assert_eq!(world.phase(), Some(Phase::RolledBack));
        }
        prop_assert!(!world.was_bad_on_air || !version.shows_before());
    }
}
