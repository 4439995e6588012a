//! Every loss has its cause: a fault of each kind is made, and attributed to that kind.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use serde_json::Value;
use tempfile::TempDir;
use tests::lab::{Cgroup, Flowclient, Metrics, Ongoing, Path, Process, Sender, Signal, meanwhile, until};
use tests::shapes::{datagrams, packets, rtp};

use crate::SEND_TO;

const CAUSES: [&str; 4] = ["upstream", "network", "host", "process"];
const UDP: &str = "udp://239.9.9.9:5000?iface=in0";
const RTP: &str = "rtp://239.9.9.9:5000?iface=in0";
/// Datagrams a second.
const RATE: u32 = 1_000;
/// Transport packets whose loss is enough to tell.
const ENOUGH: f64 = 700.0;

struct Lab {
    flowclient: Flowclient,
    path: Path,
    _folder: TempDir,
}

/// What is sent, and what of it is left out.
#[derive(Default)]
struct Source {
    sent: AtomicU32,
    /// One in so many datagrams is not sent; 0: all are.
    skips: AtomicU32,
}

impl Lab {
    fn new(input: &str, receive_buffer_bytes: u32) -> Self {
        Self::with_flows(1, input, receive_buffer_bytes)
    }

    /// A lab with so many flows of the same input.
    fn with_flows(flows: u32, input: &str, receive_buffer_bytes: u32) -> Self {
        let (path, folder) = (Path::new(), TempDir::new().unwrap());
        let file: PathBuf = folder.path().join("flows.toml");
        let flow = |number: u32| {
            let output =
                format!("out = [\"239.1.1.{number}:5000?iface=out0\"]\nreceive_buffer_bytes = {receive_buffer_bytes}");
            format!("[[flow]]\nname = \"ch{number}\"\nin = \"{input}\"\n{output}\n")
        };
        fs::write(&file, (1..=flows).map(flow).collect::<String>()).unwrap();
        // AF_XDP goes past most of the places where a datagram can be lost on its way to a socket.
        let arguments = ["--threads", "1", "--engine", "socket", "--config", file.to_str().unwrap()];
        let flowclient = Flowclient::start(&path.relay, &arguments);
        Self { flowclient, path, _folder: folder }
    }

    /// Sends all the while that `work` takes, which begins once flowclient knows what is usual.
    fn on_air(&self, is_rtp: bool, work: impl FnOnce(&Source)) {
        let sender = Sender::new(&self.path.source, Path::SOURCE, SEND_TO);
        let source = Source::default();
        let send = |work: &Ongoing| sender.send_at(RATE, source.datagrams(is_rtp).take_while(|_| work.goes_on()));
        meanwhile(send, || {
            self.flowclient.wait_for_log("the usual traffic of others is known", 1);
            work(&source);
        });
    }

    fn assert_cause(&self, cause: &str) {
        self.assert_cause_of(ENOUGH, cause);
    }

    /// Waits until at least so much is lost by `cause`, and asserts that little else is.
    fn assert_cause_of(&self, least: f64, cause: &str) {
        let metrics = self.flowclient.wait_until(&format!("loss {cause}"), |metrics| lost(metrics, cause) >= least);
        let all: f64 = CAUSES.iter().map(|cause| lost(&metrics, cause)).sum();
        let share = lost(&metrics, cause) / all;
        assert!(share > 0.8, "{cause} has {share} of: {:?}", CAUSES.map(|cause| (cause, lost(&metrics, cause))));
    }

    /// Lets flowclient run before all others: on a busy machine it would be the host that keeps it from running.
    fn let_run_first(&self) {
        let pid = self.flowclient.pid().to_string();
        Process::run(Command::new("chrt").args(["--fifo", "--all-tasks", "--pid", "1", &pid])).expect_success();
    }

    fn nft(&self, ruleset: &str) {
        Process::run(&mut self.nft_command(ruleset)).expect_success();
    }

    fn nft_command(&self, ruleset: &str) -> Command {
        let mut command = self.path.relay.command("nft");
        command.arg(ruleset);
        command
    }
}

fn lost(metrics: &Metrics, cause: &str) -> f64 {
    metrics.sum("flowclient_loss_total", &[("cause", cause)])
}

impl Source {
    fn datagrams(&self, is_rtp: bool) -> impl Iterator<Item = Vec<u8>> {
        let kept = (0_u32..).filter(|number| {
            self.sent.store(*number, Relaxed);
            let skips = self.skips.load(Relaxed);
            skips == 0 || number % skips != 0
        });
        kept.map(move |number| {
            let payload = packets(7 * number, 7);
            if is_rtp { rtp(number as u16, &payload) } else { payload }
        })
    }

