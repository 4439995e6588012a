//! By AF_XDP it is as through sockets, and what AF_XDP cannot or should not take goes through sockets.

use std::process::Command;

use tests::lab::{Capture, Flowclient, Metrics, NetNs, Path, Process, Sender, meanwhile};
use tests::shapes::{datagrams, numbers, packets};

use crate::bytes::payload_of;
use crate::{HEARD_AT, IN, OUT, SEND_TO};

const BY_XDP: [&str; 6] = ["--engine", "xdp", "--in", IN, "--out", OUT];

fn comes_by(metrics: &Metrics, engine: &str) -> bool {
    metrics.sum("flowclient_input_engine", &[("engine", engine)]) > 0.0
}

struct Lab {
    path: Path,
    flowclient: Flowclient,
    sink: Capture,
    sender: Sender,
}

impl Lab {
    fn new(arguments: &[&str]) -> Self {
        let path = Path::new();
        let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
        let flowclient = Flowclient::start(&path.relay, arguments);
        let sender = Sender::new(&path.source, Path::SOURCE, SEND_TO);
        Self { path, flowclient, sink, sender }
    }

    fn wait_for_engine(&self, engine: &str) {
        self.flowclient.wait_until(&format!("input by {engine}"), |metrics| comes_by(metrics, engine));
    }

    /// Sends numbered datagrams all the while that `work` takes, and checks that the sink has all of them, in order.
    fn assert_nothing_is_lost(&self, work: impl FnOnce()) {
        send_while(&self.sender, 2_000, || {
            self.sink.wait_for_more(1_000);
            work();
            self.sink.wait_for_more(1_000);
        });
        let received = numbers(&self.sink.bytes());
        let gap = received.windows(2).find(|pair| pair[1] != pair[0] + 1);
        assert_eq!((received[0], gap), (0, None), "of {}", received.len());
    }
}

/// Sends so many numbered datagrams a second all the while that `work` takes.
fn send_while(sender: &Sender, per_second: u32, work: impl FnOnce()) {
    meanwhile(|work| sender.send_at(per_second, datagrams(0, 10_000_000).take_while(|_| work.goes_on())), work);
}

#[test]
fn by_af_xdp_everything_comes_out_in_order() {
    let lab = Lab::new(&BY_XDP);
    lab.flowclient.wait_for_log("input by AF_XDP at in0: native", 1);
    lab.assert_nothing_is_lost(|| {});
    let metrics = lab.flowclient.metrics();
    assert!(comes_by(&metrics, "xdp") && !comes_by(&metrics, "socket"));
    assert_eq!(metrics.dropped("kernel"), 0);
}

#[test]
fn a_fast_stream_that_is_joined_while_it_runs_comes_out_in_order() {
    let path = Path::new();
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    let sender = Sender::new(&path.source, Path::SOURCE, SEND_TO);
    send_while(&sender, 50_000, || {
        // What comes between its joining and the program that takes the rest waits at the socket, and is to come first.
        let flowclient = Flowclient::start(&path.relay, &BY_XDP);
        flowclient.wait_until("input by AF_XDP", |metrics| comes_by(metrics, "xdp"));
        sink.wait_for_more(1_000);
    });
    let received = numbers(&sink.bytes());
    let back = received.windows(2).find(|pair| pair[1] <= pair[0]);
    assert_eq!(back, None, "of {}", received.len());
}

#[test]
fn a_flow_whose_datagrams_come_in_fragments_goes_through_the_socket_in_order() {
    let lab = Lab::new(&BY_XDP);
    lab.wait_for_engine("xdp");
    // Whole ones, then some of 14 packets, which are cut on the cable, among them.
    let sizes = (0..300_u32).map(|number| if number > 100 && number % 3 == 0 { 14 } else { 7 });
    let stream = sizes.scan(0, |first, count| {
        *first += count;
        Some(packets(*first - count, count))
    });
    lab.sender.send_at(2_000, stream);
    lab.wait_for_engine("socket");
    let count = 300 * 7 + 66 * 7;
    lab.sink.wait_for_bytes(188 * (count - 7));
    assert_eq!(numbers(&lab.sink.bytes()), (0..count as u32).collect::<Vec<_>>());
    assert_eq!(lab.flowclient.logged("input through sockets: some of its datagrams come in fragments"), 1);
}

#[test]
fn another_program_on_the_host_can_receive_the_group_too() {
    let lab = Lab::new(&BY_XDP);
    lab.wait_for_engine("xdp");
    lab.assert_nothing_is_lost(|| {
        let other = Capture::start(&lab.path.relay, "in0", SEND_TO);
        lab.wait_for_engine("socket");
        other.wait_for_more(500);
        drop(other);
        lab.wait_for_engine("xdp");
    });
    assert_eq!(lab.flowclient.logged("other programs on this host receive the group too"), 1);
}

#[test]
fn other_traffic_passes_the_interface() {
    let lab = Lab::new(&BY_XDP);
    lab.wait_for_engine("xdp");
    let other_group = Capture::start(&lab.path.relay, "in0", "239.9.9.8:5000");
    lab.path.relay.wait_for_member("in0", "239.9.9.8".parse().unwrap());
    let other_port = Capture::start(&lab.path.relay, "in0", "10.1.0.2:5000");
    Sender::new(&lab.path.source, Path::SOURCE, "239.9.9.8:5000").send_at(1_000, datagrams(0, 10));
    Sender::new(&lab.path.source, Path::SOURCE, "10.1.0.2:5000").send_at(1_000, datagrams(0, 10));
    other_group.wait_for(10);
    other_port.wait_for(10);
}

