//! A line of the soak's table.

use std::fmt;
use std::fs;
use std::time::Duration;

use super::ledger::{Ledger, Totals};
use crate::lab::{Flowclient, Metrics};

/// Memory and counters at one moment.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    since_start: Duration,
    /// Resident memory of flowclient that is its own (not pages of files, which the kernel takes and brings back), in KiB.
    pub(super) own_memory_kib: u64,
    totals: Totals,
    metrics: Metrics,
}

impl Sample {
    /// The columns that [`fmt::Display`] writes; counters are those of all flows together.
    pub(super) const HEADER: &str = "seconds,own_memory_kib,sent,seen,lost,input_datagrams,output_datagrams,\
        dropped_kernel,dropped_malformed,dropped_late,dropped_overflow,output_errors";

    pub(super) fn take(since_start: Duration, flowclient: &Flowclient, ledger: &Ledger) -> Self {
        let own_memory_kib = own_memory_kib(flowclient.pid());
        Self { since_start, own_memory_kib, totals: ledger.totals(), metrics: flowclient.metrics() }
    }
}

fn own_memory_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("flowclient runs");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("RssAnon in a process's status");
    line.trim_end_matches("kB").trim().parse().expect("RssAnon is a number")
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { sent, seen, .. } = self.totals;
        write!(f, "{},{},{sent},{seen},{}", self.since_start.as_secs(), self.own_memory_kib, sent - seen)?;
        for counter in ["flowclient_input_datagrams_total", "flowclient_output_datagrams_total"] {
            write!(f, ",{}", self.metrics.count(counter))?;
        }
        for reason in ["kernel", "malformed", "late", "overflow"] {
            write!(f, ",{}", self.metrics.dropped(reason))?;
        }
        write!(f, ",{}", self.metrics.count("flowclient_output_errors_total"))
    }
}
