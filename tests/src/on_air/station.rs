//! A channel from the head-end on air as a flow of the cluster, and what can be done to it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::fault::Fault;
use super::first::put_instances_first;
use crate::cluster::operator::{Operator, clear, flow, pair, wait_for_status};
use crate::cluster::{Cluster, HOSTS, Role};
use crate::lab::{Sender, until};
use crate::standby::channel::{Channel, Source};
use crate::standby::tape::Tape;

/// Name of the flow and of its handler.
pub(super) const NAME: &str = "ch7";
const CHANNEL: Channel = Channel { bitrate: 8_000_000 };
const IN_GROUP: &str = "232.9.9.9:5000";
const OUT_GROUP: &str = "239.1.1.7:5000";
/// Between two looks at the nodes: each costs the processors something that the instances may want.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A channel on air in a cluster, with an operator.
#[derive(Debug)]
pub struct Station<'a> {
    pub(super) cluster: &'a Cluster,
    operator: Option<Operator>,
    is_patient: bool,
    _source: Source,
}

impl<'a> Station<'a> {
    /// Puts the channel on air, with a pair that has the usual patience, or one that has more.
    pub fn start(cluster: &'a Cluster, is_patient: bool) -> Self {
        let operator = Some(Operator::start(cluster));
        let source = start_source(cluster, CHANNEL);
        let usual = || json!({"handler": NAME, "out": [OUT_GROUP], "interface": "eth0"});
        let spec = if is_patient { pair(NAME, OUT_GROUP) } else { usual() };
        cluster.apply(&flow(NAME, spec));
        Self { cluster, operator, is_patient, _source: source }
    }

    /// Gives instances real-time priority, unless they are patient. Returns whether all have it.
    pub(super) fn put_first(&self) -> bool {
        !self.is_patient && put_instances_first(self.cluster)
    }

    /// Begins to record what the viewer gets.
    pub(super) fn viewer(&self) -> Tape {
        Tape::start(&self.cluster.viewer, "eth0", OUT_GROUP)
    }

    /// Waits until there are two instances and all is well, and the one on air is where the viewer hears it; says which node that is.
    pub(super) fn settle(&self, tape: &Tape) -> String {
        self.wait_for("two instances, of which the viewer hears the one on air", |status| {
            let instances = status["instances"].as_array()?;
            let on_air = status["onAirNode"].as_str()?;
            let heard = self.cluster.machine(on_air).host().address.octets()[3];
            let is_whole = instances.len() == 2 && instances.iter().all(|instance| instance["ready"] == true);
            (is_whole && is_ready(status) && tape.last_host() == Some(heard)).then(|| on_air.to_owned())
        })
    }

    /// Waits until two instances on other nodes than `node` could be on air.
    pub(super) fn wait_until_redundant_without(&self, node: &str) {
        self.wait_for("two instances elsewhere", |status| {
            let instances = status["instances"].as_array()?;
            let elsewhere =
                instances.iter().filter(|instance| instance["ready"] == true && instance["node"] != node).count();
            (elsewhere >= 2).then_some(())
        });
    }

    /// Its pods, and how often their containers were started again.
    pub(super) fn pods(&self) -> BTreeSet<String> {
        let list = self.cluster.get(&["pods", &format!("--selector=flowclient.io/flow={NAME}")]);
        let pods = list["items"].as_array().into_iter().flatten();
        let restarts = |pod: &Value| pod["status"]["containerStatuses"][0]["restartCount"].to_string();
        pods.map(|pod| format!("{} {}", pod["metadata"]["uid"], restarts(pod))).collect()
    }

    /// Does it, the flow being on air from `node`.
    pub(super) fn cause(&mut self, fault: Fault, node: &str) {
        match fault {
            Fault::Nothing => {}
            Fault::Drain => drop(self.cluster.drain(node).expect_success()),
            Fault::PowerOff => self.cluster.power_off(node),
            Fault::CutLink => self.cluster.cut_link(node),
            Fault::KillRuntime => self.cluster.kill_runtime(node),
            Fault::StopControlPlane => self.cluster.power_off("k0"),
            Fault::KillOperator => self.operator = None,
        }
    }

    /// Undoes it, and waits until the node is Ready.
    pub(super) fn undo(&mut self, fault: Fault, node: &str) {
        match fault {
            Fault::Nothing => {}
            Fault::Drain => self.cluster.uncordon(node),
            Fault::PowerOff => self.cluster.power_on(node),
            Fault::CutLink => self.cluster.restore_link(node),
            Fault::KillRuntime => self.cluster.start_runtime(node),
            Fault::StopControlPlane => {
                self.cluster.power_on("k0");
                self.cluster.wait_for_api_server();
            }
            Fault::KillOperator => self.operator = Some(Operator::start_again(self.cluster, None)),
        }
        self.wait_for_nodes();
    }

    /// Whether the operator has not ended by itself.
    pub(super) fn operator_is_running(&mut self) -> bool {
        self.operator.as_mut().is_some_and(Operator::is_running)
    }

    /// Takes the channel off air: deletes the flow and its handler.
    pub fn close(self) {
        clear(self.cluster);
    }

    fn wait_for_nodes(&self) {
        until("all nodes are Ready", || {
            sleep(LOOK_EVERY);
            let list = self.cluster.get(&["nodes"]);
            let nodes = list["items"].as_array()?;
            nodes.iter().all(|node| is_ready(&node["status"])).then_some(())
        });
    }

    fn wait_for<T>(&self, what: &str, state: impl FnMut(&Value) -> Option<T>) -> T {
        wait_for_status(self.cluster, self.operator.as_ref(), NAME, what, state)
    }
}

/// Has the head-end send `channel`, and a handler that says where it comes from.
pub(super) fn start_source(cluster: &Cluster, channel: Channel) -> Source {
    let head_end = address_of(Role::HeadEnd);
    let source = Source::start(Sender::new(&cluster.head_end, head_end, IN_GROUP), channel);
    cluster.apply(&handler(head_end));
    source
}

fn address_of(role: Role) -> IpAddr {
    IpAddr::V4(HOSTS.iter().find(|host| host.role == role).expect("each role has a host").address)
}

fn handler(head_end: IpAddr) -> Value {
    json!({
        "apiVersion": "flowclient.io/v1alpha1", "kind": "Handler", "metadata": {"name": NAME},
        "spec": {"title": "Channel 7", "source": format!("udp://{head_end}@{IN_GROUP}?iface=eth0")},
    })
}

/// Whether the condition Ready of a node or flow is true.
fn is_ready(status: &Value) -> bool {
    let conditions = status["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}
