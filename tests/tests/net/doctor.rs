//! `flowclient doctor`: each planted fault is named, the command that it prints is run as printed, and then it is asked again.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path as FilePath;
use std::process::Command;
use std::thread;

use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};
use tests::lab::{Capture, Cgroup, Ended, Flowclient, Path, Process, Sender};
use tests::shapes::datagrams;

use crate::{IN, OUT, SEND_TO};

/// An input from one sender, whose way back is elsewhere than the interface named.
const FROM_AFAR: &str = "udp://10.9.0.5@232.9.9.9:5000?iface=in0";

/// A lab, and the flow that the doctor is asked about.
struct Patient {
    path: Path,
    arguments: Vec<String>,
}

/// What the doctor said of one check.
#[derive(Debug)]
struct Said {
    verdict: String,
    found: String,
    command: Option<String>,
    advice: Option<String>,
}

impl Patient {
    fn new(input: &str, output: &str) -> Self {
        Self::with(&["--in", input, "--out", output])
    }

    fn with(arguments: &[&str]) -> Self {
        Self { path: Path::new(), arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect() }
    }

    /// Runs a script in the relay's namespace, as an operator would.
    fn shell(&self, script: &str) -> Ended {
        Process::run(self.path.relay.command("sh").args(["-c", script]))
    }

    /// The doctor's command line, in JSON.
    fn doctor(&self, program: &FilePath) -> String {
        let arguments: Vec<_> = self.arguments.iter().map(|argument| format!("'{argument}'")).collect();
        format!("{} doctor --json {}", program.display(), arguments.join(" "))
    }

    /// What the doctor says of a check, whose subject has these words, after `setup` in the same shell.
    fn ask_after(&self, setup: &str, check: &str, subject: &str) -> Said {
        self.ask_of(&Flowclient::binary(), setup, check, subject)
    }

    /// The same of another copy of the program.
    fn ask_of(&self, program: &FilePath, setup: &str, check: &str, subject: &str) -> Said {
        let ended = self.shell(&format!("{setup}\n{}", self.doctor(program)));
        let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
        let is_bad = report["verdict"] == "bad";
        assert_eq!(ended.code(), Some(i32::from(is_bad)), "{report}");
        let findings = report["findings"].as_array().unwrap();
        let has = |finding: &&Value| {
            finding["check"] == check && finding["subject"].as_str().unwrap_or_default().contains(subject)
        };
        let finding = findings.iter().find(has).unwrap_or_else(|| panic!("no {check} of {subject:?}: {report:#}"));
        let text = |name: &str| finding[name].as_str().map(Into::into);
        Said {
            verdict: text("verdict").unwrap(),
            found: text("found").unwrap(),
            command: text("command"),
            advice: text("advice"),
        }
    }

    fn ask(&self, check: &str, subject: &str) -> Said {
        self.ask_after("true", check, subject)
    }

    /// Asserts that a check is not well, and is once the command printed has run in the same shell; gives what was said first.
    fn assert_mended_after(&self, setup: &str, verdict: &str, check: &str, subject: &str) -> Said {
        let ill = self.ask_after(setup, check, subject);
        assert_eq!(ill.verdict, verdict, "{ill:?}");
        let command = ill.command.clone().unwrap_or_else(|| panic!("no command: {ill:?}"));
        let well = self.ask_after(&format!("{setup}\n{command} >&2 || exit 9"), check, subject);
        assert_eq!(well.verdict, "ok", "after {command}: {well:?}");
        ill
    }

    fn assert_mended(&self, verdict: &str, check: &str, subject: &str) -> Said {
        self.assert_mended_after("true", verdict, check, subject)
    }

    fn set(&self, setting: &str) {
        self.shell(&format!("sysctl -w {setting}")).expect_success();
    }
}

#[test]
fn a_machine_that_is_fit_has_nothing_bad() {
    let patient = Patient::new(IN, OUT);
    patient.path.relay.ip("route add default via 10.1.0.1");
    for (check, subject) in
        [("link", "in0"), ("link", "out0"), ("mtu", "in0"), ("mtu", "out0"), ("reverse-path", "in0")]
    {
        assert_eq!(patient.ask(check, subject).verdict, "ok", "{check} of {subject}");
    }
    let text = Flowclient::run(&patient.path.relay, &["doctor", "--in", IN, "--out", OUT]).expect_success().stdout;
    assert!(text.contains("1 flow: 0 bad, ") && text.contains("leaves by out0, as named, from 10.2.0.1"), "{text}");
    Flowclient::run(&patient.path.relay, &["doctor"]).expect_success();
}

