//! The lab of a pair: hosts between two switches, a source on the one and a viewer on the other.

use std::net::{IpAddr, Ipv4Addr};

use super::NetNs;

/// `source` — switch — `hosts` — switch — `viewer`, with IPv4.
///
/// A host's interface to the source's switch is `in0`, the one to the viewer's `out0`; source and viewer have `eth0`, and send and
/// receive multicast there without an interface named.
#[derive(Debug)]
pub struct Segment {
    /// Sends to all hosts.
    pub source: NetNs,
    /// Where the instances run.
    pub hosts: Vec<NetNs>,
    /// Hears what any host sends.
    pub viewer: NetNs,
    switches: NetNs,
}

impl Segment {
    /// The source's address.
    pub const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 0, 1));

    /// Builds the lab with so many hosts.
    pub fn new(hosts: usize) -> Self {
        let segment = Self {
            source: NetNs::new("source"),
            hosts: (0..hosts).map(|host| NetNs::new(&format!("host{host}"))).collect(),
            viewer: NetNs::new("viewer"),
            switches: NetNs::new("switches"),
        };
        for switch in ["in", "out"] {
            segment.switches.ip(&format!("link add {switch} type bridge mcast_snooping 0"));
            segment.switches.ip(&format!("link set {switch} up"));
        }
        segment.plug(&segment.source, "eth0", "10.1.0.1/24", "in", "source");
        segment.plug(&segment.viewer, "eth0", "10.2.0.1/24", "out", "viewer");
        segment.source.ip("route add 224.0.0.0/4 dev eth0");
        segment.viewer.ip("route add 224.0.0.0/4 dev eth0");
        for (host, namespace) in segment.hosts.iter().enumerate() {
            segment.plug(namespace, "in0", &format!("10.1.0.{}/24", host + 10), "in", &port(host, "in"));
            segment.plug(namespace, "out0", &format!("10.2.0.{}/24", host + 10), "out", &port(host, "out"));
        }
        segment
    }

    /// Pulls the cable between `host` and a switch, `in` or `out`, at the switch's end.
    pub fn pull(&self, host: usize, switch: &str) {
        self.switches.ip(&format!("link set {} down", port(host, switch)));
    }

    /// Puts the cable back.
    pub fn put_back(&self, host: usize, switch: &str) {
        self.switches.ip(&format!("link set {} up", port(host, switch)));
    }

    fn plug(&self, namespace: &NetNs, interface: &str, address: &str, switch: &str, port: &str) {
        namespace.ip(&format!("link add {interface} type veth peer name {port} netns {}", self.switches.name()));
        self.switches.ip(&format!("link set {port} master {switch} up"));
        namespace.ip(&format!("addr add {address} dev {interface}"));
        namespace.ip(&format!("link set {interface} up"));
    }
}

fn port(host: usize, switch: &str) -> String {
    format!("{switch}{host}")
}
