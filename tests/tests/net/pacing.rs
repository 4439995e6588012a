//! A paced channel that comes in by bursts leaves evenly, whoever keeps its times.

use std::thread;
use std::time::Duration;

use relay::time::Ticks27;
use tests::lab::{Flowclient, Metrics, NetNs, Path, Process, Sender, until};
use tests::shapes::{packets, pcr_packet};

use crate::{IN, OUT, SEND_TO};

/// Datagrams a burst, and time of the stream that a datagram takes: 3.5 Mb/s, slow enough for a busy machine.
const BURST: u32 = 10;
const INTERVAL: Duration = Duration::from_millis(3);
/// Datagrams sent, and those of the output that are looked at, from the first on that has a PCR behind it.
const DATAGRAMS: u32 = 100 * BURST;
const WATCHED: usize = 800;

/// Datagram `number` of a channel with a PCR at the head of each burst.
fn datagram(number: u32) -> Vec<u8> {
    let first = 7 * number;
    if !number.is_multiple_of(BURST) {
        return packets(first, 7);
    }
    let ticks = u64::from(number) * INTERVAL.as_micros() as u64 * 27;
    [&pcr_packet(first, Ticks27::wrapping(ticks))[..], &packets(first + 1, 6)].concat()
}

/// Sends the channel, a burst at a time: each datagram but the last of a burst comes too early.
fn send_in_bursts(sender: &Sender) {
    for burst in 0..DATAGRAMS / BURST {
        sender.send_all((burst * BURST..(burst + 1) * BURST).map(datagram));
        thread::sleep(INTERVAL * BURST);
    }
}

/// Kernel times, in seconds, and lengths of the datagrams that a tcpdump saw pass.
struct Watch(Process);

impl Watch {
    fn start(namespace: &NetNs, interface: &str) -> Self {
        let mut command = namespace.command("tcpdump");
        command.args(["-tt", "-n", "-l", "--immediate-mode", "-i", interface, "-c", &WATCHED.to_string()]);
        let process = Process::start(command.args("udp dst port 5000".split(' ')));
        until("tcpdump to listen", || process.stderr().contains("listening on").then_some(()));
        Self(process)
    }

    fn seen(self) -> Vec<(f64, usize)> {
        let text = self.0.wait().stdout;
        let line = |line: &str| {
            let mut words = line.split(' ');
            Some((words.next()?.parse().ok()?, words.next_back()?.parse().ok()?))
        };
        text.lines().map(|text| line(text).unwrap_or_else(|| panic!("tcpdump says: {text}"))).collect()
    }
}

/// Share of the datagrams that passed right behind the one before: in less than a tenth of the stream's own interval.
fn back_to_back(seen: &[(f64, usize)]) -> f64 {
    let close = |pair: &&[(f64, usize)]| pair[1].0 - pair[0].0 < INTERVAL.as_secs_f64() / 10.0;
    seen.windows(2).filter(close).count() as f64 / (seen.len() - 1) as f64
}

/// Where what has left is looked at: a busy machine delivers in bursts what left evenly, but what AF_XDP sends is first seen at the sink.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    AtRelay,
    AtSink,
}

/// Relays the channel over `path`, and tells how much of it was back to back when it came in and when it left.
fn relay(path: &Path, flowclient: &Flowclient, seen: Seen) -> (f64, f64) {
    // At the source: what AF_XDP takes at the relay's interface no tcpdump sees there.
    flowclient.goes_first();
    let after = if seen == Seen::AtRelay { (&path.relay, "out0") } else { (&path.sink, "eth0") };
    let (before, after) = (Watch::start(&path.source, "eth0"), Watch::start(after.0, after.1));
    send_in_bursts(&Sender::new(&path.source, Path::SOURCE, SEND_TO));
    let (came, left) = (before.seen(), after.seen());
    assert!(left.iter().all(|&(_, len)| len == 1_316), "a run left as one: {left:?}");
    flowclient.wait_until("release errors", |metrics| {
        metrics.count("flowclient_release_error_seconds_count") >= WATCHED as u64
    });
    (back_to_back(&came), back_to_back(&left))
}

fn paced(path: &Path) -> Flowclient {
    Flowclient::start(&path.relay, &["--in", IN, "--out", OUT, "--pace", "pcr"])
}

