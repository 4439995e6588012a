//! Images on disk, in an OCI image layout (OCI image specification 1.1, image-layout.md). skopeo, buildah and ctr read it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use thiserror::Error;

use super::digest::Digest;
use super::document::{Descriptor, Index};
use super::package::{Image, ImageError, parse_manifest};

/// Annotation with an image's tag.
pub(crate) const NAME: &str = "org.opencontainers.image.ref.name";
pub(crate) const MARKER: &str = "oci-layout";
pub(crate) const MARKER_CONTENT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;
pub(crate) const INDEX: &str = "index.json";

/// A folder with images.
#[derive(Clone, Debug)]
pub struct Layout {
    folder: PathBuf,
}

/// What is wrong with a folder of images.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum LayoutError {
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: no index of images: {said}", path.display())]
    Index { path: PathBuf, said: String },
    #[error("{}: no image {tag} here; there {}", folder.display(), there_is(known))]
    NoImage { folder: PathBuf, tag: String, known: Vec<String> },
    #[error("{}: the image {tag}: {error}", folder.display())]
    Broken { folder: PathBuf, tag: String, error: ImageError },
}

fn there_is(known: &[String]) -> String {
    match known {
        [] => "is none at all: make one with flowctl image build".to_owned(),
        known => format!("is {}", known.join(", ")),
    }
}

impl Layout {
    /// The layout in `folder`, which need not be there yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The tags of the images in it, the oldest first.
    ///
    /// # Errors
    /// A folder that cannot be read, or whose index is none.
    pub fn tags(&self) -> Result<Vec<String>, LayoutError> {
        Ok(self.index()?.manifests.iter().filter_map(tag_of).map(str::to_owned).collect())
    }

    /// Adds `image` as `tag`; whatever had the tag before loses it.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn add(&self, tag: &str, image: &Image) -> Result<(), LayoutError> {
        for (descriptor, bytes) in image.parts() {
            self.write(&blob_path(&descriptor.digest), bytes)?;
        }
        self.write(&blob_path(&image.digest), &image.manifest_bytes)?;
        self.write(MARKER, MARKER_CONTENT.as_bytes())?;
        let mut index = self.index()?;
        index.manifests.retain(|one| tag_of(one) != Some(tag));
        index.manifests.push(entry(tag, image));
        self.write(INDEX, &index_bytes(&index))
    }

    /// The image that is called `tag`.
    ///
    /// # Errors
    /// No such image, or one whose blobs are not what they should be.
    pub fn get(&self, tag: &str) -> Result<Image, LayoutError> {
        let index = self.index()?;
        let entry = index.manifests.iter().find(|one| tag_of(one) == Some(tag));
        let entry = entry.ok_or_else(|| LayoutError::NoImage {
            folder: self.folder.clone(),
            tag: tag.to_owned(),
            known: index.manifests.iter().filter_map(tag_of).map(str::to_owned).collect(),
        })?;
        let broken = |error| LayoutError::Broken { folder: self.folder.clone(), tag: tag.to_owned(), error };
        let manifest_bytes = self.read(&entry.digest)?;
        let manifest = parse_manifest(&manifest_bytes).map_err(broken)?;
        let mut blobs = BTreeMap::new();
        for descriptor in manifest.layers.iter().chain([&manifest.config]) {
            blobs.insert(descriptor.digest.clone(), self.read(&descriptor.digest)?);
        }
        let image = Image::new(manifest_bytes, blobs).map_err(broken)?;
        let altered = || ImageError::Altered { wanted: entry.digest.clone(), found: image.digest.clone() };
        if image.digest == entry.digest { Ok(image) } else { Err(broken(altered())) }
    }

    fn index(&self) -> Result<Index, LayoutError> {
        let path = self.folder.join(INDEX);
        match fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|error| LayoutError::Index { path, said: error.to_string() })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Index::default()),
            Err(error) => Err(LayoutError::Io { path, error }),
        }
    }

    fn read(&self, digest: &Digest) -> Result<Bytes, LayoutError> {
        let path = self.folder.join(blob_path(digest));
        fs::read(&path).map(Bytes::from).map_err(|error| LayoutError::Io { path, error })
    }

    /// Writes a file as a whole, or not at all.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), LayoutError> {
        let path = self.folder.join(name);
        write_whole(&path, bytes).map_err(|error| LayoutError::Io { path, error })
    }
}

/// Puts `bytes` at `path` by a file beside it, so that nobody ever reads half of them.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    rustix::fs::fchmod(&file, rustix::fs::Mode::from_raw_mode(0o644))?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Where a blob is in a layout.
pub(crate) fn blob_path(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

/// What an index says of `image`.
pub(crate) fn entry(tag: &str, image: &Image) -> Descriptor {
    let mut entry = Descriptor::of(image.manifest.kind(), &image.manifest_bytes);
    entry.annotations.insert(NAME.to_owned(), tag.to_owned());
    entry
}

pub(crate) fn tag_of(entry: &Descriptor) -> Option<&str> {
    entry.annotations.get(NAME).map(String::as_str)
}

pub(crate) fn index_bytes(index: &Index) -> Vec<u8> {
    // Strings, numbers, lists and maps by strings can all be written as JSON.
    serde_json::to_vec(index).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::package::tests::tiny;

    #[test]
    fn what_is_added_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::at(folder.path());
        assert!(layout.tags().unwrap().is_empty());
        layout.add("one", &tiny("1")).unwrap();
        layout.add("two", &tiny("2")).unwrap();
        layout.add("one", &tiny("3")).unwrap();
        assert_eq!(layout.tags().unwrap(), ["two", "one"]);
        assert_eq!(layout.get("one").unwrap().digest, tiny("3").digest);
    }

    #[test]
    fn a_missing_image_is_told_with_those_that_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::at(folder.path());
        layout.add("one", &tiny("1")).unwrap();
        let error = layout.get("other").unwrap_err().to_string();
        assert!(error.ends_with("no image other here; there is one"), "{error}");
    }

    #[test]
    fn a_blob_altered_on_disk_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::at(folder.path());
        let image = tiny("1");
        layout.add("one", &image).unwrap();
        fs::write(folder.path().join(blob_path(&image.manifest.layers[0].digest)), "other").unwrap();
        let error = layout.get("one").unwrap_err().to_string();
        assert!(error.contains("it was altered, or cut short"), "{error}");
    }
}
