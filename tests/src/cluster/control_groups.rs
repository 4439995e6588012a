//! The control groups of one machine, version 1: a folder in each hierarchy.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use crate::lab::until;

const MOUNTED_AT: &str = "/sys/fs/cgroup";

/// One folder in each hierarchy; a machine sees its own as the root of the hierarchy.
#[derive(Debug)]
pub(super) struct ControlGroups {
    folders: Vec<PathBuf>,
}

/// Names of the hierarchies, as their mount points are named.
///
/// # Panics
/// When there are none: the kubelets of the lab use control groups of version 1.
pub(super) fn hierarchies() -> Vec<String> {
    let text = fs::read_to_string("/proc/self/cgroup").expect("/proc/self/cgroup");
    let lines = text.lines().filter_map(|line| line.split(':').nth(1)).filter(|names| !names.is_empty());
    let names: Vec<_> = lines.map(|names| names.trim_start_matches("name=").to_owned()).collect();
    let is_mounted = |name: &String| Path::new(MOUNTED_AT).join(name).join("tasks").exists();
    assert!(
        names.iter().any(|name| name == "freezer") && names.iter().all(is_mounted),
        "the lab needs control groups of version 1, mounted at {MOUNTED_AT}; booting with systemd.unified_cgroup_hierarchy=0 gives them"
    );
    names
}

impl ControlGroups {
    /// The groups named `path`, which need not exist.
    pub(super) fn new(path: &Path) -> Self {
        Self { folders: hierarchies().iter().map(|name| Path::new(MOUNTED_AT).join(name).join(path)).collect() }
    }

    /// Makes the groups and empties them: what a former life of the machine left behind would delay a kubelet's start.
    pub(super) fn make(&self) {
        self.delete_inner();
        for folder in &self.folders {
            fs::create_dir_all(folder).expect("control groups need root");
            inherit_processors(folder);
        }
    }

    /// Runs `work` on a thread inside the groups, where the processes that it starts stay.
    pub(super) fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let worker = scope.spawn(|| {
                for folder in &self.folders {
                    fs::write(folder.join("tasks"), "0").expect("a control group takes a thread");
                }
                work()
            });
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Stops all processes where they are, or lets them go on.
    pub(super) fn freeze(&self, frozen: bool) {
        let state = if frozen { "FROZEN" } else { "THAWED" };
        let file = self.folder_of("freezer").join("freezer.state");
        fs::write(&file, state).expect("the freezer");
        until(&format!("{state} of {}", file.display()), || {
            fs::read_to_string(&file).is_ok_and(|now| now.trim() == state).then_some(())
        });
    }

    /// Whether [`Self::freeze`] has stopped them.
    pub(super) fn is_frozen(&self) -> bool {
        let state = fs::read_to_string(self.folder_of("freezer").join("freezer.state"));
        state.is_ok_and(|state| state.trim() != "THAWED")
    }

    /// Deletes the groups, and their parents if they are empty then.
    pub(super) fn delete(&self) {
        until("the end of a machine's control groups", || {
            self.delete_inner();
            let gone = |folder: &PathBuf| fs::remove_dir(folder).is_ok() || !folder.exists();
            self.folders.iter().all(gone).then_some(())
        });
        for parent in self.folders.iter().filter_map(|folder| folder.parent()) {
            let _ = fs::remove_dir(parent);
        }
    }

    fn delete_inner(&self) {
        for folder in &self.folders {
            for inner in folders_in(folder) {
                let _ = delete_tree(&inner);
            }
        }
    }

    fn folder_of(&self, hierarchy: &str) -> &Path {
        let prefix = Path::new(MOUNTED_AT).join(hierarchy);
        self.folders.iter().find(|folder| folder.starts_with(&prefix)).expect("the hierarchy is mounted")
    }
}

/// Without processors and memory of its own, a group of cpuset takes no process.
fn inherit_processors(folder: &Path) {
    let names: Vec<_> = folder.ancestors().take_while(|folder| folder.join("cpuset.cpus").exists()).collect();
    for pair in names.windows(2).rev() {
        for file in ["cpuset.cpus", "cpuset.mems"] {
            let value = fs::read_to_string(pair[1].join(file)).expect("a cpuset");
            fs::write(pair[0].join(file), value).expect("a cpuset");
        }
    }
}

fn delete_tree(folder: &Path) -> io::Result<()> {
    for inner in folders_in(folder) {
        delete_tree(&inner)?;
    }
    fs::remove_dir(folder)
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}
