//! What the process itself costs, under the names that Prometheus clients share. What the system does not tell is left out.

use std::fs;

use prometheus::proto::MetricType::{COUNTER, GAUGE};
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::Family;
use super::program::unix_seconds;

/// A metric with one series and no label.
macro_rules! of_process {
    ($kind:ident $name:literal, $help:literal, $value:expr) => {
        Family { name: $name, help: $help, kind: $kind, labels: &[], fill: |_, series| series.add(&[], $value) }
    };
}

pub(super) const FAMILIES: &[Family] = &[
    of_process!(COUNTER "process_cpu_seconds_total", "CPU time spent, user and system, in seconds.", cpu_seconds()),
    of_process!(GAUGE "process_resident_memory_bytes", "Resident memory in bytes.", resident_bytes()),
    of_process!(GAUGE "process_anonymous_memory_bytes", "Resident memory that is no file's: what the process itself uses, in bytes.", anonymous_bytes()),
    Family {
        name: "flowclient_memory_per_flow_bytes",
        help: "process_anonymous_memory_bytes divided by the number of flows. What the kernel holds in socket buffers is not in it.",
        kind: GAUGE,
        labels: &[],
        fill: |scene, series| series.add(&[], anonymous_bytes().map(|bytes| bytes / scene.flows.len().max(1) as f64)),
    },
    of_process!(GAUGE "process_open_fds", "Open file descriptors.", open_descriptors()),
    of_process!(GAUGE "process_max_fds", "Most file descriptors that may be open.", most_descriptors()),
    of_process!(GAUGE "process_threads", "Threads of the process.", entries("/proc/self/task")),
    Family {
        name: "process_start_time_seconds",
        help: "Unix time at which the process started.",
        kind: GAUGE,
        labels: &[],
        fill: |scene, series| series.add(&[], unix_seconds(scene.started)),
    },
];

fn cpu_seconds() -> f64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}

fn resident_bytes() -> Option<f64> {
    memory_bytes().map(|(resident, _)| resident)
}

fn anonymous_bytes() -> Option<f64> {
    memory_bytes().map(|(resident, of_files)| resident - of_files)
}

/// Resident memory, and how much of it belongs to files or is shared: the second and third number of statm, in pages
/// (proc_pid_statm(5)).
fn memory_bytes() -> Option<(f64, f64)> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let mut counts = statm.split_ascii_whitespace().skip(1).map(|pages| pages.parse::<usize>());
    let mut bytes = || Some((counts.next()?.ok()? * rustix::param::page_size()) as f64);
    Some((bytes()?, bytes()?))
}

/// Listing descriptors opens one more.
fn open_descriptors() -> Option<f64> {
    entries("/proc/self/fd").map(|count| count - 1.0)
}

fn most_descriptors() -> Option<f64> {
    getrlimit(Resource::Nofile).current.map(|limit| limit as f64)
}

/// How many entries a directory has.
fn entries(directory: &str) -> Option<f64> {
    Some(fs::read_dir(directory).ok()?.count() as f64)
}
