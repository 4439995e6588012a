//! Golden files of what there is to be for some flows, and what must be true of all.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::crd::Handler;
use crate::golden;
use crate::operator::config::for_tests;
use crate::operator::resolve::resolve;

fn flow(spec: Value) -> Flow {
    let metadata = json!({"name": "ch7", "namespace": "tv", "uid": "0b5e"});
    serde_json::from_value(
        json!({"apiVersion": "flowclient.io/v1alpha1", "kind": "Flow", "metadata": metadata, "spec": spec}),
    )
    .unwrap()
}

fn handler(spec: Value) -> Handler {
    serde_json::from_value(json!({
        "apiVersion": "flowclient.io/v1alpha1", "kind": "Handler", "metadata": {"name": "ch7"}, "spec": spec,
    }))
    .unwrap()
}

fn of(spec: Value) -> Desired {
    let handler = handler(json!({"title": "Channel 7", "source": "udp://10.0.0.5@232.9.9.9:5000?iface=eth0"}));
    let flow = flow(spec);
    let resolved = resolve(&flow, Some(&handler)).unwrap();
    desired(&flow, &resolved, 20_000, &for_tests())
}

#[track_caller]
fn assert_golden(name: &str, desired: &Desired) {
    let objects: Vec<_> = desired.objects.iter().map(|object| &object.value).collect();
    let yaml = serde_saphyr::to_string_multiple(&objects).unwrap();
    golden::assert_golden(&format!("src/operator/desired/golden/{name}"), &yaml);
}

#[test]
fn a_flow_of_the_catalog_is_a_pair() {
    assert_golden("pair.yaml", &of(json!({"handler": "ch7", "out": ["239.1.1.7:5000"], "interface": "eth0"})));
}

#[test]
fn legs_are_deployments_of_their_own() {
    let outputs = ["rtp://239.1.1.7:5000", "rtp://239.1.2.7:5000"];
    let digest = format!("sha256:{}", "a".repeat(64));
    assert_golden(
        "legs.yaml",
        &of(json!({"handler": "ch7", "out": outputs, "pair": "active-active", "digest": digest, "engine": "xdp"})),
    );
}

#[test]
fn a_flow_without_others_is_one_pod_without_a_budget() {
    assert_golden(
        "single.yaml",
        &of(json!({
            "in": "file:/clusterfs/ch7.ts?loop=true", "out": ["239.1.1.7:5000", "10.0.0.9:6000"], "pair": "off",
            "pace": "pcr", "nodeSelector": {"tv": "true"}, "version": "1.2.3",
            "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}},
        })),
    );
}

/// What the API server would take for a field that it does not know is missing here.
fn is_known<T: DeserializeOwned + Serialize>(value: &Value) -> bool {
    let typed: T = serde_json::from_value(value.clone()).unwrap();
    serde_json::to_value(typed).unwrap() == *value
}

#[test]
fn kubernetes_knows_each_field() {
    let legs = ["rtp://239.1.1.7:5000", "rtp://239.1.2.7:5000"];
    for spec in [
        json!({"handler": "ch7", "out": ["239.1.1.7:5000"], "nodeSelector": {"a": "b"}}),
        json!({"handler": "ch7", "out": legs, "pair": "active-active", "engine": "xdp"}),
        json!({"in": "file:/clusterfs/ch7.ts", "out": legs}),
    ] {
        for Object { kind, name, value } in of(spec).objects {
            let known = match kind {
                Kind::ConfigMap => is_known::<ConfigMap>(&value),
                Kind::Deployment => is_known::<Deployment>(&value),
                Kind::PodDisruptionBudget => is_known::<PodDisruptionBudget>(&value),
            };
            assert!(known, "{kind:?} {name}: {value:#}");
        }
    }
}

#[test]
fn what_makes_a_difference_on_air_is_another_revision_and_nothing_else_is() {
    let revision = |change: Value| {
        let mut spec = json!({"handler": "ch7", "out": ["239.1.1.7:5000"]});
        spec.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        of(spec).revision
    };
    let first = revision(json!({}));
    for same in [
        json!({"pair": "standby"}),
        json!({"instances": 2}),
        json!({"version": "1.0.0"}),
        json!({"packetsPerDatagram": 7}),
        json!({"out": ["udp://239.1.1.7:5000?ttl=16"]}),
    ] {
        assert_eq!(revision(same.clone()), first, "{same}");
    }
    for other in [
        json!({"version": "1.0.1"}),
        json!({"out": ["239.1.1.8:5000"]}),
        json!({"interface": "eth0"}),
        json!({"pace": "pcr"}),
        json!({"quality": {"leastBitrate": "1M"}}),
        json!({"nodeSelector": {"tv": "true"}}),
    ] {
        assert_ne!(revision(other.clone()), first, "{other}");
    }
}
