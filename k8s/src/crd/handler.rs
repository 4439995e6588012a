//! A channel of the cluster's catalog.

#![expect(clippy::duplicated_attributes, reason = "columns may have a type in common")]

use kube::CustomResource;
use relay::spec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::written::{InObjects, Written};

/// A channel that flows are made of by its name: the cluster's catalog, with the fields of a catalog file's entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "flowclient.io",
    version = "v1alpha1",
    kind = "Handler",
    doc = "A channel by its name: an entry of the cluster's catalog.",
    category = "flowclient",
    derive = "PartialEq",
    printcolumn(name = "Title", type_ = "string", json_path = ".spec.title"),
    printcolumn(name = "Source", type_ = "string", json_path = ".spec.source"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(transparent)]
pub struct HandlerSpec {
    /// The entry.
    pub entry: Written<spec::Handler>,
}

impl InObjects for spec::Handler {
    const HIDDEN: &'static [&'static str] = &[];
}
