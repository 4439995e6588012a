//! Hundreds of flows in one process.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tests::config::{ConfigFile, Flow};
use tests::lab::{Capture, Ended, Flowclient, NetNs, Path, Process, Sender};
use tests::shapes::{numbers, packets};

const FLOWS: u32 = 300;
/// Datagrams of each flow.
const DATAGRAMS: u32 = 10;
const PACKETS_PER_DATAGRAM: u32 = 7;
/// Memory that a flow may take at most, in bytes.
const MOST_MEMORY: f64 = 512.0 * 1024.0;

/// Number `flow` in the last two bytes of an address.
fn numbered(network: &str, flow: u32) -> String {
    format!("{network}.{}.{}", flow / 200, flow % 200 + 1)
}

/// Each flow from a group of its own to an address of its own.
fn config() -> ConfigFile {
    let urls = |flow| {
        let group = numbered("239.9", flow);
        (format!("flow-{flow}"), format!("udp://{group}:5000?iface=in0"), format!("{}:5000", numbered("10.9", flow)))
    };
    let flows: Vec<_> = (0..FLOWS).map(urls).collect();
    let flows: Vec<_> = flows.iter().map(|(name, input, output)| Flow { name, input, output }).collect();
    ConfigFile::new(&flows)
}

/// A path on which the sink has the addresses of all outputs.
fn path() -> Path {
    let path = Path::new();
    path.sink.ip("route add local 10.9.0.0/16 dev lo");
    path.relay.ip("route add 10.9.0.0/16 via 10.2.0.2");
    path
}

/// The first packet of a flow's datagram: numbers say whose they are.
fn first_packet(flow: u32, datagram: u32) -> u32 {
    PACKETS_PER_DATAGRAM * (flow * DATAGRAMS + datagram)
}

/// Sends each flow its datagrams, one to each and the next when all have come out: however slow the machine, none is too many.
fn send_all(source: &NetNs, sink: &Capture) {
    let to = |flow| format!("{}:5000", numbered("239.9", flow));
    let senders: Vec<_> = (0..FLOWS).map(|flow| Sender::new(source, Path::SOURCE, &to(flow))).collect();
    for datagram in 0..DATAGRAMS {
        for (sender, flow) in senders.iter().zip(0..) {
            sender.send(&packets(first_packet(flow, datagram), PACKETS_PER_DATAGRAM));
        }
        sink.wait_for((FLOWS * (datagram + 1)) as usize);
    }
}

/// The packets heard of each flow, in their order; the port that it sends from tells it from the others.
fn heard(sink: &Capture) -> Vec<Vec<u32>> {
    let mut streams: BTreeMap<SocketAddr, Vec<u8>> = BTreeMap::new();
    for datagram in sink.so_far() {
        streams.entry(datagram.from).or_default().extend(datagram.payload);
    }
    let mut packets: Vec<_> = streams.values().map(|stream| numbers(stream)).collect();
    packets.sort_unstable();
    packets
}

fn sent() -> Vec<Vec<u32>> {
    (0..FLOWS).map(|flow| (first_packet(flow, 0)..first_packet(flow + 1, 0)).collect()).collect()
}

/// Runs flowclient with 40 flows, for which 64 open files are too few, and limits of open files that `ulimit` sets.
fn run_limited(ulimit: &str) -> Ended {
    let urls = |flow| {
        (format!("flow-{flow}"), format!("udp://127.0.0.1:{}", 6_000 + flow), format!("239.1.1.{flow}:5000?iface=lo"))
    };
    let flows: Vec<_> = (1..=40).map(urls).collect();
    let flows: Vec<_> = flows.iter().map(|(name, input, output)| Flow { name, input, output }).collect();
    let config = ConfigFile::new(&flows);
    let namespace = NetNs::new("limited");
    let mut shell = namespace.command("sh");
    shell.args(["-c", &format!("{ulimit} && exec \"$0\" \"$@\"")]).arg(Flowclient::binary());
    Process::run(shell.args(["--config", config.argument(), "--engine", "socket", "--listen", "off", "--for", "100ms"]))
}

#[test]
fn three_hundred_flows_come_out_whole_and_apart() {
    let path = path();
    let config = config();
    let flowclient = Flowclient::start(&path.relay, &["--config", config.argument(), "--threads", "2"]);
    let sink = Capture::start(&path.sink, "eth0", "0.0.0.0:5000");
    send_all(&path.source, &sink);
    assert!(heard(&sink) == sent(), "not what was sent");
    let metrics = flowclient.metrics();
    assert_eq!(metrics.count("flowclient_input_dropped_total"), 0);
    // However many flows there are, what has been sent by the time of a scrape is in it.
    assert_eq!(metrics.sum("flowclient_output_datagrams_total", &[]) as u32, FLOWS * DATAGRAMS);
    // By AF_XDP one thread has all that come in by an interface.
    assert_eq!(metrics.sum("flowclient_thread_flows", &[]) as u32, FLOWS);
    let memory = metrics.sum("flowclient_memory_per_flow_bytes", &[]);
    assert!((1.0..MOST_MEMORY).contains(&memory), "{memory} bytes a flow");
}

#[test]
fn the_usual_limit_of_open_files_does_not_hold() {
    run_limited("ulimit -Sn 64").expect_success();
}

#[test]
fn a_limit_of_open_files_that_holds_is_named() {
    // The last one is wanted for a socket with one of them, to look up an interface with the other.
    for limit in [63, 64] {
        let ended = run_limited(&format!("ulimit -n {limit}"));
        assert_eq!(ended.code(), Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(&format!("its limit of {limit} open files")), "{}", ended.stderr);
    }
}
