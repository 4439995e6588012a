//! Names by which things are told apart.

use std::fmt;

use kube::ResourceExt;

use crate::crd::Flow;

/// A flow among those of all namespaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowKey {
    /// Its namespace.
    pub namespace: String,
    /// Its name there.
    pub name: String,
}

impl FlowKey {
    /// The flow `name` of `namespace`.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// The key of `flow`.
    pub fn of(flow: &Flow) -> Self {
        Self { namespace: flow.namespace().unwrap_or_default(), name: flow.name_any() }
    }
}

impl fmt::Display for FlowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
