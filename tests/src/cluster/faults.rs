//! What can go wrong, one call each, and its undoing; and what has gone wrong.

use super::control_plane::{CONTROLLERS, add_controllers};
use super::worker::RUNTIME;
use super::{Cluster, Machine};
use crate::lab::Ended;

impl Cluster {
    /// Pulls the plug of a machine.
    pub fn power_off(&self, machine: &str) {
        self.machine(machine).power_off();
    }

    /// Switches a machine on again; its disk is as it was.
    pub fn power_on(&self, machine: &str) {
        self.machine(machine).power_on();
    }

    /// Stops all processes of a machine where they are.
    pub fn freeze(&self, machine: &str) {
        self.machine(machine).freeze();
    }

    /// Lets them go on.
    pub fn thaw(&self, machine: &str) {
        self.machine(machine).thaw();
    }

    /// Pulls the network cable of a host.
    pub fn cut_link(&self, host: &str) {
        self.switch.cut(host);
    }

    /// Puts it back.
    pub fn restore_link(&self, host: &str) {
        self.switch.restore(host);
    }

    /// Moves all pods away from a node, but those of daemon sets.
    pub fn drain(&self, node: &str) -> Ended {
        let options = ["--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=100s"];
        self.kubectl(&[&["drain", node][..], &options].concat())
    }

    /// Lets pods come back to a node.
    pub fn uncordon(&self, node: &str) {
        self.kubectl(&["uncordon", node]).expect_success();
    }

    /// Kills kubelet and containerd of a node for good. Its pods live on.
    pub fn kill_runtime(&self, node: &str) {
        // The kubelet first: it would start to restart what it misses.
        RUNTIME.iter().rev().for_each(|service| self.stop(node, service));
    }

    /// Starts them again.
    pub fn start_runtime(&self, node: &str) {
        RUNTIME.iter().for_each(|service| self.start(node, service));
    }

    /// Kills a service and keeps it down: `kube-apiserver` or `etcd` of k0, `docker-registry` of dockersrv...
    pub fn stop(&self, machine: &str, service: &str) {
        self.machine(machine).stop(service);
    }

    /// Starts a service again.
    pub fn start(&self, machine: &str, service: &str) {
        self.machine(machine).start(service);
    }

    /// Lets a node be lost when nothing was heard of it for `grace`, such as `40s`.
    pub fn give_nodes(&self, grace: &str) {
        let machine = self.control_plane();
        CONTROLLERS.iter().for_each(|service| machine.stop(service));
        add_controllers(machine, grace);
        CONTROLLERS.iter().for_each(|service| machine.start(service));
    }

    /// What each machine is doing, a line each.
    pub fn status(&self) -> String {
        let line = |machine: &Machine| {
            let power = match (machine.is_on(), machine.is_frozen()) {
                (false, _) => "off",
                (true, true) => "frozen",
                (true, false) => "on",
            };
            let link = if self.switch.is_cut(machine.name()) { "cut" } else { "up" };
            let stopped = machine.stopped().join(", ");
            format!("{:<10} {}  {power:<6}  link {link:<3}  {stopped}\n", machine.name(), machine.host().address)
        };
        self.machines().map(line).collect()
    }
}
