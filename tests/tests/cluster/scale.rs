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
/// Label and annotation of the nodes.
const SIMULATED: &str = "kwok.x-k8s.io/node";
/// Where the operator serves its metrics, in the network of k0.
const METRICS: &str = "127.0.0.1:8080";
/// Between two looks at all of them, which cost the processors something.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What takes longer than this hangs. It is no measure of speed.
const PATIENCE: Duration = Duration::from_secs(900);
/// How long nothing is written in a steady state: instances are asked some times meanwhile.
const STEADY: Duration = Duration::from_secs(20);

#[test]
fn a_thousand_flows_are_made_and_then_nothing_is_written() {
    let cluster = own_cluster("scale");
    prepare(&cluster);
    let _kubelets = simulate_nodes(&cluster);
    cluster.apply(&handler("ch7"));
    cluster.apply(&list((0..FLOWS).map(flow)));
    let begun = Instant::now();
    let operator = Operator::start_again(&cluster, None);
    while count(&cluster, "deployments") < FLOWS {
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
    assert!(memory_kib < 100 << 10, "{memory_kib} KiB");
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
            "status": {"allocatable": {"cpu": "32", "memory": "64Gi", "pods": "110"}},
        })
    })));
    let mut command = cluster.machine("k0").net().command(kwok());
    command.arg("--kubeconfig").arg(cluster.kubeconfig());
    command.arg(format!("--manage-nodes-with-annotation-selector={SIMULATED}=fake"));
    Process::start(&mut command)
}

fn kwok() -> PathBuf {
    let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("kubernetes/build");
    let built = Process::run_long(Command::new(build).arg("kwok")).expect_success();
    Path::new(built.stdout.trim()).join("kwok")
}

fn count(cluster: &Cluster, kind: &str) -> usize {
    let names = cluster.kubectl(&["get", kind, "--output=name"]).expect_success().stdout;
    names.lines().count()
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
