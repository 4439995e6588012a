//! The network of the cluster: one switch, with a cable to each host.

use super::hosts::{GATEWAY, HOSTS, Host, Role};
use crate::lab::NetNs;

/// The switch. It forwards multicast to every port, and has the gateway's address.
#[derive(Debug)]
pub(super) struct Switch {
    net: NetNs,
}

impl Switch {
    /// The switch of the lab called `lab`; it need not exist yet.
    pub(super) fn new(lab: &str) -> Self {
        Self { net: NetNs::lasting(&format!("{lab}-switch")) }
    }

    /// Makes the bridge.
    pub(super) fn build(&self) {
        self.net.make();
        self.net.ip("link add br0 type bridge mcast_snooping 0 forward_delay 0");
        self.net.ip(&format!("addr add {GATEWAY}/24 dev br0"));
        self.net.ip("link set br0 up");
    }

    /// Connects `host`, which gets its address and routes to the gateway, to groups and to the other workers' pods.
    pub(super) fn plug(&self, host: &Host, net: &NetNs) {
        net.ip(&format!("link add eth0 type veth peer name {} netns {}", host.name, self.net.name()));
        self.net.ip(&format!("link set {} master br0 up", host.name));
        net.ip(&format!("addr add {}/24 dev eth0", host.address));
        net.ip("link set eth0 up");
        net.ip(&format!("route add default via {GATEWAY}"));
        net.ip("route add 224.0.0.0/4 dev eth0");
        for worker in HOSTS.iter().filter(|other| other.role == Role::Worker && other.address != host.address) {
            net.ip(&format!("route add {} via {}", worker.pod_subnet(), worker.address));
        }
    }

    /// Pulls the cable of `host` at the switch's end.
    pub(super) fn cut(&self, host: &str) {
        self.net.ip(&format!("link set {host} down"));
    }

    /// Puts the cable back.
    pub(super) fn restore(&self, host: &str) {
        self.net.ip(&format!("link set {host} up"));
    }

    /// Whether the cable of `host` is pulled.
    pub(super) fn is_cut(&self, host: &str) -> bool {
        self.net.ask(&format!("link show {host}")).contains("state DOWN")
    }

    /// Unplugs everything.
    pub(super) fn destroy(&self) {
        self.net.delete();
    }
}
