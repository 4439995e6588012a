//! What standing by costs, and what a pair costs the one on air.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::channel::{Channel, DATAGRAM_LEN, Source};
use super::lab::{IN_GROUP, Lab, OUT_GROUP};
use super::pair::Pair;
use crate::lab::{Flowclient, Process};

/// A pair whose air changes that often while nothing is done is not measured.
const TRIES: usize = 10;

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
    /// Measurements of the pair thrown away before this one, as the air went to the other meanwhile.
    pub repeated: usize,
}

/// Measures all rounds at `datagrams_per_second`.
pub fn costs(plan: &CostPlan, datagrams_per_second: u64) -> Vec<Cost> {
    let channel = Channel { bitrate: datagrams_per_second * DATAGRAM_LEN as u64 * 8 };
    let round = |_| {
        let tries = (0..TRIES).find_map(|repeated| Some((repeated, pair(plan.span, channel)?)));
        let (repeated, (per_second, [on_air_ns, standby_ns])) = tries.expect("an instance that stays on air");
        let [single_ns, listener_ns] = single(plan, channel);
        Cost { per_second, standby_ns, listener_ns, on_air_ns, single_ns, repeated }
    };
    (0..plan.rounds).map(round).collect()
}

/// Datagrams a second, and what they cost who is on air and who stands by; none if they changed their roles meanwhile.
fn pair(span: Duration, channel: Channel) -> Option<(f64, [f64; 2])> {
    let lab = Lab::new();
    let pair = Pair::start(&lab);
    let source = lab.source(channel);
    let on_air = pair.settle();
    let (start, sent) = (Instant::now(), source.sent());
    let figures = per_datagram(&source, span, [pair.pid(on_air), pair.pid(1 - on_air)]);
    let per_second = (source.sent() - sent) as f64 / start.elapsed().as_secs_f64();
    (pair.settle() == on_air).then_some((per_second, figures))
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
