//! Packs files into a layer: the same bytes from the same files.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::digest::Digest;
use super::tree::{Content, Tree};

/// A packed layer.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The tar archive, packed with gzip.
    pub packed: Vec<u8>,
    /// The digest of the tar archive.
    pub diff_id: Digest,
}

/// Packs `tree`: names in order, owner root, no times, no name of the machine (gzip's header: RFC 1952, 2.3.1).
///
/// # Errors
/// A path that is too long for a tar archive.
pub fn pack(tree: &Tree) -> io::Result<Layer> {
    let archive = archive(tree)?;
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    gzip.write_all(&archive)?;
    Ok(Layer { packed: gzip.finish()?, diff_id: Digest::of(&archive) })
}

fn archive(tree: &Tree) -> io::Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    for (path, entry) in tree.entries() {
        let mut header = Header::new_ustar();
        header.set_mode(entry.mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        match &entry.content {
            Content::Folder => {
                header.set_entry_type(EntryType::Directory);
                header.set_size(0);
                builder.append_data(&mut header, format!("{path}/"), io::empty())?;
            }
            Content::File(bytes) => {
                header.set_entry_type(EntryType::Regular);
                header.set_size(bytes.len() as u64);
                builder.append_data(&mut header, path, bytes.as_slice())?;
            }
        }
    }
    builder.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn tree(order: &[&str]) -> Tree {
        let mut tree = Tree::default();
        for name in order {
            tree.add_file(name, 0o644, name.as_bytes().to_vec());
        }
        tree
    }

    #[test]
    fn the_same_files_are_the_same_bytes_in_whatever_order_they_came() {
        let one = pack(&tree(&["etc/passwd", "usr/bin/a", "usr/bin/b"])).unwrap();
        let other = pack(&tree(&["usr/bin/b", "etc/passwd", "usr/bin/a"])).unwrap();
        assert_eq!(one.packed, other.packed);
        assert_eq!(one.diff_id, other.diff_id);
    }

    #[test]
    fn folders_come_before_what_is_in_them_and_nothing_tells_a_time_or_an_owner() {
        let layer = pack(&tree(&["usr/bin/a"])).unwrap();
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(layer.packed.as_slice()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(Digest::of(&unpacked), layer.diff_id);
        let mut archive = tar::Archive::new(unpacked.as_slice());
        let mut paths = Vec::new();
        for entry in archive.entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!((header.mtime().unwrap(), header.uid().unwrap(), header.gid().unwrap()), (0, 0, 0));
            paths.push(entry.path().unwrap().to_string_lossy().into_owned());
        }
        assert_eq!(paths, ["usr/", "usr/bin/", "usr/bin/a"]);
    }
}
