//! One image in one file: an OCI layout in a tar archive, which `ctr images import`, skopeo and podman read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tar::{Archive, Builder, Header};
use thiserror::Error;

use super::document::Index;
use super::layout::{INDEX, MARKER, MARKER_CONTENT, blob_path, entry, index_bytes, tag_of, write_whole};
use super::package::{Image, ImageError, parse_manifest};

/// Bytes of a blob that are still read: an image of flowclient has a hundredth of it.
const BLOB_MAX: u64 = 1 << 30;

/// Why there is no image in a file.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ArchiveError {
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: no archive of an image: {said}", path.display())]
    NoImage { path: PathBuf, said: String },
    #[error("{}: {error}", path.display())]
    Broken { path: PathBuf, error: ImageError },
}

/// Writes `image`, called `tag`, to `path`; the same image is the same file.
///
/// # Errors
/// A file that cannot be written.
pub fn save(path: &Path, tag: &str, image: &Image) -> Result<(), ArchiveError> {
    let failed = |error| ArchiveError::Io { path: path.to_owned(), error };
    let bytes = pack(tag, image).map_err(failed)?;
    write_whole(path, &bytes).map_err(failed)
}

fn pack(tag: &str, image: &Image) -> io::Result<Vec<u8>> {
    let index = Index { manifests: vec![entry(tag, image)], ..Index::default() };
    let index = index_bytes(&index);
    let mut files: BTreeMap<String, &[u8]> =
        image.parts().map(|(descriptor, bytes)| (blob_path(&descriptor.digest), &**bytes)).collect();
    files.insert(blob_path(&image.digest), &image.manifest_bytes);
    files.insert(INDEX.to_owned(), &index);
    files.insert(MARKER.to_owned(), MARKER_CONTENT.as_bytes());
    let mut builder = Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, name, bytes)?;
    }
    builder.into_inner()
}

/// The images in the file at `path`, with their tags.
///
/// # Errors
/// A file that cannot be read, that is no archive, or whose blobs are not what they should be.
pub fn load(path: &Path) -> Result<Vec<(String, Image)>, ArchiveError> {
    let file = File::open(path).map_err(|error| ArchiveError::Io { path: path.to_owned(), error })?;
    let no_image = |said: String| ArchiveError::NoImage { path: path.to_owned(), said };
    let mut files = unpack(file).map_err(|error| no_image(error.to_string()))?;
    let index = files.remove(INDEX).ok_or_else(|| no_image(format!("it has no {INDEX}")))?;
    let index: Index = serde_json::from_slice(&index).map_err(|error| no_image(format!("its {INDEX}: {error}")))?;
    let broken = |error| ArchiveError::Broken { path: path.to_owned(), error };
    let tagged = index.manifests.iter().filter_map(|one| Some((tag_of(one)?.to_owned(), one)));
    let images = tagged.map(|(tag, entry)| Ok((tag, image(&files, &entry.digest).map_err(broken)?)));
    let images: Vec<_> = images.collect::<Result<_, ArchiveError>>()?;
    if images.is_empty() { Err(no_image("none of its images has a tag".to_owned())) } else { Ok(images) }
}

fn image(files: &BTreeMap<String, Bytes>, digest: &super::Digest) -> Result<Image, ImageError> {
    let missing = || ImageError::Missing { what: "manifest", wanted: digest.clone() };
    let manifest_bytes = files.get(&blob_path(digest)).ok_or_else(missing)?.clone();
    let manifest = parse_manifest(&manifest_bytes)?;
    let descriptors = manifest.layers.iter().chain([&manifest.config]);
    let blobs = descriptors.filter_map(|one| Some((one.digest.clone(), files.get(&blob_path(&one.digest))?.clone())));
    let image = Image::new(manifest_bytes, blobs.collect())?;
    let altered = || ImageError::Altered { wanted: digest.clone(), found: image.digest.clone() };
    if image.digest == *digest { Ok(image) } else { Err(altered()) }
}

/// The files of a tar archive by name.
fn unpack(file: File) -> io::Result<BTreeMap<String, Bytes>> {
    let mut files = BTreeMap::new();
    for entry in Archive::new(file).entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path()?.to_string_lossy().trim_start_matches("./").to_owned();
        if entry.size() > BLOB_MAX {
            return Err(io::Error::other(format!("{name} has {} bytes, {BLOB_MAX} are allowed", entry.size())));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        files.insert(name, Bytes::from(bytes));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::package::tests::tiny;
    use proptest::prelude::*;
    use std::fs;

    #[test]
    fn what_is_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.tar");
        save(&path, "one", &tiny("1")).unwrap();
        let first = fs::read(&path).unwrap();
        let loaded = load(&path).unwrap();
        assert_eq!(loaded.len(), 1);
        assert_eq!((loaded[0].0.as_str(), &loaded[0].1.digest), ("one", &tiny("1").digest));
        save(&path, "one", &tiny("1")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), first);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_damaged_archive_is_an_error_or_the_image(at in 0..6000usize, byte: u8) {
            let mut bytes = pack("one", &tiny("1")).unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("image.tar");
            fs::write(&path, &bytes).unwrap();
            if let Ok(images) = load(&path) {
                prop_assert!(images.iter().all(|(_, image)| image.digest == tiny("1").digest));
            }
        }
    }
}
