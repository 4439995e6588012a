//! Looks at one flow and does what is to be done about it: the thin shell around [`decide`](super::decide::decide()).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::jiff::{Timestamp, Unit};
use kube::runtime::controller::Action;
use kube::runtime::events::{Event, EventType, Recorder};
use kube::{Resource, ResourceExt};
use thiserror::Error;
use tokio::sync::OnceCell;
use tracing::{info, warn};

use super::ask;
use super::change::HandOver;
use super::config::OperatorConfig;
use super::decide::{Decision, Seen, decide};
use super::heard::Answers;
use super::key::FlowKey;
use super::ledger::Ledger;
use super::metrics::Metrics;
use super::news::News;
use super::pods::PodSeen;
use super::standing::{Standing, Standings};
use super::trust::Trust;
use super::verdict::Verdicts;
use super::world::World;
use super::writer::{WriteError, Writer};
use crate::crd::Flow;

/// How soon a flow is looked at again that cannot be as it is specified: what hinders it may go without telling.
const RETRY: Duration = Duration::from_secs(10);
/// How soon a flow is looked at again that changes, or waits for its image to be looked at.
const SOON: Duration = Duration::from_secs(1);
/// How soon any flow is looked at again though nothing has changed.
const ROUTINE: Duration = Duration::from_secs(300);
/// How soon a flow is looked at again that is being removed.
const REMOVAL: Duration = Duration::from_secs(1);
/// An instance that was told to end so long ago, and does not answer, is taken for gone: its node is.
const GIVEN_UP: Duration = Duration::from_secs(60);

/// Why a look at a flow came to nothing.
#[derive(Debug, Error)]
pub enum TendError {
    /// Something was not written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Nobody watches the cluster any more.
    #[error("the cluster is no longer watched: {0}")]
    Blind(#[from] kube::runtime::reflector::store::WriterDropped),
    /// It is removed only when its last instance has ended.
    #[error("instances are still there: {0}")]
    InstancesLeft(String),
}

/// All that it takes to tend flows.
pub struct Tender {
    /// What is in the cluster.
    pub world: World,
    /// What instances answered.
    pub answers: Arc<Answers>,
    /// What the operator was told.
    pub config: OperatorConfig,
    /// Counters.
    pub metrics: Metrics,
    /// How to write.
    pub writer: Writer,
    /// How to tell of events.
    pub recorder: Recorder,
    /// Whose signatures images must have, if the operator was told.
    pub trust: Option<Arc<Trust>>,
    ledger: OnceCell<Mutex<Ledger>>,
    /// Flows as they were when their status was last written, until what is watched is as new.
    written: Mutex<BTreeMap<FlowKey, Flow>>,
}

impl Tender {
    /// Knows nothing yet.
    pub fn new(
        world: World,
        answers: Arc<Answers>,
        config: OperatorConfig,
        metrics: Metrics,
        writer: Writer,
        recorder: Recorder,
        trust: Option<Arc<Trust>>,
    ) -> Self {
        let (ledger, written) = (OnceCell::new(), Mutex::default());
        Self { world, answers, config, metrics, writer, recorder, trust, ledger, written }
    }

    /// Looks at a flow and does what is to be done.
    ///
    /// # Errors
    /// [`TendError`]; it is to be tried again.
    pub async fn tend(&self, flow: &Flow) -> Result<Action, TendError> {
        self.metrics.looks.inc();
        let (key, flow) = (FlowKey::of(flow), self.newest(flow));
        let decision = self.decide(&key, &flow).await?;
        self.carry_out(&key, &flow, &decision).await?;
        Ok(Action::requeue(look_again_after(&decision)))
    }

    async fn decide(&self, key: &FlowKey, flow: &Flow) -> Result<Decision, TendError> {
        let ledger = self.ledger().await?;
        let flows = self.world.flows.state();
        let flows: Vec<&Flow> = flows.iter().map(|flow| &**flow).collect();
        let handler = flow.spec.entry.text("handler").and_then(|name| self.world.handler(name));
        let deployments = self.world.deployments_of(key);
        let seen = Seen {
            flow,
            handler: handler.as_deref(),
            flows: &flows,
            standings: self.standings(key),
            verdicts: self.verdicts(flow, deployments.iter().map(|deployment| deployment.image.clone())),
            deployments,
            now: now(),
        };
        Ok(decide(&seen, &mut lock(ledger), &self.config))
    }

    /// What is known of the image that a flow is to run, and of those that it runs.
    fn verdicts(&self, flow: &Flow, running: impl Iterator<Item = String>) -> Verdicts {
        let Some(trust) = &self.trust else { return Verdicts(None) };
        trust.verdicts(running.chain([self.config.image_of(&flow.spec)]))
    }

    /// The ledger, filled from what the flows say when it is first needed.
    async fn ledger(&self) -> Result<&Mutex<Ledger>, TendError> {
        let filled = self.ledger.get_or_try_init(|| async {
            self.world.wait_until_known().await?;
            let mut ledger = Ledger::new(self.config.ports.clone());
            ledger.fill(self.world.flows.state().iter().map(|flow| &**flow));
            Ok(Mutex::new(ledger))
        });
        filled.await
    }