    /// Waits until so many more datagrams are due.
    fn wait_for(&self, count: u32) {
        let until_then = self.sent.load(Relaxed) + count;
        until("datagrams sent", || (self.sent.load(Relaxed) >= until_then).then_some(()));
    }
}

#[test]
fn what_the_sender_skips_is_lost_upstream() {
    let lab = Lab::new(UDP, 4 << 20);
    lab.on_air(false, |source| {
        source.skips.store(20, Relaxed);
        lab.assert_cause("upstream");
    });
    lab.flowclient.wait_for_log("transport packets lost upstream", 1);
    let flows: Value = serde_json::from_str(&lab.flowclient.get("/api/v1/flows").body).unwrap();
    let loss = &flows["flows"][0]["loss"];
    assert!(loss["upstream"].as_f64().unwrap() >= ENOUGH, "{loss}");
    assert_eq!(loss["process"], 0);
}

#[test]
fn rtp_that_the_sender_skips_is_lost_upstream_and_counted_once() {
    let lab = Lab::new(RTP, 4 << 20);
    lab.on_air(true, |source| {
        source.skips.store(20, Relaxed);
        lab.assert_cause("upstream");
        source.skips.store(0, Relaxed);
        source.wait_for(RATE);
        let counted = |metrics: &Metrics| 7.0 * metrics.sum("flowclient_input_lost_total", &[]);
        lab.flowclient.wait_until("each loss counted once", |metrics| {
            let sum: f64 = CAUSES.iter().map(|cause| lost(metrics, cause)).sum();
            (sum - counted(metrics)).abs() < 1.0
        });
    });
}

#[test]
fn what_the_packet_filter_drops_is_lost_in_this_hosts_network() {
    let lab = Lab::new(UDP, 4 << 20);
    lab.on_air(false, |_| {
        lab.nft(
            "table ip fc { chain early { type filter hook prerouting priority 0; udp dport 5000 numgen random mod 20 0 counter drop; }; }",
        );
        lab.assert_cause("network");
    });
}

#[test]
fn what_is_dropped_behind_the_interface_is_lost_in_this_hosts_network() {
    let lab = Lab::new(RTP, 4 << 20);
    lab.on_air(true, |_| {
        lab.nft(
            "table netdev fc { chain first { type filter hook ingress device in0 priority 0; udp dport 5000 numgen random mod 20 0 counter drop; }; }",
        );
        lab.assert_cause("network");
    });
}

#[test]
fn what_goes_missing_while_the_interface_is_down_is_lost_in_this_hosts_network() {
    let lab = Lab::new(UDP, 4 << 20);
    lab.on_air(false, |source| {
        // Of each gap the continuity counters tell 15 packets at most, and none in one of sixteen.
        while CAUSES.iter().all(|cause| lost(&lab.flowclient.metrics(), cause) == 0.0) {
            lab.path.relay.ip("link set in0 down");
            source.wait_for(2 * RATE);
            lab.path.relay.ip("link set in0 up");
            source.wait_for(2 * RATE);
        }
        lab.assert_cause_of(1.0, "network");
    });
}

#[test]
fn what_a_stopped_process_cannot_take_is_lost_by_the_host() {
    let lab = Lab::new(UDP, 512 << 10);
    lab.on_air(false, |source| {
        lab.flowclient.signal(Signal::STOP);
        source.wait_for(4 * RATE);
        lab.flowclient.signal(Signal::CONT);
        lab.assert_cause("host");
    });
    lab.flowclient.wait_for_log("transport packets lost by this host", 1);
}

#[test]
fn what_a_throttled_process_cannot_take_is_lost_by_the_host() {
    // Before the lab, so that it goes after it.
    let group = Cgroup::new("throttled", 2);
    let lab = Lab::new(UDP, 64 << 10);
    lab.on_air(false, |_| {
        group.take(lab.flowclient.pid());
        lab.assert_cause("host");
        assert!(lab.flowclient.metrics().sum("flowclient_cgroup_throttled_seconds_total", &[]) > 0.0);
    });
}

#[test]
fn what_is_too_much_for_a_process_that_runs_is_lost_by_it() {
    // One datagram to send is eight to relay.
    let lab = Lab::with_flows(8, UDP, 256 << 10);
    lab.let_run_first();
    let send = |work: &Ongoing| {
        let sender = Sender::new(&lab.path.source, Path::SOURCE, SEND_TO);
        // As many datagrams as it takes until the continuity counter is where it was.
        let round: Vec<_> = datagrams(0, 16).collect();
        sender.send_all(round.iter().cycle().take_while(|_| work.goes_on()));
    };
    meanwhile(send, || {
        lab.assert_cause("process");
        let full = lab.flowclient.metrics();
        assert!(full.sum("flowclient_input_queue_bytes", &[]) > 256.0 * 1_024.0);
    });
}
