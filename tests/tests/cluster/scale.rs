//! A thousand flows on a hundred nodes that exist in the API only.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::cluster::Cluster;
use tests::cluster::operator::{Operator, handler, prepare};
use tests::lab::{Metrics, Process, get, tell};

use super::own_cluster;

const NODES: usize = 100;
const FLOWS: usize = 1_000;
/// How long nothing may be heard of a node, which on a few processors takes its time: what Kubernetes gives it by itself.
const GRACE: &str = "50s";
/// For how long a simulated node says that it lives; it says so four times as often.
const LEASE_SECONDS: u32 = 40;
/// Label and annotation of the nodes.
const SIMULATED: &str = "kwok.x-k8s.io/node";
/// Where the operator serves its metrics, in the network of k0.
const METRICS: &str = "127.0.0.1:8080";
/// Between two looks at all of them, which cost the processors something.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What takes longer than this hangs. It is no measure of speed.
const PATIENCE: Duration = Duration::from_secs(900);
/// Memory that the operator may take: without optimisation it takes up to a third more than the 100 MiB that it is to stay below.
const MOST_KIB: u64 = 133 << 10;
/// How long nothing is written in a steady state: instances are asked some times meanwhile.
const STEADY: Duration = Duration::from_secs(20);

#[test]
fn a_thousand_flows_are_made_and_then_nothing_is_written() {
    let cluster = own_cluster("scale");
    cluster.give_nodes(GRACE);
    prepare(&cluster);
    let _kubelets = simulate_nodes(&cluster);
    cluster.apply(&handler("ch7"));
    cluster.apply(&list((0..FLOWS).map(flow)));
    let begun = Instant::now();
    let operator = Operator::start_again(&cluster, None);
    while deployments(&cluster) < FLOWS {
        assert!(begun.elapsed() < PATIENCE, "{}", operator.log());
        sleep(LOOK_EVERY);
    }
    let took = begun.elapsed();
    wait_until_steady(&cluster);
    let memory_kib = operator.highest_memory_kib();
    tell(&format!(
        "{FLOWS} flows on {NODES} nodes made in {took:.1?} by an operator that takes {} MiB",
        memory_kib >> 10
    ));
    assert!(memory_kib < MOST_KIB, "{memory_kib} KiB");
}

fn list(items: impl Iterator<Item = Value>) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": items.collect::<Vec<_>>()})
}

/// A flow for those nodes only.
fn flow(number: usize) -> Value {
    let spec = json!({
        "handler": "ch7",
        "out": [format!("239.2.{}.{}:5000", number / 250, number % 250)],
        "nodeSelector": {SIMULATED: "fake"},
    });
    tests::cluster::operator::flow(&format!("flow{number}"), spec)
}

/// Nodes, and the program that plays their kubelets.
fn simulate_nodes(cluster: &Cluster) -> Process {
    let mark = json!({SIMULATED: "fake"});
    cluster.apply(&list((0..NODES).map(|number| {
        json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": format!("simulated{number}"), "labels": mark, "annotations": mark},
            "status": {
                "allocatable": {"cpu": "32", "memory": "64Gi", "pods": "110"},
                // Without one, kwok would start pods of the host's network again and again. No route leads there.
                "addresses": [{"type": "InternalIP", "address": format!("198.51.100.{}", number + 1)}],
            },
        })
    })));
    let mut command = cluster.machine("k0").net().command(kwok());
    command.arg("--kubeconfig").arg(cluster.kubeconfig());
    command.arg(format!("--manage-nodes-with-annotation-selector={SIMULATED}=fake"));
    command.arg(format!("--node-lease-duration-seconds={LEASE_SECONDS}"));
    Process::start(&mut command)
}

fn kwok() -> PathBuf {
    let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("kubernetes/build");
    let built = Process::run_long(Command::new(build).arg("kwok")).expect_success();
    Path::new(built.stdout.trim()).join("kwok")
}

/// How many there are; to ask for all of them would take a good part of the processors.
fn deployments(cluster: &Cluster) -> usize {
    let path = "/apis/apps/v1/namespaces/default/deployments?limit=1";
    let page: Value = serde_json::from_str(&cluster.kubectl(&["get", "--raw", path]).expect_success().stdout).unwrap();
    let first = page["items"].as_array().map_or(0, Vec::len);
    let rest = page["metadata"]["remainingItemCount"].as_u64().unwrap_or(0);
    first + usize::try_from(rest).unwrap()
}

/// Waits until all pods run and the operator has written nothing for a while.
fn wait_until_steady(cluster: &Cluster) {
    let (mut last, mut since) = (writes(cluster), Instant::now());
    let begun = Instant::now();
    while since.elapsed() < STEADY {
        sleep(LOOK_EVERY);
        assert!(begun.elapsed() < PATIENCE, "the operator goes on writing: {last}");
        let now = writes(cluster);
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
}

/// Writes of the operator so far.
fn writes(cluster: &Cluster) -> u64 {
    let answer = get(cluster.machine("k0").net(), METRICS.parse().unwrap(), "/metrics").unwrap();
    Metrics::parse(&answer.body).count("flow_operator_writes_total")
}