    fn standings(&self, flow: &FlowKey) -> Standings {
        let standing = |pod: Arc<_>| {
            let pod = PodSeen::of(&pod);
            let heard = self.answers.get(&(flow.namespace.clone(), pod.name.clone()));
            Standing { pod, heard }
        };
        Standings(self.world.pods_of(flow).into_iter().map(standing).collect())
    }

    async fn carry_out(&self, key: &FlowKey, flow: &Flow, decision: &Decision) -> Result<(), TendError> {
        if let Some(name) = &decision.make_pair_key {
            self.writer.make_pair_key(flow, name).await?;
        }
        for object in &decision.make {
            if !self.world.is_as_wanted(object, &key.namespace) {
                self.writer.apply(&key.namespace, object).await?;
                info!("{key}: made {:?} {}", object.kind, object.name);
            }
        }
        if let Some(order) = &decision.hand_over {
            self.hand_over(key, order).await;
        }
        for name in &decision.end {
            self.writer.end(&key.namespace, name).await?;
            info!("{key}: ended {name}");
        }
        if decision.end_budget && self.world.has_budget(key) {
            self.writer.end_budget(key).await?;
        }
        for news in &decision.news {
            self.tell(key, flow, news).await;
        }
        if flow.status.as_ref() != Some(&decision.status) {
            let flow = self.writer.tell(key, &decision.status).await?;
            lock(&self.written).insert(key.clone(), flow);
        }
        Ok(())
    }

    /// An instance that does not obey is asked again at the next look.
    async fn hand_over(&self, key: &FlowKey, order: &HandOver) {
        match ask::hand_over(order.from, &key.name, &order.to).await {
            Ok(()) => info!("{key}: the air passed from {} to instance {}", order.from, order.to),
            Err(error) => warn!("{key}: {} did not hand over to instance {}: {error}", order.from, order.to),
        }
    }

    /// Of the flow as it is watched and as it was when its status was last written, the newer.
    fn newest(&self, watched: &Flow) -> Flow {
        let version = |flow: &Flow| flow.resource_version().and_then(|version| version.parse::<u64>().ok());
        let is_newer = |written: &&Flow| written.uid() == watched.uid() && version(written) > version(watched);
        let (key, mut all) = (FlowKey::of(watched), lock(&self.written));
        if let Some(newer) = all.get(&key).filter(is_newer) {
            return newer.clone();
        }
        all.remove(&key);
        watched.clone()
    }

    /// An event that cannot be told is in the log; nothing waits for it.
    async fn tell(&self, key: &FlowKey, flow: &Flow, news: &News) {
        info!("{key}: {}: {}", news.reason, news.note);
        let event = Event {
            type_: if news.is_warning { EventType::Warning } else { EventType::Normal },
            reason: news.reason.clone(),
            note: Some(news.note.chars().take(1_000).collect()),
            action: "Tend".to_owned(),
            secondary: None,
        };
        if let Err(error) = self.recorder.publish(&event, &flow.object_ref(&())).await {
            warn!("{key}: the event {} was not taken: {error}", news.reason);
        }
    }

    /// Removes what was made for a flow.
    ///
    /// # Errors
    /// [`TendError::InstancesLeft`] until its last instance has ended: its outputs and its port are given to nobody else before.
    pub async fn remove(&self, flow: &Flow) -> Result<Action, TendError> {
        let key = FlowKey::of(flow);
        let ledger = self.ledger().await?;
        for deployment in self.world.deployments_of(&key) {
            self.writer.end(&key.namespace, &deployment.name).await?;
        }
        let pods = self.world.pods_of(&key);
        let ended_before = now() - GIVEN_UP;
        let is_left = |pod: &&Arc<k8s_openapi::api::core::v1::Pod>| {
            let told = pod.metadata.deletion_timestamp.as_ref().map(|told| told.0);
            let answers = self.answers.get(&(key.namespace.clone(), pod.name_any())).is_some();
            answers || told.is_none_or(|told| told > ended_before)
        };
        let left: Vec<_> = pods.iter().filter(is_left).map(|pod| pod.name_any()).collect();
        if !left.is_empty() {
            return Err(TendError::InstancesLeft(left.join(", ")));
        }
        lock(ledger).forget(&key);
        lock(&self.written).remove(&key);
        Ok(Action::await_change())
    }
}

/// When to look again though nothing has changed.
fn look_again_after(decision: &Decision) -> Duration {
    let is_changing = decision.status.rollout.as_ref().is_some_and(|rollout| rollout.phase.is_under_way());
    match (decision.has_problem, decision.awaits_verdict) {
        _ if is_changing => SOON,
        (true, true) => SOON,
        (false, false) => ROUTINE,
        _ => RETRY,
    }
}

/// When to try again what failed.
pub fn retry_after(error: &TendError) -> Duration {
    if matches!(error, TendError::InstancesLeft(_)) { REMOVAL } else { RETRY }
}

/// Whole seconds, as objects have them.
fn now() -> Timestamp {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nobody panics while holding it; and if so, it is as good as before.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
