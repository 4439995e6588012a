//! Fetches what is shown: objects from the API server, and what instances say through it.
//!
//! Instances are on the networks of their nodes, which a person's machine often cannot reach; whoever may read flows can reach the
//! API server. So all is asked through its proxy for pods, which needs the right `get` on `pods/proxy` and no port to forward.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{Api, ListParams, LogParams};
use kube::{Client, ResourceExt};
use thiserror::Error;
use tokio::time::timeout;

use super::answer::Answer;
use super::board::Subject;
use super::instance::Found;
use super::status_text::Happening;
use crate::crd::Flow;
use crate::operator::desired::{FLOW_LABEL, MANAGED};
use crate::operator::pods::PodSeen;

/// How long an instance may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the API server may take to answer.
const SERVER_PATIENCE: Duration = Duration::from_secs(20);
/// Instances that are asked at a time.
const AT_A_TIME: usize = 32;

/// Why there is nothing to show.
#[derive(Debug, Error)]
pub enum ReachError {
    /// The API server refused, or cannot be reached.
    #[error("{what}: {error}")]
    Server {
        /// What was asked for.
        what: &'static str,
        /// What came of it.
        error: kube::Error,
    },
    /// The API server does not answer.
    #[error("{0}: the API server does not answer; flows that are on air stay there without it")]
    Silent(&'static str),
    /// There is no such flow.
    #[error("there is no flow {name} in namespace {namespace}; see flowctl status --all-namespaces")]
    NoFlow {
        /// Its name.
        name: String,
        /// Where it was looked for.
        namespace: String,
    },
}

/// A cluster, or one namespace of it.
#[derive(Clone)]
pub struct Reach {
    client: Client,
    /// All namespaces if none.
    namespace: Option<String>,
}

impl Reach {
    /// Asks by `client`, in one namespace or all.
    pub const fn new(client: Client, namespace: Option<String>) -> Self {
        Self { client, namespace }
    }

    /// All flows with their instances. `progress` is told how many of how many were asked.
    ///
    /// # Errors
    /// [`ReachError`]; that an instance does not answer is none, but part of what is shown.
    pub async fn subjects(&self, progress: impl Fn(usize, usize)) -> Result<Vec<Subject>, ReachError> {
        let flows = answered("listing the flows", self.api::<Flow>().list(&ListParams::default())).await?;
        let params = ListParams::default().labels(MANAGED);
        let pods = answered("listing the pods", self.api::<Pod>().list(&params)).await?;
        self.ask_all(flows.items, pods.items, progress).await
    }

    /// One flow with its instances.
    ///
    /// # Errors
    /// [`ReachError`]; that an instance does not answer is none, but part of what is shown.
    pub async fn subject(&self, name: &str) -> Result<Subject, ReachError> {
        let no_flow = || ReachError::NoFlow { name: name.to_owned(), namespace: self.in_namespace() };
        let flow = answered("getting the flow", self.api::<Flow>().get_opt(name)).await?.ok_or_else(no_flow)?;
        let pods = self.pods_of(name).await?;
        let mut subjects = self.ask_all(vec![flow], pods, |_, _| {}).await?;
        subjects.pop().ok_or_else(no_flow)
    }

    /// The pods of a flow.
    ///
    /// # Errors
    /// [`ReachError`].
    pub async fn pods_of(&self, name: &str) -> Result<Vec<Pod>, ReachError> {
        let params = ListParams::default().labels(&format!("{MANAGED},{FLOW_LABEL}={name}"));
        Ok(answered("listing the pods", self.api::<Pod>().list(&params)).await?.items)
    }

