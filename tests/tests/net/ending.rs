//! How it ends, and what it counts while it cannot run.

use std::fs;

use tests::lab::{Capture, Flowclient, Path, Sender, Signal, until};
use tests::shapes::datagrams;

use crate::{HEARD_AT, IN, OUT, SEND_TO};

#[test]
fn sigterm_ends_it_with_the_totals_and_exit_code_0() {
    let path = Path::new();
    let flowclient = Flowclient::start(&path.relay, &["--in", IN, "--out", OUT]);
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    Sender::new(&path.source, Path::SOURCE, SEND_TO).send_at(1_000, datagrams(0, 321));
    sink.wait_for(321);
    let ended = flowclient.stop().expect_success();
    assert!(ended.stderr.contains("321"), "no totals in: {}", ended.stderr);
}

#[test]
fn sigint_is_as_good_as_sigterm() {
    let path = Path::new();
    let flowclient = Flowclient::start(&path.relay, &["--handler", "ch7", "--out", OUT]);
    flowclient.signal(Signal::INT);
    flowclient.wait().expect_success();
}

#[test]
fn a_run_for_a_time_ends_by_itself() {
    let path = Path::new();
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    Flowclient::run(&path.relay, &["--handler", "ch7", "--out", OUT, "--for", "2s"]).expect_success();
    assert!(sink.count() > 0);
}

#[test]
fn datagrams_that_the_kernel_drops_are_counted_apart() {
    let path = Path::new();
    let flowclient = Flowclient::start(&path.relay, &["--in", IN, "--out", OUT]);
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    let sender = Sender::new(&path.source, Path::SOURCE, SEND_TO);
    sender.send_at(1_000, datagrams(0, 10));
    sink.wait_for(10);
    flowclient.signal(Signal::STOP);
    until("flowclient to stand still", || is_stopped(flowclient.pid()).then_some(()));
    // Fast enough to fill the buffer, slow enough for the cable: what a cable's queue drops nobody counts.
    sender.send_at(10_000, datagrams(10, 20_000));
    flowclient.signal(Signal::CONT);
    sender.send_at(1_000, datagrams(20_010, 10));
    let counted = flowclient.wait_until("every datagram accounted for", |metrics| {
        metrics.count("flowclient_input_datagrams_total") + metrics.dropped("kernel") == 20_020
    });
    assert!(counted.dropped("kernel") > 0);
    assert_eq!(counted.dropped("malformed") + counted.dropped("late"), 0);
    assert!(flowclient.stderr().contains("kernel dropped"));
}

fn is_stopped(pid: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    state.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
}
