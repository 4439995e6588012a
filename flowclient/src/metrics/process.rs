//! What the process itself costs, under the names that Prometheus clients share.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::proto::MetricFamily;
use prometheus::proto::MetricType::{self, COUNTER, GAUGE};
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::family::{family, metric};

/// Memory, CPU time, descriptors and threads of this process. What the system does not tell is left out.
pub(super) fn families(started: SystemTime) -> Vec<MetricFamily> {
    let since_epoch = started.duration_since(UNIX_EPOCH).map(|span| span.as_secs_f64()).ok();
    let rows: [(&str, &str, MetricType, Option<f64>); 6] = [
        ("process_cpu_seconds_total", "CPU time spent, user and system, in seconds.", COUNTER, Some(cpu_seconds())),
        ("process_resident_memory_bytes", "Resident memory in bytes.", GAUGE, resident_bytes()),
        ("process_open_fds", "Open file descriptors.", GAUGE, entries("/proc/self/fd").map(|count| count - 1.0)),
        ("process_max_fds", "Most file descriptors that may be open.", GAUGE, most_descriptors()),
        ("process_threads", "Threads of the process.", GAUGE, entries("/proc/self/task")),
        ("process_start_time_seconds", "Unix time at which the process started.", GAUGE, since_epoch),
    ];
    let known = rows.into_iter().filter_map(|(name, help, kind, value)| Some((name, help, kind, value?)));
    known.map(|(name, help, kind, value)| family(name, help, kind, vec![metric(kind, [].into_iter(), value)])).collect()
}

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

/// How many entries a directory has; listing descriptors opens one more.
fn entries(directory: &str) -> Option<f64> {
    Some(fs::read_dir(directory).ok()?.count() as f64)
}

fn most_descriptors() -> Option<f64> {
    getrlimit(Resource::Nofile).current.map(|limit| limit as f64)
}
