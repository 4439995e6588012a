//! Instances that are alike.

use serde_json::json;

use super::{Group, Kind, Object, labels, object, pod};

/// How long an instance must be ready before the next may be exchanged, in seconds.
const SETTLED_SECONDS: u16 = 5;

/// A deployment that exchanges its instances one by one, each only when the others are ready: should its pods ever be changed in place,
/// that is no gap either.
pub(super) fn render(group: &Group<'_>) -> Object {
    let rest = json!({
        "spec": {
            "replicas": group.replicas,
            "revisionHistoryLimit": 0,
            "minReadySeconds": SETTLED_SECONDS,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
            "selector": {"matchLabels": labels::selector_of_group(group)},
            "template": {
                "metadata": {"labels": labels::of_group(group)},
                "spec": pod::spec(group),
            },
        },
    });
    let mut labels = labels::of_group(group);
    labels[labels::CONTENT_LABEL] = group.content.into();
    object(group.flow, Kind::Deployment, group.name(), labels, rest)
}
