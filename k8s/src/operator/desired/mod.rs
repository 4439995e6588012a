//! What there is to be in the cluster for a flow: a pure function of the flow and of what the operator was told.
//!
//! Everything that makes a difference on air (image, configuration, where it runs) is in a *revision*, which its objects are named
//! after: a change makes new objects beside the old ones, whose instances join as standby and can prove themselves before the old
//! ones go. No object of a revision that is on air is ever changed by it.

mod budget;
mod config_map;
mod deployment;
mod labels;
mod pod;
mod revision;

#[cfg(test)]
mod tests;

use relay::spec::{LegNumber, Pair};
use serde_json::{Value, json};

pub use labels::{CONTENT_LABEL, FLOW_LABEL, MANAGED, MANAGER, REVISION_LABEL, selector};

use super::config::OperatorConfig;
use super::resolve::{Resolved, legs};
use crate::crd::Flow;

/// What there is to be for a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    /// Hash of all that makes a difference on air.
    pub revision: String,
    /// Hash of the configuration alone: instances with the same make the same datagrams.
    pub content: String,
    /// Image that its instances run.
    pub image: String,
    /// The objects, in the order in which to make them.
    pub objects: Vec<Object>,
    /// Instances in all.
    pub instances: u16,
    /// Name of the secret that they share, if they do.
    pub pair_key: Option<String>,
}

/// An object of the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// All of it that is ours to say.
    pub value: Value,
}

/// Kinds of objects that are made for flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The files of an instance.
    ConfigMap,
    /// Instances that are alike.
    Deployment,
    /// How many of them may be evicted at a time.
    PodDisruptionBudget,
}

/// Instances of a flow that are alike.
struct Group<'a> {
    flow: &'a Flow,
    resolved: &'a Resolved,
    config: &'a OperatorConfig,
    revision: &'a str,
    content: &'a str,
    image: &'a str,
    port: u16,
    leg: Option<LegNumber>,
    replicas: u16,
}

impl Desired {
    /// The same with its instances running `image`, which is another name of the same.
    pub fn running(mut self, image: &str) -> Self {
        image.clone_into(&mut self.image);
        for object in self.objects.iter_mut().filter(|object| object.kind == Kind::Deployment) {
            if let Some(named) = object.value.pointer_mut("/spec/template/spec/containers/0/image") {
                *named = image.into();
            }
        }
        self
    }
}

/// What there is to be for `flow`, whose instances answer HTTP at `port`.
pub fn desired(flow: &Flow, resolved: &Resolved, port: u16, config: &OperatorConfig) -> Desired {
    let image = config.image_of(&flow.spec);
    let (revision, content) = (revision::of(flow, resolved, &image), revision::of_content(resolved));
    let legs = legs(&resolved.entry);
    let replicas = if resolved.entry.pair == Pair::Standby { flow.spec.standing_by() } else { 1 };
    let instances = replicas * u16::try_from(legs.len()).unwrap_or(u16::MAX);
    let mut objects = Vec::new();
    for leg in legs {
        let group = Group {
            flow,
            resolved,
            config,
            revision: &revision,
            content: &content,
            image: &image,
            port,
            leg,
            replicas,
        };
        objects.extend([config_map::render(&group), deployment::render(&group)]);
    }
    objects.extend((instances > 1).then(|| budget::render(flow)));
    let pair_key = (resolved.entry.pair == Pair::Standby).then(|| pair_key_name(flow));
    Desired { revision, content, image, objects, instances, pair_key }
}

/// Name of the secret that the instances of `flow` share.
pub(super) fn pair_key_name(flow: &Flow) -> String {
    format!("{}-pair-key", name_of(flow))
}

fn name_of(flow: &Flow) -> &str {
    flow.metadata.name.as_deref().unwrap_or_default()
}

impl Group<'_> {
    /// What its objects are called.
    fn name(&self) -> String {
        let leg = self.leg.map(|leg| format!("-leg{}", leg.0)).unwrap_or_default();
        format!("{}-{}{leg}", name_of(self.flow), self.revision)
    }
}

/// An object of `flow`, which goes when the flow goes.
fn object(flow: &Flow, kind: Kind, name: String, labels: Value, rest: Value) -> Object {
    let api_version = match kind {
        Kind::ConfigMap => "v1",
        Kind::Deployment => "apps/v1",
        Kind::PodDisruptionBudget => "policy/v1",
    };
    let mut value = json!({
        "apiVersion": api_version,
        "kind": format!("{kind:?}"),
        "metadata": {
            "name": name,
            "namespace": flow.metadata.namespace,
            "labels": labels,
            "ownerReferences": [owner(flow)],
        },
    });
    if let (Some(value), Value::Object(rest)) = (value.as_object_mut(), rest) {
        value.extend(rest);
    }
    Object { kind, name, value }
}

/// How objects say whose they are.
pub(super) fn owner(flow: &Flow) -> Value {
    json!({
        "apiVersion": "flowclient.io/v1alpha1",
        "kind": "Flow",
        "name": flow.metadata.name,
        "uid": flow.metadata.uid,
        "controller": true,
        "blockOwnerDeletion": true,
    })
}