    async fn ask_all(
        &self,
        flows: Vec<Flow>,
        pods: Vec<Pod>,
        progress: impl Fn(usize, usize),
    ) -> Result<Vec<Subject>, ReachError> {
        let total = pods.len();
        let questions = pods.into_iter().filter_map(|pod| {
            let flow = pod.labels().get(FLOW_LABEL)?.clone();
            let namespace = pod.namespace().unwrap_or_default();
            Some(async move {
                let found = self.found(&namespace, &flow, &pod).await;
                ((namespace, flow), found)
            })
        });
        let mut questions = stream::iter(questions.collect::<Vec<_>>()).buffer_unordered(AT_A_TIME);
        let mut subjects: Vec<_> = flows.into_iter().map(|flow| Subject { flow, instances: Vec::new() }).collect();
        let mut done = 0;
        while let Some(((namespace, name), found)) = questions.next().await {
            done += 1;
            progress(done, total);
            let is_its = |flow: &Flow| flow.name_any() == name && flow.namespace().unwrap_or_default() == namespace;
            if let Some(subject) = subjects.iter_mut().find(|subject| is_its(&subject.flow)) {
                subject.instances.push(found);
            }
        }
        for subject in &mut subjects {
            subject.instances.sort_by(|one, other| one.pod.name.cmp(&other.pod.name));
        }
        Ok(subjects)
    }

    async fn found(&self, namespace: &str, flow: &str, pod: &Pod) -> Found {
        let pod = PodSeen::of(pod);
        let said = self.ask(namespace, &pod, "/api/v1/flows").await.and_then(|text| {
            let answer = Answer::read(&text).map_err(|error| format!("its answer is not flowclient's: {error}"))?;
            answer.take(flow).ok_or_else(|| format!("it has no flow {flow}"))
        });
        Found { pod, said }
    }

    /// What an instance answers to a `GET` of `path`.
    ///
    /// # Errors
    /// Why there is no answer, in a sentence.
    pub async fn ask(&self, namespace: &str, pod: &PodSeen, path: &str) -> Result<String, String> {
        let Some(address) = pod.address else { return Err("it does not run yet".to_owned()) };
        let target = format!("/api/v1/namespaces/{namespace}/pods/{}:{}/proxy{path}", pod.name, address.port());
        let request = hyper::Request::get(target).body(Vec::new()).map_err(|error| error.to_string())?;
        match timeout(PATIENCE, self.client.request_text(request)).await {
            Ok(Ok(text)) => Ok(text),
            Ok(Err(kube::Error::Api(status))) => Err(format!("no answer: {}", status.message)),
            Ok(Err(error)) => Err(format!("no answer: {error}")),
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }

    /// The last events of a flow, newest last, `most` of them.
    ///
    /// # Errors
    /// [`ReachError`].
    pub async fn happenings(&self, name: &str, most: usize) -> Result<Vec<Happening>, ReachError> {
        let params = ListParams::default().fields(&format!("involvedObject.kind=Flow,involvedObject.name={name}"));
        let events = answered("listing the events", self.api::<Event>().list(&params)).await?;
        let mut happenings: Vec<_> = events.items.into_iter().map(happening).collect();
        happenings.sort_by_key(|one| one.at.as_ref().map(|at| at.0));
        let left_out = happenings.len().saturating_sub(most);
        Ok(happenings.split_off(left_out))
    }

    /// The log of a pod, line by line.
    ///
    /// # Errors
    /// [`ReachError`].
    pub async fn log(
        &self,
        pod: &str,
        params: &LogParams,
    ) -> Result<impl futures_util::AsyncBufRead + Unpin + use<>, ReachError> {
        let log = answered("reading the log", self.api::<Pod>().log_stream(pod, params)).await?;
        Ok(Box::pin(log))
    }

    fn in_namespace(&self) -> String {
        self.namespace.clone().unwrap_or_else(|| self.client.default_namespace().to_owned())
    }

    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    {
        match &self.namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        }
    }
}

async fn answered<T>(
    what: &'static str,
    question: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, ReachError> {
    let answer = timeout(SERVER_PATIENCE, question).await.map_err(|_| ReachError::Silent(what))?;
    answer.map_err(|error| ReachError::Server { what, error })
}

fn happening(event: Event) -> Happening {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    let of_series = event.series.and_then(|series| series.last_observed_time).map(|time| Time(time.0));
    let of_event = event.event_time.map(|time| Time(time.0));
    let at = of_series.or(event.last_timestamp).or(of_event).or(event.metadata.creation_timestamp);
    Happening {
        at,
        is_warning: event.type_.as_deref() == Some("Warning"),
        reason: event.reason.unwrap_or_default(),
        note: event.message.unwrap_or_default(),
    }
}
