//! What the schemas say, and that it is what [`relay::spec`] says.

use relay::spec::{FlowEntry, Pair};
use schemars::schema_for;
use serde_json::{Value, json};

use super::case::camel_case;
use super::*;
use crate::golden::assert_golden;

fn schema(definition: &CustomResourceDefinition) -> Value {
    serde_json::to_value(&definition.spec.versions[0].schema).unwrap()["openAPIV3Schema"].take()
}

fn spec_of_flow() -> Value {
    schema(&definitions()[0])["properties"]["spec"].take()
}

#[test]
fn a_flow_in_the_cluster_can_have_what_a_flow_in_a_file_has() {
    let spec = spec_of_flow();
    let file = schema_for!(FlowEntry).to_value();
    for name in file["properties"].as_object().unwrap().keys() {
        let hidden = FlowEntry::HIDDEN.contains(&name.as_str());
        assert_eq!(spec["properties"].get(camel_case(name)).is_none(), hidden, "{name}");
    }
    for hidden in FlowEntry::HIDDEN {
        assert!(file["properties"].get(hidden).is_some(), "{hidden} is no field of a file: take it off the list");
    }
}

#[test]
fn a_structural_schema_has_one_type_everywhere() {
    for definition in definitions() {
        let untyped = untyped(&schema(&definition), "");
        assert!(untyped.is_empty(), "{untyped:#?}");
    }
}

/// Places in a schema without a type, and such with what no structural schema may have.
fn untyped(schema: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    let free = schema.get("x-kubernetes-int-or-string").is_some()
        || schema.get("x-kubernetes-preserve-unknown-fields").is_some();
    if schema.get("type").is_none() && !free || schema.get("default").is_some() {
        found.push(format!("{place}: {schema}"));
    }
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        found.extend(untyped(property, &format!("{place}.{name}")));
    }
    found.extend(schema.get("items").into_iter().flat_map(|items| untyped(items, &format!("{place}[]"))));
    found
}

fn flow(spec: Value) -> FlowSpec {
    serde_json::from_value(spec).unwrap()
}

#[test]
fn a_flow_is_a_pair_unless_it_says_otherwise() {
    let pair = |spec: Value| flow(spec).entry("ch7").unwrap().pair;
    assert_eq!(pair(json!({"handler": "ch7", "out": ["239.1.1.7:5000"]})), Pair::Standby);
    assert_eq!(pair(json!({"handler": "ch7", "out": ["239.1.1.7:5000"], "pair": "off"})), Pair::Off);
}

#[test]
fn an_interface_is_for_the_outputs_that_name_none() {
    let spec = json!({"handler": "ch7", "out": ["239.1.1.7:5000", "239.1.1.8:5000?iface=eth2"], "interface": "eth1"});
    let outputs = flow(spec).entry("ch7").unwrap().outputs;
    let outputs: Vec<_> = outputs.iter().map(ToString::to_string).collect();
    assert_eq!(outputs, ["udp://239.1.1.7:5000?iface=eth1", "udp://239.1.1.8:5000?iface=eth2"]);
}

#[test]
fn what_cannot_be_read_is_listed_all_the_same_and_says_what_is_wrong() {
    let wrong = flow(json!({"handler": "ch7", "out": ["239.1.1.7"]}));
    let problem = wrong.entry("ch7").unwrap_err();
    assert!(problem.contains("a port is missing; write 239.1.1.7:5000"), "{problem}");
    assert_eq!(serde_json::to_value(&wrong).unwrap(), json!({"handler": "ch7", "out": ["239.1.1.7"]}));
}

#[test]
fn names_and_limits_become_those_of_a_file() {
    let spec = json!({
        "in": "test:", "out": ["239.1.1.7:5000"], "packetsPerDatagram": 4, "pairMostPatience": "50ms",
        "quality": {"leastBitrate": "1M"},
    });
    let entry = flow(spec).entry("ch7").unwrap();
    assert_eq!((entry.name.as_deref(), entry.packets_per_datagram), (Some("ch7"), 4));
    assert_eq!(entry.pair_least_bitrate, "1M".parse().ok());
    assert_eq!(entry.pair_most_patience.as_millis(), 50);
}

#[test]
fn the_definitions_are_written_as_yaml() {
    let yaml = yaml().unwrap();
    assert_golden("../deploy/kubernetes/chart/crds/crds.yaml", &yaml);
    for words in ["name: flows.flowclient.io", "---", "name: handlers.flowclient.io", "x-kubernetes-validations:"] {
        assert!(yaml.contains(words), "{words}");
    }
}