#[test]
fn a_strict_filter_on_an_asymmetric_route_is_loosened_and_the_stream_comes_in() {
    let patient = Patient::new(FROM_AFAR, OUT);
    let path = &patient.path;
    path.source.ip("addr add 10.9.0.5/32 dev eth0");
    path.relay.ip("route add 10.9.0.0/24 via 10.2.0.2 dev out0");
    patient.set("net.ipv4.conf.in0.rp_filter=1");
    let heard = Capture::start(&path.relay, "in0", "232.9.9.9:5000");
    path.relay.wait_for_member("in0", "232.9.9.9".parse().unwrap());
    let sender = Sender::new(&path.source, "10.9.0.5".parse().unwrap(), "232.9.9.9:5000");
    sender.send_at(1_000, datagrams(0, 10));
    let ill = patient.assert_mended("bad", "reverse-path", "in0");
    assert_eq!(ill.found, "strict, 10 packets dropped so far");
    sender.send_at(1_000, datagrams(10, 10));
    heard.wait_for(10);
}

#[test]
fn a_filter_that_no_route_satisfies_is_switched_off() {
    let patient = Patient::new(FROM_AFAR, OUT);
    patient.set("net.ipv4.conf.all.rp_filter=2");
    patient.assert_mended("bad", "reverse-path", "in0");
}

#[test]
fn narrow_interfaces_are_widened() {
    let patient = Patient::new(IN, OUT);
    for interface in ["in0", "out0"] {
        patient.path.relay.ip(&format!("link set {interface} mtu 576"));
        let ill = patient.assert_mended("bad", "mtu", interface);
        assert!(ill.found.starts_with("576 bytes"), "{ill:?}");
    }
}

#[test]
fn a_narrow_interface_is_widened_with_the_one_that_carries_it() {
    let patient = Patient::new(IN, "239.1.1.7:5000?iface=out0.7");
    let relay = &patient.path.relay;
    relay.ip("link set out0 mtu 1000");
    relay.ip("link add link out0 name out0.7 type macvlan mode bridge");
    relay.ip("addr add 10.7.0.1/24 dev out0.7");
    relay.ip("link set out0.7 up");
    patient.assert_mended("bad", "mtu", "out0.7");
}

#[test]
fn a_limit_of_one_group_a_socket_is_enough_and_of_none_is_raised() {
    let patient = Patient::new(IN, OUT);
    patient.set("net.ipv4.igmp_max_memberships=1");
    assert_eq!(patient.ask("group-limit", "").verdict, "ok");
    patient.set("net.ipv4.igmp_max_memberships=0");
    patient.assert_mended("bad", "group-limit", "");
}

#[test]
fn an_old_igmp_is_told_to_those_who_name_their_sender() {
    let patient = Patient::new("udp://10.1.0.1@232.9.9.9:5000?iface=in0", OUT);
    patient.set("net.ipv4.conf.in0.force_igmp_version=2");
    patient.assert_mended("bad", "group-version", "in0");
    let patient = Patient::new(IN, OUT);
    patient.set("net.ipv4.conf.all.force_igmp_version=1");
    patient.assert_mended("warn", "group-version", "in0");
}

#[test]
fn a_group_without_a_route_gets_one_and_the_flow_runs() {
    let patient = Patient::new("test:", "239.1.1.7:5000");
    patient.path.relay.ip("route del 224.0.0.0/4 dev out0");
    // The only interface that it can be.
    patient.path.unplug_input();
    let run = ["--in", "test:", "--out", "239.1.1.7:5000", "--listen", "off", "--for", "100ms"];
    assert_ne!(Flowclient::run(&patient.path.relay, &run).code(), Some(0));
    patient.assert_mended("bad", "route", "239.1.1.7:5000");
    Flowclient::run(&patient.path.relay, &run).expect_success();
}

#[test]
fn a_group_that_is_asked_for_in_the_wrong_network_is_moved_to_its_senders() {
    let patient = Patient::new("udp://10.1.0.1@232.9.9.9:5000", OUT);
    let ill = patient.assert_mended("bad", "route", "232.9.9.9:5000");
    assert_eq!(ill.found, "joined on out0, while 10.1.0.1 is reached by in0");
}

#[test]
fn an_interface_that_is_down_is_switched_on() {
    let patient = Patient::new(IN, OUT);
    patient.path.relay.ip("link set in0 down");
    patient.assert_mended("bad", "link", "in0");
}

#[test]
fn what_no_command_mends_is_said_in_words() {
    let patient = Patient::new(IN, OUT);
    patient.path.source.ip("link set eth0 down");
    let unplugged = patient.ask("link", "in0");
    assert_eq!((unplugged.verdict.as_str(), unplugged.command), ("bad", None));
    assert!(unplugged.advice.unwrap().contains("cable"));
    patient.path.unplug_input();
    let gone = patient.ask("route", "239.9.9.9:5000");
    assert!(gone.verdict == "bad" && gone.found.contains("there is no interface in0"), "{gone:?}");
}

#[test]
fn a_local_address_is_received_at_where_it_is() {
    let patient = Patient::new("udp://10.1.0.2:5000", OUT);
    assert_eq!(patient.ask("link", "in0").verdict, "ok");
    patient.path.unplug_input();
    let gone = patient.ask("route", "10.1.0.2:5000");
    assert!(gone.verdict == "bad" && gone.found.contains("there is no interface 10.1.0.2"), "{gone:?}");
}

#[test]
fn joining_that_is_switched_off_is_switched_on() {
    let patient = Patient::new(IN, OUT);
    patient.shell("ethtool -K in0 gro off").expect_success();
    patient.assert_mended("warn", "offload", "in0");
}

