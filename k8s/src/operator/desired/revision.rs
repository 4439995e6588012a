//! What tells one revision of a flow from another.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::config_map;
use crate::crd::Flow;
use crate::operator::resolve::{Resolved, legs};

/// Hexadecimal digits of a revision's name: enough to tell apart those of one flow.
const DIGITS: usize = 8;

/// Hash of all that makes a difference on air. Not of the objects as a whole: a newer operator that writes them in another way must not
/// exchange every instance of the cluster.
pub(super) fn of(flow: &Flow, resolved: &Resolved, image: &str) -> String {
    let files: Vec<_> = legs(&resolved.entry).into_iter().map(|leg| config_map::files(resolved, leg)).collect();
    let spec = &flow.spec;
    let what = json!([image, files, spec.engine, spec.node_selector, spec.resources, spec.standing_by()]);
    let hash = Sha256::digest(what.to_string());
    hash.iter().take(DIGITS.div_ceil(2)).map(|byte| format!("{byte:02x}")).collect()
}
