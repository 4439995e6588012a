//! Notices when one of the configuration's files has changed.
//!
//! What is watched are the folders that hold the files: editors put a new file in the place of the old one, and
//! Kubernetes swaps a link beside it. Whether a file itself has changed is told by its stamp, which is also looked at
//! from time to time: network file systems do not tell what other hosts do, and a folder that goes takes its watch along.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::stamp::StampedFile;

/// How long the files must stay as they are before a change counts as done.
const SETTLE: Duration = Duration::from_millis(100);
/// How often to look at the files when nothing stirs.
pub(crate) const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// Watches files.
pub(crate) struct Watch {
    watcher: Option<RecommendedWatcher>,
    stir: UnboundedSender<()>,
    stirs: UnboundedReceiver<()>,
    folders: BTreeSet<PathBuf>,
    /// The files as the configuration was loaded from them, or as they were when that failed.
    loaded: Vec<StampedFile>,
    /// A change that may not be over: the files as they were last seen, and when to look again.
    settling: Option<(Vec<StampedFile>, Instant)>,
    /// When to look if nothing stirs until then.
    next_look: Instant,
}

impl Watch {
    /// Watches no file yet.
    pub(crate) fn new() -> Self {
        let (stir, stirs) = unbounded_channel();
        let next_look = Instant::now() + LOOK_INTERVAL;
        let (folders, loaded) = (BTreeSet::new(), Vec::new());
        Self { watcher: None, stir, stirs, folders, loaded, settling: None, next_look }
    }

    /// Watches these files from now on, for any change since their stamps were taken.
    ///
    /// # Errors
    /// When a folder cannot be watched: changes in it are noticed only within [`LOOK_INTERVAL`].
    pub(crate) fn follow(&mut self, loaded: &[StampedFile]) -> notify::Result<()> {
        self.loaded = loaded.to_vec();
        let watched = self.watch_folders(loaded.iter().flat_map(|file| folders_of(file.path())).collect());
        // What changed before its folder was watched stirs nothing.
        let _ = self.stir.send(());
        watched
    }

    /// Waits until a file has changed and settled. May be dropped and called again without losing a change.
    pub(crate) async fn changed(&mut self) {
        loop {
            if let Some((_, look_again)) = &self.settling {
                sleep_until(*look_again).await;
                if self.has_changed_and_settled() {
                    return;
                }
            } else {
                // Whether something stirred or it was time: look.
                let _ = timeout_at(self.next_look, self.stirs.recv()).await;
                self.settling = Some((self.now(), Instant::now() + SETTLE));
                self.next_look = Instant::now() + LOOK_INTERVAL;
            }
        }
    }

    fn watch_folders(&mut self, folders: BTreeSet<PathBuf>) -> notify::Result<()> {
        let old = std::mem::replace(&mut self.folders, folders);
        let watcher = match &mut self.watcher {
            Some(watcher) => watcher,
            none => none.insert(watcher(self.stir.clone())?),
        };
        for folder in old.difference(&self.folders) {
            // A folder that is gone took its watch with it.
            let _ = watcher.unwatch(folder);
        }
        let mut result = Ok(());
        for folder in self.folders.difference(&old) {
            result = result.and(watcher.watch(folder, RecursiveMode::NonRecursive));
        }
        result
    }

    fn has_changed_and_settled(&mut self) -> bool {
        while self.stirs.try_recv().is_ok() {}
        let now = self.now();
        let is_calm = self.settling.take().is_some_and(|(seen, _)| seen == now);
        if !is_calm {
            self.settling = Some((now, Instant::now() + SETTLE));
            return false;
        }
        let has_changed = now != self.loaded;
        self.loaded = now;
        has_changed
    }

    fn now(&self) -> Vec<StampedFile> {
        self.loaded.iter().map(|file| StampedFile::now(file.path().to_owned())).collect()
    }
}

fn watcher(stir: UnboundedSender<()>) -> notify::Result<RecommendedWatcher> {
    notify::recommended_watcher(move |event: notify::Result<Event>| {
        if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
            // Nobody listens any more only while the process ends.
            let _ = stir.send(());
        }
    })
}

/// The folder that holds the file's name, and the one that holds what the name links to.
fn folders_of(file: &Path) -> Vec<PathBuf> {
    let target = file.canonicalize().ok();
    let parents = [Some(file), target.as_deref()].into_iter().flatten().filter_map(Path::parent);
    parents.map(|parent| if parent.as_os_str().is_empty() { ".".into() } else { parent.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn following(file: &Path) -> Watch {
        let mut watch = Watch::new();
        watch.follow(&[StampedFile::now(file.to_owned())]).unwrap();
        watch
    }

    #[tokio::test]
    async fn a_change_between_loading_and_following_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("flows.toml");
        let loaded = StampedFile::now(file.clone());
        fs::write(&file, "one").unwrap();
        let mut watch = Watch::new();
        watch.follow(&[loaded]).unwrap();
        watch.changed().await;
    }

    #[tokio::test]
    async fn a_file_that_is_written_anew_is_noticed_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("flows.toml");
        fs::write(&file, "one").unwrap();
        let mut watch = following(&file);
        for text in ["longer", "longest"] {
            fs::write(&file, text).unwrap();
            watch.changed().await;
            watch.follow(&[StampedFile::now(file.clone())]).unwrap();
        }
    }

    #[tokio::test]
    async fn a_file_put_in_the_place_of_the_old_one_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, fresh) = (folder.path().join("flows.toml"), folder.path().join("flows.toml~"));
        fs::write(&file, "one").unwrap();
        let mut watch = following(&file);
        fs::write(&fresh, "two").unwrap();
        fs::rename(&fresh, &file).unwrap();
        watch.changed().await;
    }

    #[tokio::test]
    async fn a_link_swapped_beside_the_file_is_noticed_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for version in ["v1", "v2", "v3"] {
            fs::create_dir(path(version)).unwrap();
            fs::write(path(version).join("flows.toml"), version).unwrap();
        }
        symlink("v1", path("..data")).unwrap();
        symlink("..data/flows.toml", path("flows.toml")).unwrap();
        let mut watch = following(&path("flows.toml"));
        for version in ["v2", "v3"] {
            symlink(version, path("..data_tmp")).unwrap();
            fs::rename(path("..data_tmp"), path("..data")).unwrap();
            watch.changed().await;
            watch.follow(&[StampedFile::now(path("flows.toml"))]).unwrap();
        }
    }

    #[tokio::test]
    async fn a_file_that_appears_where_none_was_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("catalog.toml");
        let mut watch = following(&file);
        fs::write(&file, "one").unwrap();
        watch.changed().await;
    }

    #[tokio::test]
    async fn what_a_neighbour_does_is_no_change() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("flows.toml");
        fs::write(&file, "one").unwrap();
        let mut watch = following(&file);
        fs::write(folder.path().join("other"), "x").unwrap();
        watch.stirs.recv().await;
        watch.settling = Some((watch.now(), Instant::now()));
        assert!(!watch.has_changed_and_settled());
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_that_nothing_tells_of_is_noticed_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("flows.toml");
        let mut watch = following(&file);
        watch.watcher = None;
        fs::write(&file, "one").unwrap();
        let start = Instant::now();
        watch.changed().await;
        assert!(start.elapsed() <= LOOK_INTERVAL + 2 * SETTLE);
    }
}
