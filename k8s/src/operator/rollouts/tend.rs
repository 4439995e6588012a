//! Works off rollouts: the thin shell around [`plan`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use k8s_openapi::jiff::{Timestamp, Unit};
use kube::ResourceExt;
use kube::runtime::controller::{Action, Controller};
use kube::runtime::reflector::Store;
use kube::runtime::watcher;
use tracing::{info, warn};

use super::plan::{Plan, Seen, Told, plan};
use crate::crd::{Flow, FlowState, Rollout};
use crate::operator::key::FlowKey;
use crate::operator::world::{everywhere, follow};
use crate::operator::writer::{Set, WriteError, Writer};

/// How soon a rollout that is under way is looked at again.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// How soon one that is over is looked at again.
const OVER: Duration = Duration::from_secs(300);
/// How soon after a failure.
const RETRY: Duration = Duration::from_secs(5);

/// What it takes to work off rollouts.
pub struct RolloutTender {
    /// All flows.
    pub flows: Store<Flow>,
    /// How to write.
    pub writer: Writer,
    rollouts: Store<Rollout>,
}

/// Works off all rollouts for ever.
pub async fn tend_rollouts(flows: Store<Flow>, writer: Writer) {
    let (rollouts, changes) = follow::<Rollout>(everywhere(&writer.client()), watcher::Config::default());
    let tender = Arc::new(RolloutTender { flows, writer, rollouts: rollouts.clone() });
    Controller::for_stream(changes, rollouts).run(tend, on_error, tender).for_each(|_| async {}).await;
}

async fn tend(rollout: Arc<Rollout>, tender: Arc<RolloutTender>) -> Result<Action, WriteError> {
    if tender.flows.wait_until_ready().await.is_err() || tender.rollouts.wait_until_ready().await.is_err() {
        return Ok(Action::requeue(RETRY));
    }
    tender.tend(&rollout).await
}

fn on_error(rollout: Arc<Rollout>, error: &WriteError, _: Arc<RolloutTender>) -> Action {
    warn!("rollout {}: {error}", rollout.name_any());
    Action::requeue(RETRY)
}

impl RolloutTender {
    async fn tend(&self, rollout: &Rollout) -> Result<Action, WriteError> {
        let namespace = rollout.namespace().unwrap_or_default();
        let flows = self.flows.state_filter(|flow| flow.namespace().as_ref() == Some(&namespace));
        let flows: BTreeMap<_, _> = flows.iter().map(|flow| (flow.name_any(), &**flow)).collect();
        let first = self.first(rollout, &namespace);
        let mut plan = plan(&Seen { rollout, flows: &flows, waits_for: first.as_deref(), now: now() });
        for told in plan.tell.clone() {
            self.tell(rollout, &namespace, &told, &mut plan).await?;
        }
        if rollout.status.as_ref() != Some(&plan.status) {
            info!("rollout {namespace}/{}: {:?}: {}", rollout.name_any(), plan.status.phase, plan.status.message);
            self.writer.tell_rollout(&namespace, &rollout.name_any(), &plan.status).await?;
        }
        Ok(Action::requeue(if plan.status.ended.is_some() { OVER } else { UNDER_WAY }))
    }

    /// The rollout of the namespace that is not over and was there before this one, if there is one.
    fn first(&self, rollout: &Rollout, namespace: &str) -> Option<String> {
        let age = |rollout: &Rollout| {
            let created = rollout.metadata.creation_timestamp.as_ref().map(|created| created.0);
            (created, rollout.name_any())
        };
        let is_over = |rollout: &Rollout| rollout.status.as_ref().is_some_and(|status| status.ended.is_some());
        let others = self.rollouts.state_filter(|other| {
            other.namespace().as_deref() == Some(namespace) && age(other) < age(rollout) && !is_over(other)
        });
        others.iter().map(|other| age(other)).min().map(|(_, name)| name)
    }

    /// A version that belongs to somebody else is left to them, unless a person says otherwise.
    async fn tell(&self, rollout: &Rollout, namespace: &str, told: &Told, plan: &mut Plan) -> Result<(), WriteError> {
        let key = FlowKey::new(namespace, &told.flow);
        let set = self.writer.set_image(&key, &told.image, rollout.spec.force).await?;
        if let Set::Refused(owner) = set {
            for change in plan.status.flows.iter_mut().filter(|change| change.name == told.flow) {
                change.state = FlowState::Refused;
                change.message = Some(format!("its version is written by others: {owner}"));
            }
        } else {
            info!("{key}: is to run {}", told.image);
        }
        Ok(())
    }
}

/// Whole seconds, as objects have them.
fn now() -> Timestamp {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now)
}
