//! Pods from images in the private registry.

use std::net::{SocketAddr, TcpStream};

use serde_json::json;
use tests::cluster::{Cluster, Role};
use tests::lab::{get, until};

use super::cluster;
use super::workload::{IMAGE, PORT, clear, image, node_of_web, pod, pod_spec, push};

#[test]
fn all_nodes_become_ready() {
    let cluster = cluster();
    let workers: Vec<_> = cluster.workers().map(|worker| worker.name()).collect();
    assert_eq!(workers, ["k1", "k2", "k3", "k4"]);
    for worker in workers {
        cluster.wait_for_node(worker, true);
    }
    assert_eq!(cluster.machine("k0").host().role, Role::ControlPlane);
}

#[test]
fn a_pod_on_the_hosts_network_runs_from_an_image_that_was_pulled_with_the_login() {
    let cluster = cluster();
    push(&cluster);
    cluster.apply(&pod("default", "k1"));
    assert_eq!(served(&cluster, "k1"), 404);
    // The server answers a moment before the kubelet knows the container.
    let name = until("a command in the pod", || {
        let ended = cluster.kubectl(&["exec", "web", "--", "/busybox", "hostname"]);
        ended.status.success().then_some(ended.stdout)
    });
    assert_eq!(name, "k1\n");
    clear(&cluster);
}

/// The status of the web server on `node`: there is no file to serve.
fn served(cluster: &Cluster, node: &str) -> u16 {
    let server = SocketAddr::from((cluster.machine(node).host().address, PORT));
    until(&format!("an answer of {server}"), || get(&cluster.viewer, server, "/").ok()).status
}

#[test]
fn an_image_is_not_pulled_without_the_login() {
    let cluster = cluster();
    push(&cluster);
    cluster.kubectl(&["create", "namespace", "stranger"]);
    let spec = pod("stranger", "k1");
    until("the namespace's account", || {
        cluster.kubectl(&["get", "serviceaccount", "default", "--namespace=stranger"]).status.success().then_some(())
    });
    cluster.apply(&spec);
    let reason = until("a reason why the pod waits", || {
        let pod = cluster.get(&["pod", "web", "--namespace=stranger"]);
        let waiting = &pod["status"]["containerStatuses"][0]["state"]["waiting"];
        let reason = waiting["reason"].as_str().filter(|reason| *reason != "ContainerCreating")?;
        Some(format!("{reason}: {}", waiting["message"]))
    });
    assert!(reason.starts_with("ErrImagePull") || reason.starts_with("ImagePullBackOff"), "{reason}");
    cluster.kubectl(&["delete", "namespace", "stranger", "--wait=false"]).expect_success();
}

#[test]
fn a_node_reaches_the_api_server_by_the_address_of_its_service() {
    let cluster = cluster();
    let net = cluster.machine("k1").net();
    until("the address of the service", || net.inside(|| TcpStream::connect("10.96.0.1:443")).ok());
}

#[test]
fn an_image_is_not_pushed_without_the_login() {
    let refused = cluster().push_without_login(image(), IMAGE);
    assert!(!refused.status.success());
    assert!(refused.stderr.contains("authentication required"), "{}", refused.stderr);
}

#[test]
fn a_drained_nodes_pod_goes_on_elsewhere() {
    let cluster = cluster();
    push(&cluster);
    cluster.apply(&json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod_spec()},
        },
    }));
    let before = node_of_web(&cluster);
    cluster.drain(&before).expect_success();
    let after = node_of_web(&cluster);
    assert_ne!(before, after);
    assert_eq!(served(&cluster, &after), 404);
    clear(&cluster);
}