#[test]
fn only_the_wanted_source_is_heard_by_af_xdp() {
    let lab = Lab::new(&["--engine", "xdp", "--in", "udp://10.1.0.3@239.9.9.9:5000?iface=in0", "--out", OUT]);
    lab.wait_for_engine("xdp");
    lab.sender.send_at(1_000, datagrams(0, 50));
    Sender::new(&lab.path.source, Path::OTHER_SOURCE, SEND_TO).send_at(1_000, datagrams(1_000, 50));
    lab.sink.wait_for(50);
    assert_eq!(numbers(&lab.sink.bytes()), (7_000..7_350).collect::<Vec<_>>());
}

#[test]
fn an_interface_that_is_made_again_is_received_from_by_af_xdp_again() {
    let lab = Lab::new(&BY_XDP);
    lab.wait_for_engine("xdp");
    lab.path.unplug_input();
    lab.wait_for_engine("socket");
    lab.path.plug_input();
    lab.wait_for_engine("xdp");
    lab.flowclient.wait_for_log("input opened anew", 0);
    lab.path.relay.wait_for_member("in0", "239.9.9.9".parse().unwrap());
    Sender::new(&lab.path.source, Path::SOURCE, SEND_TO).send_at(1_000, datagrams(0, 100));
    lab.sink.wait_for(100);
}

/// Sends by AF_XDP on both ways, to two groups.
const BOTH_WAYS: [&str; 10] = [
    "--engine",
    "xdp",
    "--pace",
    "pcr",
    "--in",
    IN,
    "--out",
    "udp://239.1.1.7:5000?iface=out0&loop=false&ttl=7&dscp=10",
    "--out",
    "rtp://239.1.1.8:5000?iface=out0&loop=false",
];

#[test]
fn paced_datagrams_leave_by_af_xdp_to_each_output() {
    let lab = Lab::new(&BOTH_WAYS);
    let by_rtp = Capture::start(&lab.path.sink, "eth0", "239.1.1.8:5000");
    lab.flowclient.wait_for_log("by AF_XDP at out0", 2);
    lab.wait_for_engine("xdp");
    lab.assert_nothing_is_lost(|| {});
    let heard = lab.sink.so_far();
    assert_eq!(heard[0].from.ip(), Path::RELAY_OUT);
    by_rtp.wait_for(heard.len());
    let rtp: Vec<u8> = by_rtp.so_far().iter().flat_map(|datagram| payload_of(&datagram.payload).to_vec()).collect();
    assert!(rtp.starts_with(&lab.sink.bytes()[..1_316 * heard.len()]), "the outputs differ");
    assert_eq!(lab.flowclient.metrics().sum("flowclient_outputs_by_xdp", &[]), 2.0);
}

#[test]
fn the_sinks_kernel_finds_the_checksums_right() {
    let lab = Lab::new(&BOTH_WAYS);
    lab.flowclient.wait_for_log("by AF_XDP at out0", 2);
    // Without the offload each datagram has its checksum on the wire, and is dropped if it is wrong.
    Process::run(lab.path.relay.command("ethtool").args(["-K", "out0", "tx", "off"])).expect_success();
    lab.assert_nothing_is_lost(|| {});
}

#[test]
fn datagrams_that_are_cut_anew_leave_by_af_xdp_too() {
    let lab = Lab::new(&[&BOTH_WAYS[..8], &["--packets-per-datagram", "3"]].concat());
    lab.flowclient.wait_for_log("by AF_XDP at out0", 1);
    lab.assert_nothing_is_lost(|| {});
    assert_eq!(lab.sink.so_far()[0].payload.len(), 3 * 188);
}

#[test]
fn an_output_whose_interface_goes_and_comes_back_goes_on() {
    let lab = Lab::new(&BOTH_WAYS[..8]);
    lab.flowclient.wait_for_log("by AF_XDP at out0", 1);
    send_while(&lab.sender, 500, || {
        lab.sink.wait_for_more(100);
        lab.path.relay.ip("link set out0 down");
        lab.flowclient.wait_for_log("refuses datagrams", 1);
        lab.path.relay.ip("link set out0 up");
        lab.path.relay.ip("route add 224.0.0.0/4 dev out0");
        lab.sink.wait_for_more(100);
        lab.flowclient.wait_for_log("by AF_XDP at out0", 2);
        lab.sink.wait_for_more(100);
    });
}

/// Runs flowclient with these capabilities only.
fn with_capabilities(namespace: &NetNs, capabilities: &str, arguments: &[&str]) -> Command {
    let mut command = namespace.command("setpriv");
    command.arg(format!("--bounding-set={capabilities}")).arg(Flowclient::binary()).args(arguments);
    command.args(["--listen", "off"]);
    command
}

#[test]
fn named_capabilities_are_enough_and_are_a_wish() {
    let path = Path::new();
    let process = Process::start(&mut with_capabilities(
        &path.relay,
        "-all,+net_raw,+net_admin,+bpf,+ipc_lock",
        &["--in", IN, "--out", OUT],
    ));
    tests::lab::until("AF_XDP", || process.stderr().contains("input by AF_XDP at in0").then_some(()));
}

#[test]
fn without_its_capabilities_af_xdp_is_refused_with_the_reason() {
    let path = Path::new();
    let arguments = ["--engine", "xdp", "--in", IN, "--out", OUT];
    let ended = Process::run(&mut with_capabilities(&path.relay, "-bpf,-sys_admin", &arguments));
    assert_eq!(ended.code(), Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF"), "{}", ended.stderr);
}

#[test]
fn nobody_goes_past_the_packet_filter_unasked() {
    let lab = Lab::new(&["--engine", "auto", "--in", IN, "--out", OUT]);
    lab.flowclient.wait_for_log("input through sockets: AF_XDP goes past this host's packet filter", 1);
    lab.wait_for_engine("socket");
}
