//! Which state a file was in.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file, and the state it was in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StampedFile {
    path: PathBuf,
    stamp: Option<Stamp>,
}

impl StampedFile {
    /// The file as it is now. Taken before the file is read, it tells every later change.
    pub(crate) fn now(path: PathBuf) -> Self {
        let stamp = Stamp::of(&path);
        Self { path, stamp }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Stamp {
    /// The stamp of what the name leads to, if that exists.
    fn of(file: &Path) -> Option<Self> {
        let meta = fs::metadata(file).ok()?;
        let modified = (meta.mtime(), meta.mtime_nsec());
        Some(Self { device: meta.dev(), inode: meta.ino(), bytes: meta.len(), modified })
    }
}
