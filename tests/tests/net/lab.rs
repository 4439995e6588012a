//! The lab itself, so that a failing test is flowclient's fault.

use tests::lab::{Capture, NetNs, Path, Process, Sender};
use tests::shapes::{datagrams, numbers};

#[test]
fn what_is_sent_on_one_cable_is_heard_at_its_other_end_only() {
    let path = Path::new();
    let (heard, far) =
        (Capture::start(&path.relay, "in0", "239.9.9.9:5000"), Capture::start(&path.sink, "eth0", "239.9.9.9:5000"));
    path.relay.wait_for_member("in0", "239.9.9.9".parse().unwrap());
    Sender::new(&path.source, Path::SOURCE, "239.9.9.9:5000").send_at(1_000, datagrams(0, 100));
    heard.wait_for(100);
    assert_eq!(numbers(&heard.bytes()), (0..700).collect::<Vec<_>>());
    assert_eq!(heard.so_far()[0].from.ip(), Path::SOURCE);
    assert_eq!(far.count(), 0);
}

#[test]
fn a_cable_can_be_pulled_and_put_back() {
    let path = Path::new();
    path.unplug_input();
    path.plug_input();
    let heard = Capture::start(&path.relay, "in0", "[ff1e::9]:5000");
    Sender::new(&path.source, Path::SOURCE6, "[ff1e::9]:5000").send_at(1_000, datagrams(0, 10));
    heard.wait_for(10);
}

#[test]
fn nothing_is_left_when_the_guards_are_gone() {
    let namespace = NetNs::new("gone");
    let name = namespace.name().to_owned();
    let sleeper = Process::start(namespace.command("sleep").arg("1000"));
    let process = format!("/proc/{}", sleeper.pid());
    assert!(std::fs::exists(&process).unwrap() && std::fs::exists(format!("/run/netns/{name}")).unwrap());
    drop(sleeper);
    drop(namespace);
    assert!(!std::fs::exists(&process).unwrap() && !std::fs::exists(format!("/run/netns/{name}")).unwrap());
}
