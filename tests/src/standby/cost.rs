//! What standing by costs, and what a pair costs the one on air.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::channel::{Channel, DATAGRAM_LEN, Source};
use super::lab::{IN_GROUP, Lab, OUT_GROUP};
use super::pair::Pair;
use crate::lab::{Flowclient, Process};

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct CostPlan {
    /// Measurements of each; what is compared is measured in turn.
    pub rounds: usize,
    /// How long each lasts.
    pub span: Duration,
    /// A program that does nothing but receive the groups it is given.
    pub listener: PathBuf,
}

/// Processor time of all at one rate, in one round.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Datagrams a second that the source really sent beside the pair.
    pub per_second: f64,
    /// Nanoseconds a datagram of the source: who stands by.
    pub standby_ns: f64,
    /// Who only receives both groups, on the same host.
    pub listener_ns: f64,
    /// Who is on air in a pair.
    pub on_air_ns: f64,
    /// Who is on air alone, with the listener on the other host.
    pub single_ns: f64,
}

/// Measures all rounds at `datagrams_per_second`.
pub fn costs(plan: &CostPlan, datagrams_per_second: u64) -> Vec<Cost> {
    let channel = Channel { bitrate: datagrams_per_second * DATAGRAM_LEN as u64 * 8 };
    let round = |_| {
        let (per_second, [on_air_ns, standby_ns]) = pair(plan.span, channel);
        let [single_ns, listener_ns] = single(plan, channel);
        Cost { per_second, standby_ns, listener_ns, on_air_ns, single_ns }
    };
    (0..plan.rounds).map(round).collect()
}

fn pair(span: Duration, channel: Channel) -> (f64, [f64; 2]) {
    let lab = Lab::new();
    let pair = Pair::start(&lab);
    let source = lab.source(channel);
    let on_air = pair.settle();
    let start = (Instant::now(), source.sent());
    let figures = per_datagram(&source, span, [pair.pid(on_air), pair.pid(1 - on_air)]);
    assert_eq!(pair.settle(), on_air, "the air went to the other while it was measured");
    ((source.sent() - start.1) as f64 / start.0.elapsed().as_secs_f64(), figures)
}

fn single(plan: &CostPlan, channel: Channel) -> [f64; 2] {
    let lab = Lab::new();
    let (input, output) = (format!("udp://{IN_GROUP}?iface=in0"), format!("udp://{OUT_GROUP}?iface=out0"));
    let flowclient = Flowclient::start(&lab.segment.hosts[0], &["--in", &input, "--out", &output]);
    lab.route_groups(1);
    let listener = Process::start(lab.segment.hosts[1].command(&plan.listener).args([IN_GROUP, OUT_GROUP]));
    let source = lab.source(channel);
    flowclient.wait_until_ready();
    per_datagram(&source, plan.span, [flowclient.pid(), listener.pid()])
}

/// Nanoseconds of processor time that each process takes for a datagram of the source.
fn per_datagram(source: &Source, span: Duration, pids: [u32; 2]) -> [f64; 2] {
    let (sent, before) = (source.sent(), pids.map(processor_ns));
    sleep(span);
    let (datagrams, after) = (source.sent() - sent, pids.map(processor_ns));
    [0, 1].map(|at| (after[at] - before[at]) as f64 / datagrams as f64)
}

/// Of all threads, with the interrupt work that the kernel did while they ran.
fn processor_ns(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("a process that runs");
    let time = |task: std::io::Result<fs::DirEntry>| {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    };
    tasks.filter_map(time).sum()
}
