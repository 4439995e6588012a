//! Where it listens and where it sends to.

use std::process::Command;

use tests::lab::{Capture, Flowclient, NetNs, Path, Process, Sender, Signal, until};
use tests::shapes::{datagrams, numbers};

use crate::{HEARD_AT, IN, OUT, SEND_TO};

#[test]
fn a_source_specific_join_receives_that_source_only() {
    let path = Path::new();
    let _flowclient =
        Flowclient::start(&path.relay, &["--in", "udp://10.1.0.3@232.9.9.9:5000?iface=in0", "--out", OUT]);
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    let wanted = Sender::new(&path.source, Path::OTHER_SOURCE, "232.9.9.9:5000");
    let unwanted = Sender::new(&path.source, Path::SOURCE, "232.9.9.9:5000");
    for n in 0..50 {
        unwanted.send_all(datagrams(1_000 + n, 1));
        wanted.send_at(1_000, datagrams(n, 1));
    }
    sink.wait_for(50);
    assert_eq!(numbers(&sink.bytes()), (0..350).collect::<Vec<_>>());
}

#[test]
fn ipv6_groups_in_and_out() {
    let path = Path::new();
    let (input, output) = ("udp://[ff1e::9]:5000?iface=in0", "udp://[ff1e::7]:5000?iface=out0");
    let _flowclient = Flowclient::start(&path.relay, &["--in", input, "--out", output]);
    let sink = Capture::start(&path.sink, "eth0", "[ff1e::7]:5000");
    Sender::new(&path.source, Path::SOURCE6, "[ff1e::9]:5000").send_at(1_000, datagrams(0, 50));
    sink.wait_for(50);
    assert_eq!(numbers(&sink.bytes()), (0..350).collect::<Vec<_>>());
}

#[test]
fn unicast_in_and_out() {
    let path = Path::new();
    let arguments = ["--in", "udp://10.1.0.2:5000", "--out", "udp://10.2.0.2:6000"];
    let _flowclient = Flowclient::start(&path.relay, &arguments);
    let sink = Capture::start(&path.sink, "eth0", "10.2.0.2:6000");
    Sender::new(&path.source, Path::SOURCE, "10.1.0.2:5000").send_at(1_000, datagrams(0, 50));
    sink.wait_for(50);
    assert_eq!(numbers(&sink.bytes()), (0..350).collect::<Vec<_>>());
}

#[test]
fn interfaces_may_be_named_by_their_address() {
    let path = Path::new();
    let (input, output) = ("udp://239.9.9.9:5000?iface=10.1.0.2", "udp://239.1.1.7:5000?iface=10.2.0.1");
    let _flowclient = Flowclient::start(&path.relay, &["--in", input, "--out", output]);
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    Sender::new(&path.source, Path::SOURCE, SEND_TO).send_at(1_000, datagrams(0, 50));
    sink.wait_for(50);
    assert_eq!(numbers(&sink.bytes()), (0..350).collect::<Vec<_>>());
}

#[test]
fn several_outputs_carry_the_same() {
    let path = Path::new();
    let (rtp, unicast) = ("rtp://239.1.1.8:5000?iface=out0", "udp://10.2.0.2:6000");
    let arguments = ["--in", IN, "--out", OUT, "--out", rtp, "--out", unicast];
    let _flowclient = Flowclient::start(&path.relay, &arguments);
    let heard =
        [HEARD_AT, "239.1.1.8:5000", "10.2.0.2:6000"].map(|address| Capture::start(&path.sink, "eth0", address));
    Sender::new(&path.source, Path::SOURCE, SEND_TO).send_at(1_000, datagrams(0, 50));
    heard.iter().for_each(|capture| capture.wait_for(50));
    assert_eq!(numbers(&heard[0].bytes()), (0..350).collect::<Vec<_>>());
    assert!(heard[0].bytes() == heard[2].bytes(), "unicast and multicast differ");
    let behind_header: Vec<u8> =
        heard[1].so_far().iter().flat_map(|datagram| datagram.payload[12..].to_vec()).collect();
    assert!(heard[0].bytes() == behind_header, "RTP and UDP differ");
}

#[test]
fn ttl_and_dscp_are_those_asked_for() {
    let path = Path::new();
    let watch = tcpdump(&path.sink);
    let output = "udp://239.1.1.7:5000?iface=out0&ttl=9&dscp=34";
    let _flowclient = Flowclient::start(&path.relay, &["--handler", "ch7", "--out", output]);
    let seen = watch.wait().stdout;
    assert!(seen.contains("tos 0x88") && seen.contains("ttl 9"), "{seen}");
}

/// Prints the headers of the first datagram to port 5000 and ends.
fn tcpdump(namespace: &NetNs) -> Process {
    let mut command: Command = namespace.command("tcpdump");
    let process = Process::start(command.args("-i eth0 -c 1 -n -v udp dst port 5000".split(' ')));
    until("tcpdump", || process.stderr().contains("listening on").then_some(()));
    process
}

#[test]
fn the_group_is_left_at_the_end() {
    let path = Path::new();
    let flowclient = Flowclient::start(&path.relay, &["--in", IN, "--out", OUT]);
    path.relay.wait_for_member("in0", "239.9.9.9".parse().unwrap());
    flowclient.signal(Signal::TERM);
    flowclient.wait().expect_success();
    assert!(!path.relay.members("in0").contains(&"239.9.9.9".to_owned()));
}
