//! Flows as a person has them: refused with a sentence, or on air.

use serde_json::{Value, json};
use tests::cluster::operator::{self, Operator, clear, flow, handler, try_apply, wait_for};
use tests::continuity::Continuity;
use tests::lab::{Capture, until};

use super::cluster;

const GROUP: &str = "239.1.1.7:5000";

/// A pair on the network of the lab.
fn pair() -> Value {
    operator::pair("ch7", GROUP)
}

#[test]
fn nonsense_is_refused_with_a_sentence() {
    let cluster = cluster();
    let _operator = Operator::start(&cluster);
    for (spec, sentence) in [
        (json!({"out": [GROUP]}), "a flow comes from one place: give either handler"),
        (json!({"handler": "ch7", "in": "test:", "out": [GROUP]}), "a flow comes from one place: give either handler"),
        (json!({"handler": "ch7"}), "spec.out: Required value"),
        (json!({"handler": "ch7", "out": []}), "should have at least 1 items"),
        (
            json!({"handler": "ch7", "out": ["10.0.0.9:5000"]}),
            "instances that stand by hear each other on the output group",
        ),
        (json!({"handler": "ch7", "out": ["ch7.example.com:5000"]}), "an output is an IP address and a port"),
        (json!({"handler": "ch7", "out": ["239.1.1.7"]}), "an output needs a port from 1 to 65535"),
        (json!({"handler": "ch7", "out": ["239.1.1.7:65536"]}), "an output needs a port from 1 to 65535"),
        (json!({"handler": "ch7", "out": ["239.1.1.7:65535"]}), "talk at the port after the stream's"),
        (
            json!({"handler": "ch7", "out": [GROUP], "pair": "active-active"}),
            "each instance sends an output of its own",
        ),
        (
            json!({"handler": "ch7", "out": [GROUP], "pair": "off", "instances": 3}),
            "instances counts those that stand by",
        ),
        (
            json!({"handler": "ch7", "out": [GROUP], "version": "1", "digest": format!("sha256:{}", "a".repeat(64))}),
            "version and digest both name an image",
        ),
        (json!({"handler": "ch7", "out": [GROUP], "digest": "sha256:1"}), "spec.digest"),
        (json!({"handler": "ch7", "out": [GROUP], "pair": false}), "must be of type string"),
        (
            json!({"handler": "ch7", "out": [GROUP], "interface": "eth0/1"}),
            "an interface is called as ip link shows it",
        ),
        (json!({"handler": "ch7", "out": [GROUP], "packetsPerDatagram": 349}), "should be less than or equal to 348"),
        (json!({"handler": "ch7", "out": [GROUP], "bitrate": "8M"}), "unknown field"),
    ] {
        let refused = try_apply(&cluster, &flow("ch7", spec.clone()));
        assert!(!refused.status.success() && refused.stderr.contains(sentence), "{spec}: {}", refused.stderr);
    }
    let long = try_apply(&cluster, &flow(&"a".repeat(41), pair()));
    assert!(long.stderr.contains("a flow's name is 1 to 40 small letters"), "{}", long.stderr);
    for good in [
        pair(),
        json!({"in": "test:", "out": ["[ff3e::7]:5000?iface=eth0"], "instances": 3, "version": "1.0.0"}),
        json!({"handler": "ch7", "out": ["10.0.0.9:65535"], "pair": "off"}),
        json!({"handler": "ch7", "out": ["rtp://239.1.1.7:5000", "rtp://239.1.2.7:5000"], "pair": "active-active"}),
    ] {
        let path = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
        std::fs::write(path.path(), flow("good", good).to_string()).unwrap();
        let path = path.path().to_str().unwrap();
        cluster.kubectl(&["apply", "--dry-run=server", "--filename", path]).expect_success();
    }
}

#[test]
fn a_flow_is_on_air_from_one_of_two_nodes_and_goes_when_it_is_deleted() {
    let cluster = cluster();
    let operator = Operator::start(&cluster);
    let viewer = Capture::start(&cluster.viewer, "eth0", GROUP);
    cluster.apply(&handler("ch7"));
    cluster.apply(&flow("ch7", pair()));
    let status = wait_for(&cluster, &operator, "ch7", "Ready", "True", "AllWell");
    let (on_air, standby) = (status["onAirNode"].as_str().unwrap(), status["standbyNode"].as_str().unwrap());
    assert_ne!(on_air, standby);
    viewer.wait_for_more(100);
    until("what is received comes from the node that is told", || {
        let node = cluster.get(&["flow", "ch7"])["status"]["onAirNode"].as_str()?.to_owned();
        let sender = viewer.so_far().last()?.from.ip().to_string();
        (sender == cluster.machine(&node).host().address.to_string()).then_some(())
    });
    let shown = until("its bitrate is shown", || {
        let shown = cluster.kubectl(&["get", "flows"]).expect_success().stdout;
        shown.contains("Mb/s").then_some(shown)
    });
    for words in ["HANDLER", "ON-AIR", "STANDBY", "BITRATE", "ch7", GROUP] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    clear(&cluster);
    until("its pods are gone", || cluster.get(&["pods"])["items"].as_array()?.is_empty().then_some(()));
}

