//! Whether an object is as it is to be. In a steady state nothing is written.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Annotation with the hash of what was last applied, by which fields that are no longer ours to say are noticed.
const APPLIED: &str = "flowclient.io/applied";

/// `object` with the note that it was applied.
pub(super) fn noted(mut object: Value) -> Value {
    let hash = hash(&object);
    object["metadata"]["annotations"][APPLIED] = hash.into();
    object
}

/// Whether the cluster has `object` as it is to be: what was applied last is the same, and nobody has changed it since.
pub(super) fn is_as_wanted(wanted: &Value, live: &Value, annotations: Option<&BTreeMap<String, String>>) -> bool {
    let applied = annotations.and_then(|annotations| annotations.get(APPLIED));
    applied == Some(&hash(wanted)) && contains(live, wanted)
}

fn hash(object: &Value) -> String {
    Sha256::digest(object.to_string()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether all that `part` says is so in `whole`, which may say more: the API server fills in defaults.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            // The API server writes quantities in its own way: 1000m becomes 1. Of those the hash tells.
            let is_quantities = |name: &str| matches!(name, "requests" | "limits");
            let has = |(name, part): (&String, &Value)| {
                whole.get(name).is_some_and(|whole| is_quantities(name) || contains(whole, part))
            };
            part.iter().all(has)
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| contains(whole, part))
        }
        (whole, part) => whole == part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn is_as_wanted_when(live: &Value, wanted: &Value) -> bool {
        let annotations = serde_json::from_value(live["metadata"]["annotations"].clone()).ok();
        is_as_wanted(wanted, live, annotations.as_ref())
    }

    #[test]
    fn what_was_applied_is_as_wanted_until_somebody_changes_it() {
        let wanted = json!({"metadata": {"name": "a"}, "spec": {"replicas": 2, "ports": [{"port": 1}]}});
        let mut live = noted(wanted.clone());
        live["spec"]["revisionHistoryLimit"] = 10.into();
        live["spec"]["ports"][0]["protocol"] = "TCP".into();
        assert!(is_as_wanted_when(&live, &wanted));
        live["spec"]["replicas"] = 1.into();
        assert!(!is_as_wanted_when(&live, &wanted));
    }

    #[test]
    fn a_field_that_is_no_longer_said_is_a_change() {
        let live = noted(json!({"metadata": {}, "spec": {"a": 1, "b": 2}}));
        assert!(!is_as_wanted_when(&live, &json!({"metadata": {}, "spec": {"a": 1}})));
    }
}
