//! Configuration files of flows.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A flow of a configuration file.
#[derive(Clone, Copy, Debug)]
pub struct Flow<'a> {
    /// Name of the flow.
    pub name: &'a str,
    /// URL of its input.
    pub input: &'a str,
    /// Group and port of its output.
    pub output: &'a str,
}

/// The configuration file of `flows`, as text.
pub fn text(flows: &[Flow<'_>]) -> String {
    let flow = |Flow { name, input, output }: &Flow<'_>| {
        format!("[[flow]]\nname = \"{name}\"\nin = \"{input}\"\nout = [\"{output}\"]\n\n")
    };
    flows.iter().map(flow).collect()
}

/// A configuration file that lives as long as this guard.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    _folder: TempDir,
}

impl ConfigFile {
    /// Writes a file of `flows` into a folder of its own.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn new(flows: &[Flow<'_>]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let file = Self { path: folder.path().join("flows.toml"), _folder: folder };
        file.write(&text(flows));
        file
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its path as an argument.
    ///
    /// # Panics
    /// When the path is not UTF-8.
    pub fn argument(&self) -> &str {
        self.path.to_str().expect("a path of ours")
    }

    /// Replaces the file in one step, as an editor does.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, text: &str) {
        let fresh = self.path.with_extension("new");
        fs::write(&fresh, text).expect("a file of ours");
        fs::rename(fresh, &self.path).expect("a file of ours");
    }
}
