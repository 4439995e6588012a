//! Who is who on the cluster's network.

use std::net::Ipv4Addr;

/// The network's address of the machine that hosts the others; here the bridge.
pub const GATEWAY: Ipv4Addr = address(161);
/// Name of the registry, as in image references.
pub const REGISTRY_NAME: &str = "docker-registry.example.com";

/// Where all [`Host::pod_subnet`] are.
pub(super) const POD_SUBNETS: &str = "10.244.0.0/16";

/// What a host is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// Runs etcd, the API server, the scheduler and the controller manager.
    ControlPlane,
    /// Runs containerd and a kubelet.
    Worker,
    /// Runs the registry.
    Registry,
    /// Sends channels. No machine of its own, but a network namespace only.
    HeadEnd,
    /// Receives flows. No machine of its own, but a network namespace only.
    Viewer,
}

/// One address of the network.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Name without a domain.
    pub name: &'static str,
    /// What it is for.
    pub role: Role,
    /// The address; its last byte tells the hosts apart.
    pub address: Ipv4Addr,
}

/// The hosts of the mission's table, with a head-end and a viewer.
pub const HOSTS: [Host; 8] = [
    Host { name: "k0", role: Role::ControlPlane, address: address(162) },
    Host { name: "k1", role: Role::Worker, address: address(163) },
    Host { name: "k2", role: Role::Worker, address: address(164) },
    Host { name: "k3", role: Role::Worker, address: address(165) },
    Host { name: "k4", role: Role::Worker, address: address(166) },
    Host { name: "dockersrv", role: Role::Registry, address: address(168) },
    Host { name: "head-end", role: Role::HeadEnd, address: address(171) },
    Host { name: "viewer", role: Role::Viewer, address: address(172) },
];

impl Host {
    /// Addresses of its pods: a bridge on the worker, routed by all others.
    pub fn pod_subnet(&self) -> String {
        format!("10.244.{}.0/24", self.address.octets()[3])
    }

    /// Whether it is a machine with processes of its own, not just a place to send from or receive at.
    pub fn is_machine(&self) -> bool {
        !matches!(self.role, Role::HeadEnd | Role::Viewer)
    }
}

/// What `/etc/hosts` says on each machine.
pub(super) fn etc_hosts() -> String {
    let line = |host: &Host| match host.role {
        Role::Registry => format!("{} {} {REGISTRY_NAME}\n", host.address, host.name),
        _ => format!("{} {}\n", host.address, host.name),
    };
    format!("127.0.0.1 localhost\n{}", HOSTS.iter().map(line).collect::<String>())
}

const fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 168, 2, last)
}
