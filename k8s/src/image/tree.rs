//! The files of an image.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::compile::Program;
use super::component::Component;

/// Who the program runs as, and its group: a number that no distribution gives to a person or a service.
pub const USER: u32 = 65532;

/// Folders and files by their paths from the image's root, without a slash in front.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, Entry>);

/// A folder or a file; its owner is root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Permissions.
    pub mode: u32,
    /// What it is.
    pub content: Content,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A folder.
    Folder,
    /// A file with these bytes.
    File(Vec<u8>),
}

impl Tree {
    /// The files of the image of `component`.
    pub fn of(component: Component, program: &Program, licence: &[u8], sbom: &[u8]) -> Self {
        let mut tree = Self::default();
        tree.add_file("etc/passwd", 0o644, format!("nonroot:x:{USER}:{USER}::/:/sbin/nologin\n").into_bytes());
        tree.add_file("etc/group", 0o644, format!("nonroot:x:{USER}:\n").into_bytes());
        tree.add_file(&component.path(), 0o755, program.bytes.clone());
        tree.add_file(&component.document("LICENSE"), 0o644, licence.to_vec());
        tree.add_file(&component.document("sbom.spdx.json"), 0o644, sbom.to_vec());
        tree
    }

    /// Adds a file, and the folders that it is in.
    pub fn add_file(&mut self, path: &str, mode: u32, bytes: Vec<u8>) {
        for (end, _) in path.match_indices('/') {
            let folder = Entry { mode: 0o755, content: Content::Folder };
            self.0.entry(path[..end].to_owned()).or_insert(folder);
        }
        self.0.insert(path.to_owned(), Entry { mode, content: Content::File(bytes) });
    }

    /// All entries, folders before what is in them.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// Writes the tree into `folder`, which is made if need be; files that are there already are written anew.
    ///
    /// # Errors
    /// Whatever the file system refuses.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        for (path, entry) in self.entries() {
            let path = folder.join(path);
            match &entry.content {
                Content::Folder => fs::create_dir_all(&path)?,
                Content::File(bytes) => fs::write(&path, bytes)?,
            }
            fs::set_permissions(&path, Permissions::from_mode(entry.mode))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_written_with_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::default();
        tree.add_file("usr/bin/program", 0o755, b"x".to_vec());
        tree.write(folder.path()).unwrap();
        let written = fs::metadata(folder.path().join("usr/bin/program")).unwrap();
        assert_eq!(written.permissions().mode() & 0o777, 0o755);
        assert_eq!(tree.entries().count(), 3);
    }
}
