//! The usual lab: a source, a relay and a sink, one cable between each.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::NetNs;

/// Three namespaces: `source` —cable— `relay` —cable— `sink`, with IPv4 and IPv6.
///
/// The relay's input interface is `in0` and its output interface `out0`; the others have `eth0`. Multicast without an
/// interface named leaves the relay by `out0`.
#[derive(Debug)]
pub struct Path {
    /// Sends to the relay.
    pub source: NetNs,
    /// Where flowclient runs.
    pub relay: NetNs,
    /// Receives from the relay.
    pub sink: NetNs,
}

impl Path {
    /// The source's first address.
    pub const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 0, 1));
    /// The source's second address: another sender to the same group.
    pub const OTHER_SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 0, 3));
    /// The relay's address on `in0`.
    pub const RELAY_IN: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 0, 2));
    /// The relay's address on `out0`.
    pub const RELAY_OUT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 2, 0, 1));
    /// The sink's address.
    pub const SINK: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 2, 0, 2));
    /// The source's IPv6 address.
    pub const SOURCE6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 1));
    /// The sink's IPv6 address.
    pub const SINK6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 2, 0, 0, 0, 0, 0, 2));

    /// Builds the lab.
    pub fn new() -> Self {
        let path = Self { source: NetNs::new("source"), relay: NetNs::new("relay"), sink: NetNs::new("sink") };
        path.plug_input();
        cable(&path.relay, "out0", &path.sink, "eth0");
        address(&path.relay, "out0", "10.2.0.1/24", "fd00:2::1/64");
        address(&path.sink, "eth0", "10.2.0.2/24", "fd00:2::2/64");
        path.relay.wait_for_link("out0");
        path.sink.wait_for_link("eth0");
        path.relay.ip("route add 224.0.0.0/4 dev out0");
        path.sink.ip("route add 224.0.0.0/4 dev eth0");
        path
    }

    /// Makes the cable between source and relay, with its addresses; for the second time after [`Self::unplug_input`].
    pub fn plug_input(&self) {
        cable(&self.source, "eth0", &self.relay, "in0");
        address(&self.source, "eth0", "10.1.0.1/24", "fd00:1::1/64");
        self.source.ip("addr add 10.1.0.3/24 dev eth0");
        address(&self.relay, "in0", "10.1.0.2/24", "fd00:1::2/64");
        self.source.wait_for_link("eth0");
        self.relay.wait_for_link("in0");
        self.source.ip("route add 224.0.0.0/4 dev eth0");
    }

    /// Deletes the cable between source and relay, and both its interfaces with it.
    pub fn unplug_input(&self) {
        self.relay.ip("link del in0");
    }
}

impl Default for Path {
    fn default() -> Self {
        Self::new()
    }
}

fn cable(left: &NetNs, left_end: &str, right: &NetNs, right_end: &str) {
    left.ip(&format!("link add {left_end} type veth peer name {right_end} netns {}", right.name()));
}

fn address(namespace: &NetNs, interface: &str, v4: &str, v6: &str) {
    namespace.ip(&format!("addr add {v4} dev {interface}"));
    namespace.ip(&format!("addr add {v6} dev {interface} nodad"));
    namespace.ip(&format!("link set {interface} up"));
}
