//! Faults: what each does to the cluster, and that it ends.

use tests::cluster::{API_SERVER, Cluster, REGISTRY, RUNTIME};
use tests::lab::until;

use super::cluster;
use super::workload::{IMAGE, clear, image, pod, push};

#[test]
fn a_node_without_power_is_lost_and_comes_back() {
    let cluster = cluster();
    cluster.power_off("k1");
    assert!(!cluster.machine("k1").is_on());
    cluster.wait_for_node("k1", false);
    cluster.power_on("k1");
    cluster.wait_for_node("k1", true);
}

#[test]
fn a_node_without_its_cable_is_lost_and_comes_back() {
    let cluster = cluster();
    cluster.cut_link("k2");
    cluster.wait_for_node("k2", false);
    cluster.restore_link("k2");
    cluster.wait_for_node("k2", true);
}

#[test]
fn a_frozen_node_is_lost_and_goes_on_where_it_stood() {
    let cluster = cluster();
    let before = kubelet_of(&cluster, "k3");
    cluster.freeze("k3");
    cluster.wait_for_node("k3", false);
    cluster.thaw("k3");
    cluster.wait_for_node("k3", true);
    assert_eq!(kubelet_of(&cluster, "k3"), before);
}

/// The kubelet's process id on the machine.
fn kubelet_of(cluster: &Cluster, node: &str) -> String {
    let pid = cluster.machine(node).run(&["cat", "/run/services/kubelet"]);
    pid.expect_success().stdout
}

#[test]
fn a_pod_lives_on_without_kubelet_and_containerd() {
    let cluster = cluster();
    push(&cluster);
    cluster.apply(&pod("default", "k4"));
    let server = until("the pod's process", || process_of_web(&cluster, "k4"));
    cluster.kill_runtime("k4");
    cluster.wait_for_node("k4", false);
    assert_eq!(process_of_web(&cluster, "k4"), Some(server));
    assert_eq!(cluster.machine("k4").stopped(), RUNTIME);
    cluster.start_runtime("k4");
    cluster.wait_for_node("k4", true);
    clear(&cluster);
}

/// The web server's process id on the machine.
fn process_of_web(cluster: &Cluster, node: &str) -> Option<String> {
    let found = cluster.machine(node).run(&["pgrep", "--full", "^/busybox httpd"]);
    found.status.success().then_some(found.stdout)
}

#[test]
fn the_control_plane_goes_and_comes_back_in_parts() {
    let cluster = cluster();
    for service in [API_SERVER, "etcd"] {
        cluster.stop("k0", service);
        until("the API server is not ready", || (!is_ready(&cluster)).then_some(()));
        cluster.start("k0", service);
        until("the API server is ready", || is_ready(&cluster).then_some(()));
    }
    cluster.wait_for_node("k1", true);
}

fn is_ready(cluster: &Cluster) -> bool {
    cluster.kubectl(&["get", "--raw", "/readyz"]).status.success()
}

#[test]
fn the_registry_goes_and_comes_back_with_its_images() {
    let cluster = cluster();
    push(&cluster);
    cluster.stop("dockersrv", REGISTRY);
    assert!(!cluster.push(image(), IMAGE).status.success());
    cluster.power_off("dockersrv");
    cluster.start("dockersrv", REGISTRY);
    cluster.power_on("dockersrv");
    until("the registry has the image", || cluster.has_image(IMAGE).then_some(()));
}
