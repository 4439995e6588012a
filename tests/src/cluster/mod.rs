//! A real Kubernetes cluster on one machine: etcd, API server, scheduler and controller manager on k0, containerd and a kubelet
//! on each of k1 to k4, a registry, a head-end and a viewer, on a network of their own.
//!
//! Each machine is a set of namespaces with a pid 1 and a disk in memory ([`Machine`]). A lab lives until it is taken down, and has
//! a name by which other processes find it: its folder is `/dev/shm/NAME`, its network namespaces are `NAME-HOST`. Nothing of it is
//! in the network of whoever runs it.

mod certificates;
mod control_groups;
mod control_plane;
mod faults;
mod hosts;
mod image;
mod kubeconfig;
mod kubectl;
mod machine;
mod network;
pub mod operator;
mod programs;
mod progress;
mod registry;
mod shared;
mod up;
pub mod version;
mod worker;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

pub use control_plane::API_SERVER;
pub use hosts::{GATEWAY, HOSTS, Host, REGISTRY_NAME, Role};
pub use image::{BUSYBOX, Image};
pub use machine::Machine;
pub use registry::{Certificate, PASSWORD, REGISTRY, USER};
pub use shared::{Guarded, guard, own, shared};
pub use worker::RUNTIME;

use self::network::Switch;
use crate::lab::NetNs;

const MEMORY: &str = "/dev/shm";

/// A lab, whether it is up or not. It outlives this guard.
#[derive(Debug)]
pub struct Cluster {
    name: String,
    switch: Switch,
    machines: Vec<Machine>,
    /// Where channels come from.
    pub head_end: NetNs,
    /// Where flows are received.
    pub viewer: NetNs,
}

impl Cluster {
    /// The lab called `name`, which begins with `fc-`.
    pub fn named(name: &str) -> Self {
        assert!(name.starts_with("fc-"), "the lab's name {name} does not begin with fc-");
        let net = |host: &Host| NetNs::lasting(&format!("{name}-{}", host.name));
        let of = |role| net(HOSTS.iter().find(|host| host.role == role).expect("each role has a host"));
        let folder = Path::new(MEMORY).join(name);
        let machines = HOSTS.iter().filter(|host| host.is_machine());
        Self {
            name: name.to_owned(),
            switch: Switch::new(name),
            machines: machines.map(|host| Machine::new(name, &folder, *host, net(host))).collect(),
            head_end: of(Role::HeadEnd),
            viewer: of(Role::Viewer),
        }
    }

    /// The machine called `name`.
    ///
    /// # Panics
    /// When the lab has none of this name.
    pub fn machine(&self, name: &str) -> &Machine {
        let found = self.machines().find(|machine| machine.name() == name);
        found
            .unwrap_or_else(|| panic!("{name} is none of {:?}", self.machines().map(Machine::name).collect::<Vec<_>>()))
    }

    /// The machines that were made.
    pub fn machines(&self) -> impl Iterator<Item = &Machine> {
        self.machines.iter().filter(|machine| machine.exists())
    }

    /// The machines with a kubelet.
    pub fn workers(&self) -> impl Iterator<Item = &Machine> {
        self.machines().filter(|machine| machine.host().role == Role::Worker)
    }

    /// A command on a host.
    ///
    /// # Panics
    /// When there is no such host, or it is off.
    pub fn command(&self, host: &str, program: &str) -> Command {
        let places = [("head-end", &self.head_end), ("viewer", &self.viewer)];
        match places.iter().find(|(name, _)| *name == host) {
            Some((_, net)) => net.command(program),
            None => self.machine(host).command(program),
        }
    }

    /// Takes the lab down: its processes, its namespaces, its control groups and its folder.
    pub fn down(&self) {
        thread::scope(|scope| {
            for machine in &self.machines {
                scope.spawn(|| machine.destroy());
            }
        });
        self.head_end.delete();
        self.viewer.delete();
        self.switch.destroy();
        let _ = fs::remove_dir_all(self.folder());
    }

    /// Where everything of the lab is.
    pub fn folder(&self) -> PathBuf {
        Path::new(MEMORY).join(&self.name)
    }

    fn control_plane(&self) -> &Machine {
        let machine = self.machines.iter().find(|machine| machine.host().role == Role::ControlPlane);
        machine.expect("the control plane has a host")
    }

    fn registry(&self) -> &Machine {
        self.machines.iter().find(|machine| machine.host().role == Role::Registry).expect("the registry has a host")
    }
}
