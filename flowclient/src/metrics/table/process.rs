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

/// The second number of statm counts resident pages (proc_pid_statm(5)).
fn resident_bytes() -> Option<f64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some((pages * rustix::param::page_size() as u64) as f64)
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
