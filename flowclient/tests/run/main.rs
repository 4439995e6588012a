//! The program from its start to its end, on this host's loopback.

#![allow(clippy::unwrap_used, reason = "what a test needs and does not get fails the test")]

mod process;

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::process::Command;

use rustix::process::Signal;

use process::{Flowclient, free_port, get};

/// Seven null packets.
fn datagram() -> Vec<u8> {
    let mut packet = [0xff; 188];
    packet[..4].copy_from_slice(&[0x47, 0x1f, 0xff, 0x10]);
    packet.repeat(7)
}

fn udp(port: u16) -> String {
    format!("udp://127.0.0.1:{port}")
}

/// A file of flows, each from one port to another.
fn flows(flows: &[(&str, u16, u16)]) -> String {
    let entry = |&(name, from, to): &(&str, u16, u16)| {
        format!("[[flow]]\nname = \"{name}\"\nin = \"{}\"\nout = \"{}\"\n", udp(from), udp(to))
    };
    flows.iter().map(entry).collect()
}

#[test]
fn what_comes_in_goes_out_and_is_told_of() {
    let (sink, port) = (UdpSocket::bind("127.0.0.1:0").unwrap(), free_port());
    let out = udp(sink.local_addr().unwrap().port());
    let mut program = Flowclient::start(&["--in", &udp(port), "--out", &out, "--name", "ch7"]);
    let address = program.read_address();
    assert!(get(&address, "/readyz").ends_with("ch7: waiting for input\n"));
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200 "));
    loop {
        sink.send_to(&datagram(), ("127.0.0.1", port)).unwrap();
        let mut received = [0; 2_000];
        let len = sink.recv(&mut received).unwrap();
        assert_eq!(received[..len], datagram());
        if get(&address, "/readyz").starts_with("HTTP/1.1 200 ") {
            break;
        }
    }
    assert_eq!(program.read_log_until("input has started")["flow"], "ch7");
    assert!(get(&address, "/metrics").contains("\nflowclient_on_air{flow=\"ch7\"} 1\n"));
}

#[test]
fn a_flow_without_outputs_looks_at_what_another_has_sent() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flows.toml");
    let (from, between) = (free_port(), free_port());
    let watch = format!("[[flow]]\nname = \"watch\"\nin = \"{}\"\nout = []\n", udp(between));
    fs::write(&file, flows(&[("relay", from, between)]) + &watch).unwrap();
    let mut program = Flowclient::start(&["--config", file.to_str().unwrap()]);
    let address = program.read_address();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    while !get(&address, "/metrics").contains("\nflowclient_input_up{flow=\"watch\"} 1\n") {
        sender.send_to(&datagram(), ("127.0.0.1", from)).unwrap();
    }
    let metrics = get(&address, "/metrics");
    assert!(metrics.contains("\nflowclient_on_air{flow=\"relay\"} 1\n"), "{metrics}");
    assert!(metrics.contains("\nflowclient_on_air{flow=\"watch\"} 0\n"), "{metrics}");
    assert!(get(&address, "/api/v1/flows").contains("\"state\":\"watching\""));
}

#[test]
fn a_signal_stops_it_with_the_totals() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut program = Flowclient::start(&["--in", &udp(free_port()), "--out", &udp(free_port())]);
        program.read_address();
        program.signal(signal);
        assert_eq!(program.read_log_until("stopped")["output_datagrams"], 0);
        assert_eq!(program.wait().code(), Some(0));
    }
}

#[test]
fn it_runs_for_a_time() {
    let mut program = Flowclient::start(&["--in", &udp(free_port()), "--out", &udp(free_port()), "--for", "50ms"]);
    program.read_log_until("the time to run is over");
    assert_eq!(program.wait().code(), Some(0));
}

#[test]
fn a_port_that_is_taken_keeps_it_from_starting() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let holder = TcpListener::bind(&taken).unwrap();
    let (input, out) = (udp(free_port()), udp(free_port()));
    let program = Command::new(env!("CARGO_BIN_EXE_flowclient"))
        .args(["--in", &input, "--out", &out, "--listen", &taken])
        .output()
        .unwrap();
    drop(holder);
    let said = String::from_utf8(program.stderr).unwrap();
    assert_eq!(program.status.code(), Some(1), "{said}");
    assert!(said.contains(&taken) && said.contains("in use"), "{said}");
}

#[test]
fn a_changed_file_changes_what_runs_and_a_bad_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flows.toml");
    let (a, b, c) = (free_port(), free_port(), free_port());
    fs::write(&file, flows(&[("a", a, free_port()), ("b", b, free_port())])).unwrap();
    let mut program = Flowclient::start(&["--config", file.to_str().unwrap()]);
    let address = program.read_address();

    fs::write(&file, "[[flow]]\nname = \"a\"\n").unwrap();
    program.read_log_until("not reloaded");
    let metrics = get(&address, "/metrics");
    assert!(metrics.contains("\nflowclient_config_reloads_total{outcome=\"refused\"} 1\n"), "{metrics}");
    assert!(metrics.contains("\nflowclient_on_air{flow=\"b\"} 0\n"), "{metrics}");

    fs::write(&file, flows(&[("b", c, free_port()), ("new", a, free_port())])).unwrap();
    let line = program.read_log_until("configuration reloaded");
    assert_eq!(line["message"], "configuration reloaded: added new; changed b; removed a");

    program.signal(Signal::HUP);
    program.read_log_until("nothing has changed");
}
