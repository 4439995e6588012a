//! Asks all instances again and again how they stand.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{MissedTickBehavior, interval};

use super::ask::Ask;
use super::desired::FLOW_LABEL;
use super::heard::Answers;
use super::metrics::Metrics;
use super::pods::PodSeen;
use super::world::{World, flow_of};
use crate::crd::Flow;

/// How often each instance is asked.
const ROUND: Duration = Duration::from_secs(2);
/// Instances that are asked at a time.
const AT_A_TIME: usize = 128;

/// Asks for ever. Flows of which an instance answers otherwise than before are sent to `changed`.
pub async fn listen<A: Ask>(
    asker: Arc<A>,
    world: World,
    answers: Arc<Answers>,
    metrics: Metrics,
    changed: UnboundedSender<ObjectRef<Flow>>,
) {
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        let (pods, flows) = (world.pods.state(), world.flows.state());
        metrics.count(flows.iter().map(|flow| &**flow));
        answers.keep_only(|(namespace, name)| world.pods.get(&ObjectRef::new(name).within(namespace)).is_some());
        let questions = pods.into_iter().map(|pod| ask(&*asker, pod, &answers, &metrics));
        let mut news = stream::iter(questions).buffer_unordered(AT_A_TIME);
        while let Some(flow) = news.next().await {
            // Whoever tends flows is gone, and so are we soon.
            let _ = flow.map(|flow| changed.send(flow));
        }
    }
}

/// Asks the instance in `pod`; returns its flow if that is to be looked at.
async fn ask<A: Ask>(asker: &A, pod: Arc<Pod>, answers: &Answers, metrics: &Metrics) -> Option<ObjectRef<Flow>> {
    let flow = flow_of(&*pod)?;
    let name = pod.labels().get(FLOW_LABEL)?;
    let answer = match PodSeen::of(&pod).address {
        Some(address) => asker.ask(address).await.inspect_err(|_| metrics.unanswered.inc()).ok(),
        None => None,
    };
    let answer = answer.and_then(|report| Some((report.version.clone(), report.flow(name)?.clone())));
    answers.note((pod.namespace()?, pod.name_any()), answer).then_some(flow)
}
