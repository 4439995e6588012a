//! What the flows want of the machine. Pure: it is all in their specification.

use std::net::{IpAddr, SocketAddr};

use relay::spec::{DEFAULT_PACKETS_PER_DATAGRAM, DEFAULT_RECEIVE_BUFFER_BYTES, FlowSpec, Interface, Source, Transport};

/// Bits a second of a flow that does not say: an HD channel.
pub(super) const USUAL_BITRATE: u64 = 8_000_000;
const TRANSPORT_PACKET_BYTES: usize = 188;
const RTP_HEADER_BYTES: usize = 12;
const UDP_HEADER_BYTES: usize = 8;
const IPV4_HEADER_BYTES: usize = 20;
const IPV6_HEADER_BYTES: usize = 40;
/// Descriptors of a process without flows, or a thread without any: standard streams, HTTP clients, epoll, timers, watches.
const PROCESS_DESCRIPTORS: u64 = 64;
const THREAD_DESCRIPTORS: u64 = 8;
/// What a flow opens besides inputs and outputs: a file, or a recording.
const FLOW_DESCRIPTORS: u64 = 2;
/// A pair's sockets: to hear the group, and to talk beside it.
const PAIR_DESCRIPTORS: u64 = 4;

/// What all flows want together.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// Number of flows; none means the machine in general.
    pub(super) flows: usize,
    /// Threads that move datagrams.
    pub(super) threads: usize,
    /// Each address that is received at or sent to.
    pub(super) ends: Vec<End>,
    /// The largest receive buffer, in bytes, and the flow that wants it.
    pub(super) buffer_bytes: usize,
    /// Bits a second of the flow with the largest buffer for its rate.
    pub(super) buffer_bitrate: u64,
    /// A flow whose instances on several hosts agree by UTC only, if there is one.
    pub(super) by_utc: Option<String>,
    /// File descriptors, at most.
    pub(super) descriptors: u64,
}

/// One address that a flow receives at or sends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// Name of the flow.
    pub(super) flow: String,
    /// As written.
    pub(super) url: String,
    /// Which way datagrams go.
    pub(super) direction: Direction,
    /// The group or host, and port.
    pub(super) address: SocketAddr,
    /// The only sender wanted, or the address to send from.
    pub(super) source: Option<IpAddr>,
    /// The interface, if it is named.
    pub(super) interface: Option<Interface>,
    /// Bytes of its IP packets, headers included; of an input, the usual ones.
    pub(super) packet_bytes: usize,
    /// Bits a second, if they are known beforehand.
    pub(super) bitrate: Option<u64>,
}

/// Which way datagrams go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    In,
    Out,
}

impl Needs {
    /// What `flows` want when they run in so many threads.
    pub(super) fn of(flows: &[FlowSpec], threads: usize) -> Self {
        let fullest = flows.iter().filter(|flow| hears(flow)).max_by_key(|flow| flow.receive_buffer_bytes);
        Self {
            flows: flows.len(),
            threads,
            ends: flows.iter().flat_map(ends).collect(),
            buffer_bytes: fullest.map_or(DEFAULT_RECEIVE_BUFFER_BYTES, |flow| flow.receive_buffer_bytes),
            buffer_bitrate: fullest.and_then(bitrate).unwrap_or(USUAL_BITRATE),
            by_utc: flows.iter().find(|flow| agrees_by_utc(flow)).map(|flow| flow.name.clone()),
            descriptors: PROCESS_DESCRIPTORS
                + THREAD_DESCRIPTORS * threads as u64
                + flows.iter().map(descriptors).sum::<u64>(),
        }
    }
}

impl End {
    /// Whether the address is a group.
    pub(super) fn is_group(&self) -> bool {
        self.address.ip().is_multicast()
    }

    /// Bits a second, as far as that can be said.
    pub(super) fn likely_bitrate(&self) -> u64 {
        self.bitrate.unwrap_or(USUAL_BITRATE)
    }
}

/// Whether the flow has a receiving socket.
fn hears(flow: &FlowSpec) -> bool {
    flow.pair.is_some() || matches!(flow.source, Source::Network(_))
}

fn bitrate(flow: &FlowSpec) -> Option<u64> {
    let least = flow.pair.as_ref().and_then(|pair| pair.least_bitrate).map(|least| least.bits_per_second());
    match &flow.source {
        Source::Test(test) => Some(test.bitrate),
        _ => least,
    }
}

