//! How many instances may be evicted at a time.

use serde_json::json;

use super::{Kind, Object, labels, name_of, object};
use crate::crd::Flow;

/// One of them: it hands over to a ready one as it ends, and the next eviction waits until what comes instead is ready. One that is not
/// ready counts as gone already, so that the one that is on air stays while nobody could go on.
pub(super) fn render(flow: &Flow) -> Object {
    let rest = json!({"spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels::selector(flow)}}});
    object(flow, Kind::PodDisruptionBudget, name_of(flow).to_owned(), labels::of_flow(flow), rest)
}
