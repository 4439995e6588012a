//! What is in the cluster, as the API server last told.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use futures_util::Stream;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::Api;
use kube::runtime::reflector::{ObjectRef, Store, store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::apply;
use super::desired::{CONTENT_LABEL, FLOW_LABEL, Kind, MANAGED, Object, REVISION_LABEL};
use super::key::FlowKey;
use super::transition::DeploymentSeen;
use crate::crd::{Flow, Handler};

/// Copies of all objects that the operator looks at.
#[derive(Clone)]
pub struct World {
    /// All flows.
    pub flows: Store<Flow>,
    /// The catalog.
    pub handlers: Store<Handler>,
    /// Files of instances.
    pub config_maps: Store<ConfigMap>,
    /// Instances that are alike.
    pub deployments: Store<Deployment>,
    /// How many may be evicted at a time.
    pub budgets: Store<PodDisruptionBudget>,
    /// The instances.
    pub pods: Store<Pod>,
}

/// Objects as they change, kept in a store on their way.
pub(super) fn follow<K>(
    api: Api<K>,
    config: watcher::Config,
) -> (Store<K>, impl Stream<Item = watcher::Result<K>> + Send)
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
    K::DynamicType: Eq + Hash + Clone,
{
    follow_part(api, config, |_| ())
}

/// The same, without what `slim` takes away: of what nobody here makes use, for memory's sake.
pub(super) fn follow_part<K>(
    api: Api<K>,
    config: watcher::Config,
    slim: fn(&mut K),
) -> (Store<K>, impl Stream<Item = watcher::Result<K>> + Send)
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
    K::DynamicType: Eq + Hash + Clone,
{
    let (reader, writer) = store();
    let slim = move |object: &mut K| {
        object.meta_mut().managed_fields = None;
        slim(object);
    };
    (reader, watcher(api, config).default_backoff().modify(slim).reflect(writer).touched_objects())
}

/// The objects that are made for flows.
pub(super) fn managed() -> watcher::Config {
    watcher::Config::default().labels(MANAGED)
}

/// The flow that an object was made for.
pub(super) fn flow_of<K: ResourceExt>(object: &K) -> Option<ObjectRef<Flow>> {
    let name = object.labels().get(FLOW_LABEL)?;
    Some(ObjectRef::new(name).within(&object.namespace()?))
}

/// Objects of all namespaces.
pub(super) fn everywhere<K: Resource<DynamicType = ()>>(client: &Client) -> Api<K> {
    Api::all(client.clone())
}

impl World {
    /// Waits until all objects were told once.
    ///
    /// # Errors
    /// When somebody no longer watches.
    pub async fn wait_until_known(&self) -> Result<(), kube::runtime::reflector::store::WriterDropped> {
        self.flows.wait_until_ready().await?;
        self.handlers.wait_until_ready().await?;
        self.config_maps.wait_until_ready().await?;
        self.deployments.wait_until_ready().await?;
        self.budgets.wait_until_ready().await?;
        self.pods.wait_until_ready().await
    }

    /// A handler of the catalog.
    pub fn handler(&self, name: &str) -> Option<Arc<Handler>> {
        self.handlers.get(&ObjectRef::new(name))
    }

    /// The deployments of a flow.
    pub fn deployments_of(&self, flow: &FlowKey) -> Vec<DeploymentSeen> {
        let deployments = self.deployments.state_filter(|deployment| is_of(deployment, flow));
        let label = |deployment: &Deployment, name| deployment.labels().get(name).cloned().unwrap_or_default();
        let there = deployments.iter().filter(|deployment| deployment.metadata.deletion_timestamp.is_none());
        let seen = there.map(|deployment| DeploymentSeen {
            name: deployment.name_any(),
            revision: label(deployment, REVISION_LABEL),
            content: label(deployment, CONTENT_LABEL),
            image: image_of(deployment).unwrap_or_default(),
        });
        seen.collect()
    }

    /// The pods of a flow; those that have ended and are only still listed do not count.
    pub fn pods_of(&self, flow: &FlowKey) -> Vec<Arc<Pod>> {
        let phase = |pod: &Pod| pod.status.as_ref().and_then(|status| status.phase.clone());
        let has_ended = |pod: &Pod| matches!(phase(pod).as_deref(), Some("Succeeded" | "Failed"));
        self.pods.state_filter(|pod| is_of(pod, flow) && !has_ended(pod))
    }

    /// Whether the cluster has `object` as it is to be.
    pub fn is_as_wanted(&self, object: &Object, namespace: &str) -> bool {
        let name = &object.name;
        match object.kind {
            Kind::ConfigMap => is_as_wanted(&self.config_maps, namespace, name, &object.value),
            Kind::Deployment => is_as_wanted(&self.deployments, namespace, name, &object.value),
            Kind::PodDisruptionBudget => is_as_wanted(&self.budgets, namespace, name, &object.value),
        }
    }

    /// Whether a flow has a disruption budget.
    pub fn has_budget(&self, flow: &FlowKey) -> bool {
        self.budgets
            .get(&ObjectRef::new(&flow.name).within(&flow.namespace))
            .is_some_and(|budget| is_of(&*budget, flow))
    }
}

/// Image of the instances.
fn image_of(deployment: &Deployment) -> Option<String> {
    deployment.spec.as_ref()?.template.spec.as_ref()?.containers.first()?.image.clone()
}

fn is_of<K: ResourceExt>(object: &K, flow: &FlowKey) -> bool {
    object.labels().get(FLOW_LABEL) == Some(&flow.name) && object.meta().namespace.as_ref() == Some(&flow.namespace)
}

fn is_as_wanted<K>(store: &Store<K>, namespace: &str, name: &str, wanted: &Value) -> bool
where
    K: Resource<DynamicType = ()> + Clone + Serialize,
{
    let Some(live) = store.get(&ObjectRef::new(name).within(namespace)) else { return false };
    let annotations = live.meta().annotations.clone();
    serde_json::to_value(&*live).is_ok_and(|live| apply::is_as_wanted(wanted, &live, annotations.as_ref()))
}