/// What is made of a file or out of nothing is the same on two hosts only if their clocks are.
fn agrees_by_utc(flow: &FlowSpec) -> bool {
    flow.pair.is_some() && !matches!(flow.source, Source::Network(_))
}

fn descriptors(flow: &FlowSpec) -> u64 {
    let pair = if flow.pair.is_some() { PAIR_DESCRIPTORS } else { 0 };
    FLOW_DESCRIPTORS + 1 + flow.outputs.len() as u64 + pair
}

fn ends(flow: &FlowSpec) -> Vec<End> {
    input(flow).into_iter().chain(outputs(flow)).chain(beside(flow)).collect()
}

fn input(flow: &FlowSpec) -> Option<End> {
    let Source::Network(input) = &flow.source else { return None };
    Some(End {
        flow: flow.name.clone(),
        url: input.to_string(),
        direction: Direction::In,
        address: input.address,
        source: input.source,
        interface: input.interface.clone(),
        packet_bytes: packet_bytes(input.address, input.transport, DEFAULT_PACKETS_PER_DATAGRAM),
        bitrate: bitrate(flow),
    })
}

fn outputs(flow: &FlowSpec) -> impl Iterator<Item = End> {
    flow.outputs.iter().map(|output| End {
        flow: flow.name.clone(),
        url: output.to_string(),
        direction: Direction::Out,
        address: output.address,
        source: output.source,
        interface: output.interface.clone(),
        packet_bytes: packet_bytes(output.address, output.transport, flow.packets_per_datagram),
        bitrate: bitrate(flow),
    })
}

/// What an instance of a pair hears of the others, where it sends itself.
fn beside(flow: &FlowSpec) -> Option<End> {
    let meets_at = flow.pair.as_ref().and_then(|_| flow.meeting_point())?;
    let sent = outputs(flow).find(|end| end.address == meets_at.address)?;
    Some(End { direction: Direction::In, source: None, ..sent })
}

/// Bytes of an IP packet without options: headers, and so many transport packets.
fn packet_bytes(address: SocketAddr, transport: Transport, packets: usize) -> usize {
    let ip = if address.is_ipv4() { IPV4_HEADER_BYTES } else { IPV6_HEADER_BYTES };
    let rtp = if transport == Transport::Rtp { RTP_HEADER_BYTES } else { 0 };
    ip + UDP_HEADER_BYTES + rtp + packets * TRANSPORT_PACKET_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay::spec::PairSpec;

    fn flow(source: &str, output: &str) -> FlowSpec {
        FlowSpec::new("a", source.parse().unwrap(), vec![output.parse().unwrap()])
    }

    #[test]
    fn a_datagram_of_seven_packets_is_1344_bytes_on_the_wire_and_12_more_in_rtp() {
        let needs = Needs::of(&[flow("rtp://239.9.9.9:5000", "239.1.1.7:5000")], 1);
        let sizes: Vec<_> = needs.ends.iter().map(|end| (end.direction, end.packet_bytes)).collect();
        assert_eq!(sizes, [(Direction::In, 1_356), (Direction::Out, 1_344)]);
        assert_eq!(Needs::of(&[flow("test:", "[ff15::7]:5000")], 1).ends[0].packet_bytes, 1_364);
    }

    #[test]
    fn an_instance_of_a_pair_hears_where_it_sends() {
        let paired = FlowSpec { pair: Some(PairSpec::default()), ..flow("test:", "239.1.1.7:5000?iface=out0") };
        let needs = Needs::of(&[paired], 1);
        let ends: Vec<_> = needs.ends.iter().map(|end| (end.direction, end.address.to_string())).collect();
        assert_eq!(ends, [Direction::Out, Direction::In].map(|way| (way, "239.1.1.7:5000".to_owned())));
        assert_eq!(needs.by_utc.as_deref(), Some("a"));
    }

    #[test]
    fn what_is_played_here_has_a_rate_and_what_comes_in_is_taken_for_an_hd_channel() {
        let bitrate = |source| Needs::of(&[flow(source, "239.1.1.7:5000")], 1).ends[0].likely_bitrate();
        assert_eq!(bitrate("test:?bitrate=2M"), 2_000_000);
        assert_eq!(bitrate("udp://239.9.9.9:5000"), USUAL_BITRATE);
    }
}
