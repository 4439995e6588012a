//! Labels by which the objects of flows are found.

use serde_json::{Value, json};

use super::{Group, name_of};
use crate::crd::Flow;

/// Who writes the objects: field manager of server-side apply, and label.
pub const MANAGER: &str = "flow-operator";
/// Selects all objects of all flows.
pub const MANAGED: &str = "app.kubernetes.io/managed-by=flow-operator";
/// Names the flow.
pub const FLOW_LABEL: &str = "flowclient.io/flow";
/// Names the hash of image and configuration.
pub const REVISION_LABEL: &str = "flowclient.io/revision";
/// Names the hash of the configuration alone: instances with the same make the same datagrams.
pub const CONTENT_LABEL: &str = "flowclient.io/content";
/// Names the output that an instance sends, where each sends one.
const LEG_LABEL: &str = "flowclient.io/leg";

/// What selects the pods of all revisions of `flow`.
pub fn selector(flow: &Flow) -> Value {
    json!({FLOW_LABEL: name_of(flow)})
}

/// Labels of what is there once for a flow.
pub(super) fn of_flow(flow: &Flow) -> Value {
    json!({
        "app.kubernetes.io/name": "flowclient",
        "app.kubernetes.io/instance": name_of(flow),
        "app.kubernetes.io/managed-by": MANAGER,
        FLOW_LABEL: name_of(flow),
    })
}

/// Labels of what belongs to one group of instances.
pub(super) fn of_group(group: &Group<'_>) -> Value {
    let mut labels = of_flow(group.flow);
    labels[REVISION_LABEL] = group.revision.into();
    add_leg(&mut labels, group);
    labels
}

/// What selects the pods of one group.
pub(super) fn selector_of_group(group: &Group<'_>) -> Value {
    let mut labels = selector(group.flow);
    labels[REVISION_LABEL] = group.revision.into();
    add_leg(&mut labels, group);
    labels
}

fn add_leg(labels: &mut Value, group: &Group<'_>) {
    if let Some(leg) = group.leg {
        labels[LEG_LABEL] = leg.0.to_string().into();
    }
}
