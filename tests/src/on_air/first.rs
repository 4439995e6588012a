//! Real-time priority for instances: what else this machine does is not to be taken for what they do.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::cluster::Cluster;
use crate::lab::goes_first;

/// Tasks without limits of processor time. Groups below have no share of real-time priority, and none is handed on to pods.
const ROOT_GROUP: &str = "/sys/fs/cgroup/cpu/cgroup.procs";

/// Gives the cluster's instances real-time priority, outside of their pods' groups of processor time. Returns whether all have it.
pub(super) fn put_instances_first(cluster: &Cluster) -> bool {
    let networks: Vec<u64> = cluster.workers().filter_map(|worker| inode(worker.net().path())).collect();
    let instances = processes_called("flowclient").filter(|pid| {
        let network = inode(format!("/proc/{pid}/ns/net"));
        network.is_some_and(|network| networks.contains(&network))
    });
    let put_first = |pid: u32| fs::write(ROOT_GROUP, pid.to_string()).is_ok() && goes_first(pid);
    let refused: Vec<u32> = instances.filter(|&pid| !put_first(pid)).collect();
    refused.is_empty()
}

fn processes_called(name: &str) -> impl Iterator<Item = u32> + '_ {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(move |pid| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name))
}

fn inode(path: impl AsRef<Path>) -> Option<u64> {
    Some(fs::metadata(path).ok()?.ino())
}
