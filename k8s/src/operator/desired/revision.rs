//! What tells one revision of a flow from another.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::config_map;
use crate::crd::Flow;
use crate::operator::resolve::{Resolved, legs};

/// Bytes of a hash that are its name: enough to tell apart the revisions of one flow.
const BYTES: usize = 4;

/// Hash of all that makes a difference on air. Not of the objects as a whole: a newer operator that writes them in another way must not
/// exchange every instance of the cluster.
pub(super) fn of(flow: &Flow, resolved: &Resolved, image: &str) -> String {
    let spec = &flow.spec;
    hash(&json!([image, files(resolved), spec.engine, spec.node_selector, spec.resources, spec.standing_by()]))
}

/// Hash of what makes a difference to what is sent, whichever version sends it.
pub(super) fn of_content(resolved: &Resolved) -> String {
    hash(&files(resolved))
}

fn files(resolved: &Resolved) -> Value {
    legs(&resolved.entry).into_iter().map(|leg| json!(config_map::files(resolved, leg))).collect()
}

fn hash(what: &Value) -> String {
    Sha256::digest(what.to_string()).iter().take(BYTES).map(|byte| format!("{byte:02x}")).collect()
}
