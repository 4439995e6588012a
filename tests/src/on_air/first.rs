//! Real-time priority for instances: what else this machine does is not to be taken for what they do.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::cluster::Cluster;
use crate::lab::goes_first;

const CPU_GROUPS: &str = "/sys/fs/cgroup/cpu";
/// Microseconds of each second at real-time priority, from the lab's own control group down to a container's; groups have none by
/// themselves. Four machines, and two pods on one of them, add up to no more than those above have.
const SHARES_US: [u32; 6] = [800_000, 200_000, 200_000, 200_000, 90_000, 90_000];

/// Gives the cluster's instances real-time priority. Returns whether all have it.
pub(super) fn put_instances_first(cluster: &Cluster) -> bool {
    let networks: Vec<u64> = cluster.workers().filter_map(|worker| inode(worker.net().path())).collect();
    let instances = processes_called("flowclient").filter(|pid| {
        let network = inode(format!("/proc/{pid}/ns/net"));
        network.is_some_and(|network| networks.contains(&network))
    });
    let refused: Vec<u32> = instances.filter(|&pid| grant(pid).is_err() || !goes_first(pid)).collect();
    refused.is_empty()
}

fn grant(pid: u32) -> io::Result<()> {
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup"))?;
    let path = groups.lines().find_map(|line| line.split_once(":cpu:").map(|(_, path)| path)).unwrap_or_default();
    let mut folder = PathBuf::from(CPU_GROUPS);
    for (name, share_us) in path.split('/').skip(1).zip(SHARES_US) {
        folder.push(name);
        fs::write(folder.join("cpu.rt_runtime_us"), share_us.to_string())?;
    }
    Ok(())
}

fn processes_called(name: &str) -> impl Iterator<Item = u32> + '_ {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(move |pid| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name))
}

fn inode(path: impl AsRef<Path>) -> Option<u64> {
    Some(fs::metadata(path).ok()?.ino())
}
