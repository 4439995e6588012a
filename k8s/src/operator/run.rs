//! Runs the operator: stands for election, and tends all flows while it leads.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use kube::api::Api;
use kube::runtime::controller::{self, Action, Controller};
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::finalizer::{self, finalizer};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher;
use kube::{Client, ResourceExt};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::ask::Ask;
use super::config::OperatorConfig;
use super::desired::MANAGER;
use super::heard::Answers;
use super::lease::{Candidate, Leases, RENEW_INTERVAL};
use super::listen::listen;
use super::metrics::Metrics;
use super::pods;
use super::rollouts::tend_rollouts;
use super::tend::{TendError, Tender, retry_after};
use super::trust::Trust;
use super::world::{World, everywhere, flow_of, follow, follow_part, managed};
use super::writer::Writer;
use crate::crd::{Flow, Handler};

/// Keeps a flow in the cluster until its last instance has ended.
const FINALIZER: &str = "flowclient.io/instances";
/// Changes of a flow within this time are looked at together.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// Flows that are looked at in the same moment: more would only wait for the API server, and take memory.
const AT_A_TIME: u16 = 16;
/// How long the API server may take to answer about the lease.
const LEASE_PATIENCE: Duration = Duration::from_secs(5);

/// What an operator needs to run.
#[derive(Clone)]
pub struct Operator<A> {
    /// How to reach the API server.
    pub client: Client,
    /// How to ask instances.
    pub asker: Arc<A>,
    /// What it was told.
    pub config: OperatorConfig,
    /// What it tells.
    pub metrics: Metrics,
    /// Whose signatures images must have, if it was told.
    pub trust: Option<Arc<Trust>>,
}

impl<A: Ask> Operator<A> {
    /// Stands for election in `namespace` by `name`, and tends flows while it leads; until `stop`.
    pub async fn run(&self, namespace: &str, name: String, stop: impl Future<Output = ()>) {
        let (leases, mut candidate) = (Leases::new(self.client.clone(), namespace), Candidate::new(name));
        let campaign = async {
            loop {
                attend(&leases, &mut candidate).await;
                if candidate.leads(Instant::now()) {
                    info!("leads");
                    self.metrics.leads.set(1);
                    tokio::select! {
                        () = self.tend_all() => {}
                        () = until_lost(&leases, &mut candidate) => warn!("no longer leads"),
                    }
                    self.metrics.leads.set(0);
                }
                sleep(RENEW_INTERVAL).await;
            }
        };
        tokio::select! {
            () = campaign => {}
            () = stop => {}
        }
        let given = timeout(LEASE_PATIENCE, leases.give_back(&candidate)).await;
        if !matches!(given, Ok(Ok(()))) {
            warn!("the lease was not given back; another operator takes it when it ends");
        }
    }

    /// Tends all flows for ever.
    pub async fn tend_all(&self) {
        let client = &self.client;
        let (flows, flow_changes) = follow::<Flow>(everywhere(client), watcher::Config::default());
        let (handlers, handler_changes) = follow::<Handler>(everywhere(client), watcher::Config::default());
        let (config_maps, config_map_changes) = follow(everywhere(client), managed());
        let (deployments, deployment_changes) = follow(everywhere(client), managed());
        let (budgets, budget_changes) = follow(everywhere(client), managed());
        let (pods, pod_changes) = follow_part(everywhere(client), managed(), pods::slim);
        let world = World { flows: flows.clone(), handlers, config_maps, deployments, budgets, pods };
        let (changed, mut changes) = unbounded_channel();
        let answer_changes = stream::poll_fn(move |context| changes.poll_recv(context));
        let answers = Arc::new(Answers::default());
        let tender = Arc::new(self.tender(&world, &answers));
        let users = users_of(flows.clone());
        let tending = Controller::for_stream(flow_changes, flows)
            .with_config(controller::Config::default().debounce(DEBOUNCE).concurrency(AT_A_TIME))
            .watches_stream(handler_changes, users)
            .owns_stream(config_map_changes)
            .owns_stream(deployment_changes)
            .owns_stream(budget_changes)
            .watches_stream(pod_changes, |pod| flow_of(&pod))
            .reconcile_on(answer_changes)
            .run(tend, on_error, tender)
            .for_each(|_| async {});
        tokio::select! {
            () = tending => {}
            () = tend_rollouts(world.flows.clone(), Writer::new(self.client.clone(), self.metrics.clone())) => {}
            () = listen(Arc::clone(&self.asker), world, answers, self.metrics.clone(), changed) => {}
        }
    }

    fn tender(&self, world: &World, answers: &Arc<Answers>) -> Tender {
        let recorder = Recorder::new(self.client.clone(), Reporter::from(MANAGER));
        let writer = Writer::new(self.client.clone(), self.metrics.clone());
        let (config, metrics, trust) = (self.config.clone(), self.metrics.clone(), self.trust.clone());
        Tender::new(world.clone(), Arc::clone(answers), config, metrics, writer, recorder, trust)
    }
}

/// Renews or takes the lease; whether that went well, the candidate knows.
async fn attend(leases: &Leases, candidate: &mut Candidate) {
    match timeout(LEASE_PATIENCE, leases.attend(candidate)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn!("the lease: {error}"),
        Err(_) => warn!("the lease: the API server does not answer"),
    }
}

async fn until_lost(leases: &Leases, candidate: &mut Candidate) {
    while candidate.leads(Instant::now()) {
        sleep(RENEW_INTERVAL).await;
        attend(leases, candidate).await;
    }
}

/// The flows that name a handler.
fn users_of(flows: Store<Flow>) -> impl Fn(Handler) -> Vec<ObjectRef<Flow>> + Send + Sync {
    move |handler| {
        let name = handler.name_any();
        let users = flows.state_filter(|flow| flow.spec.entry.text("handler") == Some(&name));
        users.iter().map(|flow| ObjectRef::from_obj(&**flow)).collect()
    }
}

async fn tend(flow: Arc<Flow>, tender: Arc<Tender>) -> Result<Action, finalizer::Error<TendError>> {
    let api: Api<Flow> = Api::namespaced(tender.writer.client(), &flow.namespace().unwrap_or_default());
    let look = |event| async {
        match event {
            finalizer::Event::Apply(flow) => tender.tend(&flow).await,
            finalizer::Event::Cleanup(flow) => tender.remove(&flow).await,
        }
    };
    finalizer(&api, FINALIZER, flow, look).await
}

fn on_error(flow: Arc<Flow>, error: &finalizer::Error<TendError>, tender: Arc<Tender>) -> Action {
    let (finalizer::Error::ApplyFailed(cause) | finalizer::Error::CleanupFailed(cause)) = error else {
        warn!("{}: {error}", flow.name_any());
        return Action::requeue(DEBOUNCE * 10);
    };
    if !matches!(cause, TendError::InstancesLeft(_)) {
        tender.metrics.failures.inc();
        warn!("{}: {cause}", flow.name_any());
    }
    Action::requeue(retry_after(cause))
}
