//! A control group with a CPU quota, version 1 or 2, whichever has the CPU controller here.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{process, thread};

const V1: &str = "/sys/fs/cgroup/cpu";
const V2: &str = "/sys/fs/cgroup";

/// A control group that may run so many milliseconds in each 100; it is deleted with this guard, once its processes ended.
#[derive(Debug)]
pub struct Cgroup {
    folder: PathBuf,
}

impl Cgroup {
    /// Makes a group named `fc-PID-NUMBER-ROLE`.
    ///
    /// # Panics
    /// When the kernel refuses, as it does to anybody but root.
    pub fn new(role: &str, quota_millis: u32) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("fc-{}-{}-{role}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let (period, quota) = (100_000, quota_millis * 1_000);
        if Path::new(V1).join("cpu.cfs_quota_us").exists() || Path::new(V1).join("cpu.stat").exists() {
            let group = Self::make(Path::new(V1).join(name));
            group.write("cpu.cfs_period_us", &period.to_string());
            group.write("cpu.cfs_quota_us", &quota.to_string());
            return group;
        }
        fs::write(Path::new(V2).join("cgroup.subtree_control"), "+cpu").expect("the CPU controller");
        let group = Self::make(Path::new(V2).join(name));
        group.write("cpu.max", &format!("{quota} {period}"));
        group
    }

    /// Moves a process with all its threads into the group.
    ///
    /// # Panics
    /// When there is no such process.
    pub fn take(&self, pid: u32) {
        self.write("cgroup.procs", &pid.to_string());
    }

    /// The file by which a process joins the group that writes its number there.
    pub fn members(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }

    fn make(folder: PathBuf) -> Self {
        fs::create_dir(&folder).expect("control groups need root");
        Self { folder }
    }

    fn write(&self, file: &str, value: &str) {
        let path = self.folder.join(file);
        fs::write(&path, value).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // A process that was killed just now may still be leaving.
        let deleted = (0..100).any(|_| fs::remove_dir(&self.folder).is_ok() || pause());
        assert!(deleted || thread::panicking(), "{} is not empty", self.folder.display());
    }
}

/// Waits a little; not yet.
fn pause() -> bool {
    thread::sleep(Duration::from_millis(10));
    false
}
