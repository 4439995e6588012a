//! Multicast from the head-end to nodes and viewers.

use std::net::IpAddr;

use tests::cluster::{Cluster, HOSTS, Role};
use tests::lab::{Capture, Sender};

use super::cluster;

const GROUP: &str = "239.9.9.9:5000";

#[test]
fn a_node_and_a_viewer_hear_the_head_end() {
    let cluster = cluster();
    let heard = [listen(&cluster, "k2"), Capture::start(&cluster.viewer, "eth0", GROUP)];
    send(&cluster, 100);
    heard.iter().for_each(|capture| capture.wait_for(100));
    let head_end = HOSTS.iter().find(|host| host.role == Role::HeadEnd).unwrap();
    assert_eq!(heard[0].so_far()[0].from.ip(), head_end.address);
}

#[test]
fn a_node_with_its_cable_pulled_hears_nothing_until_it_is_put_back() {
    let cluster = cluster();
    let (cut, other) = (listen(&cluster, "k3"), listen(&cluster, "k4"));
    cluster.cut_link("k3");
    send(&cluster, 10);
    other.wait_for(10);
    assert_eq!(cut.count(), 0);
    cluster.restore_link("k3");
    send(&cluster, 10);
    cut.wait_for(10);
}

fn listen(cluster: &Cluster, node: &str) -> Capture {
    Capture::start(cluster.machine(node).net(), "eth0", GROUP)
}

fn send(cluster: &Cluster, count: usize) {
    let from = HOSTS.iter().find(|host| host.role == Role::HeadEnd).unwrap().address;
    Sender::new(&cluster.head_end, IpAddr::V4(from), GROUP).send_at(1_000, vec![[0x47; 1_316]; count]);
}