#[test]
fn a_drain_of_the_node_on_air_loses_nothing() {
    let cluster = cluster();
    let operator = Operator::start(&cluster);
    cluster.apply(&handler("ch7"));
    cluster.apply(&flow("ch7", pair()));
    let status = wait_for(&cluster, &operator, "ch7", "Ready", "True", "AllWell");
    let viewer = Capture::start(&cluster.viewer, "eth0", GROUP);
    viewer.wait_for_more(100);
    let node = status["onAirNode"].as_str().unwrap();
    cluster.drain(node).expect_success();
    until("another node is on air", || {
        let now = cluster.get(&["flow", "ch7"])["status"]["onAirNode"].clone();
        (now.is_string() && now != node).then_some(())
    });
    viewer.wait_for_more(100);
    assert_eq!(Continuity::gaps_in(&viewer.bytes()), 0);
    cluster.uncordon(node);
    clear(&cluster);
}

#[test]
fn of_two_flows_to_one_group_the_second_waits_until_the_first_is_gone() {
    let cluster = cluster();
    let operator = Operator::start(&cluster);
    cluster.apply(&handler("ch7"));
    cluster.apply(&flow("first", pair()));
    wait_for(&cluster, &operator, "first", "Ready", "True", "AllWell");
    cluster.apply(&flow("a-second", pair()));
    wait_for(&cluster, &operator, "a-second", "Conflict", "True", "OutputTaken");
    assert!(cluster.get(&["pods", "--selector=flowclient.io/flow=a-second"])["items"].as_array().unwrap().is_empty());
    let events = cluster.kubectl(&["get", "events", "--field-selector=reason=OutputTaken"]).expect_success().stdout;
    assert!(events.contains("flow default/first, which was there first"), "{events}");
    cluster.kubectl(&["delete", "flow", "first", "--timeout=100s"]).expect_success();
    wait_for(&cluster, &operator, "a-second", "Ready", "True", "AllWell");
    clear(&cluster);
}

#[test]
fn a_handler_that_is_deleted_takes_no_channel_off_air() {
    let cluster = cluster();
    let operator = Operator::start(&cluster);
    cluster.apply(&handler("ch7"));
    cluster.apply(&flow("ch7", pair()));
    wait_for(&cluster, &operator, "ch7", "Ready", "True", "AllWell");
    let viewer = Capture::start(&cluster.viewer, "eth0", GROUP);
    viewer.wait_for_more(10);
    cluster.kubectl(&["delete", "handler", "ch7"]).expect_success();
    wait_for(&cluster, &operator, "ch7", "HandlerCurrent", "False", "HandlerMissing");
    viewer.wait_for_more(500);
    assert_eq!(Continuity::gaps_in(&viewer.bytes()), 0);
    clear(&cluster);
}

#[test]
fn another_version_takes_over_without_a_loss() {
    let cluster = cluster();
    let operator = Operator::start(&cluster);
    tests::cluster::version::push(&cluster, "1.0.1");
    cluster.apply(&handler("ch7"));
    cluster.apply(&flow("ch7", pair()));
    let before = wait_for(&cluster, &operator, "ch7", "Ready", "True", "AllWell");
    let viewer = Capture::start(&cluster.viewer, "eth0", GROUP);
    viewer.wait_for_more(10);
    let mut spec = pair();
    spec["version"] = "1.0.1".into();
    cluster.apply(&flow("ch7", spec));
    wait_for(&cluster, &operator, "ch7", "Progressing", "True", "Changing");
    let after = wait_for(&cluster, &operator, "ch7", "Ready", "True", "AllWell");
    assert_ne!(after["revision"], before["revision"]);
    assert!(after["instances"].as_array().unwrap().iter().all(|instance| instance["revision"] == after["revision"]));
    viewer.wait_for_more(100);
    assert_eq!(Continuity::gaps_in(&viewer.bytes()), 0);
    clear(&cluster);
}