#[test]
fn a_buffer_that_is_not_granted_is_a_matter_of_a_limit_and_of_a_capability() {
    let file = NamedTempFile::new().unwrap();
    let flow = format!("[[flow]]\nname = \"ch7\"\nin = \"{IN}\"\nout = \"{OUT}\"\nreceive_buffer_bytes = 1073741824\n");
    std::fs::write(file.path(), flow).unwrap();
    let patient = Patient::with(&["--config", file.path().to_str().unwrap()]);
    // With the capability no limit holds.
    let forced = patient.ask("receive-buffer", "");
    assert_eq!(forced.verdict, "ok", "{forced:?}");
    let without = "exec setpriv --bounding-set -net_admin \\";
    // The command would be for the whole machine: it is not run.
    let limited = patient.ask_after(without, "receive-buffer", "");
    assert_eq!(limited.command.as_deref(), Some("sysctl -w net.core.rmem_max=1073741823"), "{limited:?}");
    let capabilities = patient.ask_after(without, "capabilities", "");
    assert!(capabilities.found.contains("no NET_ADMIN (receive buffers beyond net.core.rmem_max)"), "{capabilities:?}");
}

#[test]
fn too_few_descriptors_are_those_that_the_process_may_not_ask_for() {
    let patient = Patient::with(&["--in", IN, "--out", OUT]);
    assert_eq!(patient.ask_after("ulimit -Sn 32", "file-descriptors", "").verdict, "ok");
    // To run the command takes a capability that a container may lack.
    let few = patient.ask_after("ulimit -n 32", "file-descriptors", "");
    assert!(few.verdict == "bad" && few.command.is_some_and(|command| command.starts_with("prlimit ")));
}

#[test]
fn what_af_xdp_lacks_is_named_and_given() {
    let patient = Patient::with(&["--engine", "xdp", "--in", IN, "--out", OUT]);
    let able = patient.ask("xdp", "in0");
    assert!(able.verdict == "ok" && able.found.ends_with("; auto takes sockets, --engine xdp AF_XDP"), "{able:?}");
    // A user, and a copy of the program, that have nothing to begin with.
    let folder = TempDir::with_prefix("flowclient-tests-").unwrap();
    let program = folder.path().join("flowclient");
    // By another process: a program that any process has open for writing, as a child of another test would, cannot be run.
    Process::run(Command::new("cp").arg(Flowclient::binary()).arg(&program)).expect_success();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let as_user = "exec setpriv --reuid=65534 --regid=65534 --clear-groups";
    let ask = |setup: &str| patient.ask_of(&program, &format!("{setup}\n{as_user} \\"), "xdp", "in0");

    let poor = ask("ulimit -l 64");
    assert_eq!(poor.verdict, "bad", "{poor:?}");
    assert!(poor.found.contains("no CAP_NET_RAW, no CAP_NET_ADMIN, no CAP_BPF"), "{poor:?}");
    patient.shell(&poor.command.unwrap()).expect_success();
    let tight = ask("ulimit -l 64");
    assert_eq!(tight.verdict, "warn", "{tight:?}");
    patient.shell(&tight.command.unwrap()).expect_success();
    let given = ask("ulimit -l 64");
    assert!(given.verdict == "ok" && given.found.ends_with("auto takes AF_XDP"), "{given:?}");
}

#[test]
fn cpus_are_given_back_to_the_shell_that_starts_it() {
    let patient = Patient::with(&["--in", IN, "--out", OUT, "--threads", "2"]);
    if thread::available_parallelism().is_ok_and(|cpus| cpus.get() > 1) {
        patient.assert_mended_after("taskset --cpu-list --pid 0 $$ >&2", "warn", "cpu-affinity", "");
    }
}

#[test]
fn a_quota_is_named_and_lifted() {
    // Before the lab, so that it goes after it.
    let group = Cgroup::new("doctor", 20);
    let patient = Patient::new(IN, OUT);
    let join = format!("echo $$ > '{}'", group.members().display());
    let ill = patient.ask_after(&join, "cpu-quota", "");
    assert!(ill.verdict != "ok" && ill.found.starts_with("0.20 CPUs in each 100 ms"), "{ill:?}");
    patient.shell(&ill.command.unwrap()).expect_success();
    assert_eq!(patient.ask_after(&join, "cpu-quota", "").verdict, "ok");
}

#[test]
fn it_looks_without_being_noticed_by_a_flow_on_air() {
    let patient = Patient::new(IN, OUT);
    let flowclient = Flowclient::start(&patient.path.relay, &["--in", IN, "--out", OUT]);
    let before = patient.path.relay.members("in0");
    assert_ne!(patient.ask("link", "in0").verdict, "bad");
    assert_eq!(patient.path.relay.members("in0"), before);
    Sender::new(&patient.path.source, Path::SOURCE, SEND_TO).send_at(1_000, datagrams(0, 10));
    flowclient.wait_until("ten datagrams", |metrics| metrics.count("flowclient_input_datagrams_total") == 10);
}
