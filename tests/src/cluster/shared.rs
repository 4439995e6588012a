//! One lab for all tests of a program, taken down when the program ends, however it does.

use std::fs;
use std::io::{self, Read};
use std::ops::Deref;
use std::os::unix::process::CommandExt;
use std::process::{self, Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};

use super::{Cluster, MEMORY};

/// Number of workers.
const WORKERS: usize = 4;
/// What the names of such labs begin with; the number of their process follows.
const PREFIX: &str = "fc-cluster-";

/// A lab that is taken down with this process, or when it is dropped.
#[derive(Debug)]
pub struct Guarded {
    cluster: Cluster,
    /// While this lives, it holds the pipe that the guard reads.
    guard: Child,
}

/// The lab, up and mended, for one test at a time. The program `lab` is started as its guard.
pub fn shared(lab: &str) -> MutexGuard<'static, Guarded> {
    static SHARED: OnceLock<Mutex<Guarded>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| {
        sweep();
        Mutex::new(Guarded::new(lab, String::new()))
    });
    // A test that failed may have left anything behind; that is what mending is for.
    let cluster = shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    cluster.up(WORKERS);
    cluster
}

/// Another lab beside it, up, for a test that would leave too much behind.
pub fn own(lab: &str, purpose: &str) -> Guarded {
    let cluster = Guarded::new(lab, format!("-{purpose}"));
    cluster.up(1);
    cluster
}

impl Guarded {
    fn new(lab: &str, suffix: String) -> Self {
        let name = format!("{PREFIX}{}{suffix}", process::id());
        let mut guard = Command::new(lab);
        guard.args(["--name", &name, "guard"]).stdin(Stdio::piped()).process_group(0);
        Self { guard: guard.spawn().expect("the lab's program"), cluster: Cluster::named(&name) }
    }
}

impl Deref for Guarded {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// Waits until standard input ends, which it does with the process that holds the pipe, and takes the lab down.
pub fn guard(cluster: &Cluster) {
    let _ = io::stdin().read_to_end(&mut Vec::new());
    cluster.down();
}

/// Takes down the labs of processes that are gone, and their guards too.
fn sweep() {
    let entries = fs::read_dir(MEMORY).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    for name in names.filter(|name| is_orphan(name)) {
        Cluster::named(&name).down();
    }
}

fn is_orphan(name: &str) -> bool {
    let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
    owner.is_some_and(|pid| !fs::exists(format!("/proc/{pid}")).unwrap_or(true))
}
