//! Writes to the API server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::{Client, Error, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thiserror::Error as ThisError;

use super::apply;
use super::desired::{Kind, MANAGER, Object, owner};
use super::key::FlowKey;
use super::metrics::Metrics;
use super::rollouts::Image;
use crate::crd::{Flow, FlowStatus, Rollout, RolloutStatus};

/// Field manager of the versions that rollouts give to flows.
pub const ROLLOUT_MANAGER: &str = "flow-rollout";
/// Bytes of the secret that instances share.
const KEY_BYTES: usize = 32;

/// Why something was not written.
#[derive(Debug, ThisError)]
pub enum WriteError {
    /// The API server refused or did not answer.
    #[error("{what}: {error}")]
    Refused {
        /// What was to be written.
        what: String,
        /// Its answer.
        error: Error,
    },
    /// The system gave no random numbers.
    #[error("no random numbers for the secret of a pair: {0}")]
    NoRandomness(#[from] rustix::io::Errno),
}

/// What came of giving a flow an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Set {
    /// It has it.
    Done,
    /// The field belongs to somebody else, whom the API server names.
    Refused(String),
}

/// Writes, and counts what it writes.
#[derive(Clone)]
pub struct Writer {
    client: Client,
    metrics: Metrics,
}

impl Writer {
    /// Writes by `client`.
    pub const fn new(client: Client, metrics: Metrics) -> Self {
        Self { client, metrics }
    }

    /// The client that it writes by.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Makes or changes an object to be as it says: server-side apply, so that fields of others stay theirs.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn apply(&self, namespace: &str, object: &Object) -> Result<(), WriteError> {
        match object.kind {
            Kind::ConfigMap => self.apply_as::<ConfigMap>(namespace, object).await,
            Kind::Deployment => self.apply_as::<Deployment>(namespace, object).await,
            Kind::PodDisruptionBudget => self.apply_as::<PodDisruptionBudget>(namespace, object).await,
        }
    }

    async fn apply_as<K>(&self, namespace: &str, object: &Object) -> Result<(), WriteError>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + DeserializeOwned,
    {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let value = apply::noted(object.value.clone());
        let result = api.patch(&object.name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(value)).await;
        self.wrote(&K::kind(&()), &object.name, result.map(|_| ()))
    }

    /// Ends the instances of a deployment, and takes their files away.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn end(&self, namespace: &str, name: &str) -> Result<(), WriteError> {
        self.delete::<Deployment>(namespace, name).await?;
        self.delete::<ConfigMap>(namespace, name).await
    }

    /// Takes the budget of a flow away.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn end_budget(&self, flow: &FlowKey) -> Result<(), WriteError> {
        self.delete::<PodDisruptionBudget>(&flow.namespace, &flow.name).await
    }

    async fn delete<K>(&self, namespace: &str, name: &str) -> Result<(), WriteError>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + DeserializeOwned,
    {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let result = match api.delete(name, &DeleteParams::background()).await {
            Err(Error::Api(status)) if status.code == 404 => return Ok(()),
            result => result.map(|_| ()),
        };
        self.wrote(&K::kind(&()), name, result)
    }

    /// Makes the secret that the instances of a flow share, if there is none. It is never read here.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn make_pair_key(&self, flow: &Flow, name: &str) -> Result<(), WriteError> {
        let mut key = [0; KEY_BYTES];
        let mut filled = 0;
        while filled < key.len() {
            filled += rustix::rand::getrandom(&mut key[filled..], rustix::rand::GetRandomFlags::empty())?;
        }
        let namespace = flow.metadata.namespace.as_deref().unwrap_or_default();
        let secret: Value = json!({
            "metadata": {"name": name, "namespace": namespace, "ownerReferences": [owner(flow)]},
            "immutable": true,
            "stringData": {"key": STANDARD.encode(key)},
        });
        let what = |error| WriteError::Refused { what: format!("Secret {name}"), error: Error::SerdeError(error) };
        let secret: Secret = serde_json::from_value(secret).map_err(what)?;
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let params = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        match api.create(&params, &secret).await {
            Err(Error::Api(status)) if status.code == 409 => Ok(()),
            result => self.wrote("Secret", name, result.map(|_| ())),
        }
    }

    /// Tells how a flow stands; returns the flow as it is then.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn tell(&self, flow: &FlowKey, status: &FlowStatus) -> Result<Flow, WriteError> {
        let api: Api<Flow> = Api::namespaced(self.client.clone(), &flow.namespace);
        let object = json!({
            "apiVersion": Flow::api_version(&()), "kind": Flow::kind(&()), "metadata": {"name": flow.name}, "status": status,
        });
        let params = PatchParams::apply(MANAGER).force();
        let result = api.patch_status(&flow.name, &params, &Patch::Apply(object)).await;
        self.wrote("Flow", &flow.to_string(), result)
    }

    /// Tells how a rollout stands.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn tell_rollout(&self, namespace: &str, name: &str, status: &RolloutStatus) -> Result<(), WriteError> {
        let api: Api<Rollout> = Api::namespaced(self.client.clone(), namespace);
        let object = json!({
            "apiVersion": Rollout::api_version(&()), "kind": Rollout::kind(&()), "metadata": {"name": name}, "status": status,
        });
        let result = api.patch_status(name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(object)).await;
        self.wrote("Rollout", name, result.map(|_| ()))
    }

    /// Gives a flow an image, in the name of rollouts; `force` takes the field from whoever has it.
    ///
    /// # Errors
    /// When the API server refuses for another reason than that, or does not answer.
    pub async fn set_image(&self, flow: &FlowKey, image: &Image, force: bool) -> Result<Set, WriteError> {
        let api: Api<Flow> = Api::namespaced(self.client.clone(), &flow.namespace);
        let mut spec = json!({});
        for (field, value) in [("version", &image.version), ("digest", &image.digest)] {
            value.iter().for_each(|value| spec[field] = value.as_str().into());
        }
        let object = json!({
            "apiVersion": Flow::api_version(&()), "kind": Flow::kind(&()), "metadata": {"name": flow.name}, "spec": spec,
        });
        let params = PatchParams { force, ..PatchParams::apply(ROLLOUT_MANAGER) };
        match api.patch(&flow.name, &params, &Patch::Apply(object)).await {
            Err(Error::Api(status)) if status.code == 409 => Ok(Set::Refused(status.message.clone())),
            result => self.wrote("Flow", &flow.to_string(), result.map(|_| Set::Done)),
        }
    }

    fn wrote<T>(&self, kind: &str, name: &str, result: Result<T, Error>) -> Result<T, WriteError> {
        let done = result.map_err(|error| WriteError::Refused { what: format!("{kind} {name}"), error })?;
        self.metrics.writes.with_label_values(&[kind]).inc();
        Ok(done)
    }
}
