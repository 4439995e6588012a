//! The lab itself, so that a failing test is flowclient's fault.

use std::fs;
use std::process;

use tests::cluster::Cluster;

#[test]
fn nothing_is_left_of_a_lab_that_was_taken_down() {
    // A test of its own lab, beside the shared one.
    let name = format!("fc-small-{}", process::id());
    let cluster = Cluster::named(&name);
    cluster.up(1);
    assert_eq!(traces(&name).len(), 3, "{:?}", traces(&name));
    cluster.up(1);
    cluster.wait_for_node("k1", true);
    cluster.down();
    assert_eq!(traces(&name), [""; 0]);
}

/// Places where something bears the lab's name: the network namespaces, the control groups (which hold each process), the folder.
fn traces(name: &str) -> Vec<String> {
    let groups = fs::read_dir("/sys/fs/cgroup").unwrap().flatten().map(|hierarchy| hierarchy.path());
    let places = groups.chain(["/run/netns", "/dev/shm"].map(Into::into));
    let bears = |folder: &std::path::PathBuf| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).any(|entry| entry.starts_with(name))
    };
    let mut found: Vec<_> = places.filter(bears).map(|folder| kind(&folder.display().to_string())).collect();
    found.sort();
    found.dedup();
    found
}

fn kind(folder: &str) -> String {
    if folder.starts_with("/sys/fs/cgroup") { "control groups".to_owned() } else { folder.to_owned() }
}