/// Relays the channel and asserts that its bursts are gone, and that nothing was lost on the way.
fn assert_leaves_evenly(path: &Path, flowclient: &Flowclient, seen: Seen) {
    let (came, left) = relay(path, flowclient, seen);
    assert!(came > 0.7 && left < came / 2.0, "{came} of the datagrams came back to back, {left} left so");
    assert_eq!(flowclient.metrics().dropped("kernel"), 0);
}

/// Asserts that `tier` is in force and no other, and that the log says why. To be called before there are datagrams, some of
/// which a busy machine may release so late that the tier is `degraded` from then on.
fn assert_tier(flowclient: &Flowclient, tier: &str, why: &str) {
    flowclient.wait_for_log(why, 1);
    let is_in_force = |metrics: &Metrics| {
        metrics.sum("flowclient_pacing_tier", &[("tier", tier)]) == 1.0 && metrics.count("flowclient_pacing_tier") == 1
    };
    flowclient.wait_until(&format!("tier {tier}"), is_in_force);
}

/// Gives the output's interface a queueing discipline; `false` if this kernel does not have it.
fn gives(path: &Path, discipline: &str) -> bool {
    let mut tc = path.relay.command("tc");
    let ended = Process::run(tc.args(["qdisc", "replace", "dev", "out0", "root", discipline]));
    assert!(ended.code() == Some(0) || ended.stderr.contains("qdisc kind is unknown"), "{}", ended.stderr);
    ended.code() == Some(0)
}

#[test]
fn bursts_leave_evenly_and_the_tier_in_force_is_named() {
    let path = Path::new();
    let flowclient = paced(&path);
    assert_tier(
        &flowclient,
        "timer",
        "paced by this process, which wakes for each datagram: out0 has no queue of its own",
    );
    assert_leaves_evenly(&path, &flowclient, Seen::AtRelay);
    assert_eq!(flowclient.metrics().count("flowclient_pacing_tier"), 1);
    assert!(flowclient.get("/api/v1/flows").body.contains("\"pacing\":"));
}

#[test]
fn fq_keeps_the_times_where_the_kernel_has_it_and_this_process_where_not() {
    let path = Path::new();
    let (tier, why) = match gives(&path, "fq") {
        true => ("fq", "paced by the kernel (fq)"),
        false => ("timer", "paced by this process, which wakes for each datagram: out0 has no queue of its own"),
    };
    let flowclient = paced(&path);
    assert_tier(&flowclient, tier, why);
    assert_leaves_evenly(&path, &flowclient, Seen::AtRelay);
}

#[test]
fn a_discipline_that_keeps_no_times_is_named_with_the_command_for_one_that_does() {
    let path = Path::new();
    assert!(gives(&path, "pfifo"), "each kernel with queueing disciplines has this one");
    let why = "out0 has the queueing discipline pfifo, which keeps no times; tc qdisc replace dev out0 root fq would";
    assert_tier(&paced(&path), "timer", why);
}

#[test]
fn what_leaves_by_af_xdp_is_timed_by_this_process_with_or_without_fq_and_leaves_evenly() {
    let path = Path::new();
    gives(&path, "fq");
    let output = "udp://239.1.1.7:5000?iface=out0&loop=false";
    let flowclient = Flowclient::start(&path.relay, &["--engine", "xdp", "--in", IN, "--out", output, "--pace", "pcr"]);
    flowclient.wait_for_log("by AF_XDP at out0", 1);
    assert_tier(&flowclient, "timer", "AF_XDP passes no queue in which the kernel could keep times");
    assert_leaves_evenly(&path, &flowclient, Seen::AtSink);
    assert_eq!(flowclient.metrics().sum("flowclient_pacing_tier", &[("tier", "fq")]), 0.0, "{}", flowclient.stderr());
}

#[test]
fn as_it_arrives_has_no_tier() {
    let path = Path::new();
    let flowclient = Flowclient::start(&path.relay, &["--in", IN, "--out", OUT]);
    Sender::new(&path.source, Path::SOURCE, SEND_TO).send_at(1_000, (0..20).map(datagram));
    let metrics =
        flowclient.wait_until("datagrams", |metrics| metrics.count("flowclient_output_datagrams_total") >= 20);
    assert!(!metrics.has("flowclient_pacing_tier", &[]));
}
