//! An image as a whole: its blobs, and what they say.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use thiserror::Error;

use super::digest::Digest;
use super::document::{Config, Descriptor, Manifest};

/// An image whose blobs are what its manifest says.
#[derive(Clone, Debug)]
pub struct Image {
    /// Names the image.
    pub digest: Digest,
    /// The manifest's bytes.
    pub manifest_bytes: Bytes,
    /// The manifest.
    pub manifest: Manifest,
    /// The configuration.
    pub config: Config,
    /// Configuration and layers by their digests.
    pub blobs: BTreeMap<Digest, Bytes>,
}

/// Why blobs make no image.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ImageError {
    #[error("the manifest is no image's manifest: {0}")]
    Manifest(String),
    #[error("the configuration {digest} is no image's configuration: {said}")]
    Config { digest: Digest, said: String },
    #[error("the {what} {wanted} is missing")]
    Missing { what: &'static str, wanted: Digest },
    #[error("what should be {wanted} is {found}: it was altered, or cut short")]
    Altered { wanted: Digest, found: Digest },
}

/// What is told of an image without its layers' content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Names the image.
    pub digest: Digest,
    /// `linux/amd64`.
    pub platform: String,
    /// When its commit was made, RFC 3339.
    pub created: String,
    /// Bytes to pull: manifest, configuration and layers.
    pub size_bytes: u64,
    /// `USER:GROUP`.
    pub user: String,
    /// The program.
    pub entrypoint: Vec<String>,
    /// What is known of it, by reverse domain names.
    pub labels: BTreeMap<String, String>,
    /// The layers' digests.
    pub layers: Vec<Digest>,
}

impl Image {
    /// Puts an image together; `blobs` may have more than it needs.
    ///
    /// # Errors
    /// A blob that is missing or is not what its digest says.
    pub fn new(manifest_bytes: Bytes, blobs: BTreeMap<Digest, Bytes>) -> Result<Self, ImageError> {
        let manifest = parse_manifest(&manifest_bytes)?;
        let config = parse_config(&manifest.config.digest, check("configuration", &manifest.config, &blobs)?)?;
        for layer in &manifest.layers {
            check("layer", layer, &blobs)?;
        }
        Ok(Self { digest: Digest::of(&manifest_bytes), manifest_bytes, manifest, config, blobs })
    }

    /// Configuration and layers in the order in which a registry wants them: before the manifest that names them.
    pub fn parts(&self) -> impl Iterator<Item = (&Descriptor, &Bytes)> {
        let descriptors = self.manifest.layers.iter().chain([&self.manifest.config]);
        descriptors.filter_map(|descriptor| Some((descriptor, self.blobs.get(&descriptor.digest)?)))
    }

    /// What is told of it.
    pub fn summary(&self) -> Summary {
        Summary::of(&self.manifest_bytes, &self.manifest, &self.config)
    }
}

impl Summary {
    /// What manifest and configuration tell.
    pub fn of(manifest_bytes: &[u8], manifest: &Manifest, config: &Config) -> Self {
        let blobs = manifest.layers.iter().chain([&manifest.config]).map(|descriptor| descriptor.size);
        Self {
            digest: Digest::of(manifest_bytes),
            platform: format!("{}/{}", config.os, config.architecture),
            created: config.created.clone(),
            size_bytes: blobs.fold(manifest_bytes.len() as u64, u64::saturating_add),
            user: config.config.user.clone(),
            entrypoint: config.config.entrypoint.clone(),
            labels: config.config.labels.clone(),
            layers: manifest.layers.iter().map(|layer| layer.digest.clone()).collect(),
        }
    }
}

/// Reads a manifest.
///
/// # Errors
/// Anything but the manifest of one image.
pub fn parse_manifest(bytes: &[u8]) -> Result<Manifest, ImageError> {
    serde_json::from_slice(bytes).map_err(|error| ImageError::Manifest(error.to_string()))
}

/// Reads the configuration that `digest` names.
///
/// # Errors
/// Anything but an image's configuration.
pub fn parse_config(digest: &Digest, bytes: &[u8]) -> Result<Config, ImageError> {
    serde_json::from_slice(bytes)
        .map_err(|error| ImageError::Config { digest: digest.clone(), said: error.to_string() })
}

/// The blob that `descriptor` names.
fn check<'a>(
    what: &'static str,
    descriptor: &Descriptor,
    blobs: &'a BTreeMap<Digest, Bytes>,
) -> Result<&'a Bytes, ImageError> {
    let wanted = descriptor.digest.clone();
    let bytes = blobs.get(&wanted).ok_or_else(|| ImageError::Missing { what, wanted: wanted.clone() })?;
    let found = Digest::of(bytes);
    if found == wanted { Ok(bytes) } else { Err(ImageError::Altered { wanted, found }) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::image::document;

    /// A tiny image that calls itself `version`.
    pub(crate) fn tiny(version: &str) -> Image {
        let layer = Bytes::from(format!("layer of {version}"));
        let config = Bytes::from(
            serde_json::json!({
                "created": "2026-11-21T19:00:00Z", "architecture": "amd64", "os": "linux",
                "config": { "User": "65532:65532", "Labels": { "org.opencontainers.image.version": version } },
                "rootfs": { "type": "layers", "diff_ids": [] },
            })
            .to_string(),
        );
        let manifest = Manifest {
            schema_version: 2,
            media_type: document::MANIFEST.to_owned(),
            config: Descriptor::of(document::CONFIG, &config),
            layers: vec![Descriptor::of(document::LAYER_GZIP, &layer)],
            annotations: BTreeMap::new(),
        };
        let manifest = Bytes::from(serde_json::to_vec(&manifest).unwrap());
        Image::new(manifest, [config, layer].map(|blob| (Digest::of(&blob), blob)).into()).unwrap()
    }

    #[test]
    fn an_altered_layer_is_refused() {
        let image = tiny("1");
        let mut blobs = image.blobs.clone();
        let layer = &image.manifest.layers[0].digest;
        blobs.insert(layer.clone(), Bytes::from_static(b"other"));
        let error = Image::new(image.manifest_bytes.clone(), blobs).unwrap_err();
        assert_eq!(error, ImageError::Altered { wanted: layer.clone(), found: Digest::of(b"other") });
    }

    #[test]
    fn a_missing_layer_is_named() {
        let image = tiny("1");
        let mut blobs = image.blobs.clone();
        blobs.remove(&image.manifest.layers[0].digest);
        let error = Image::new(image.manifest_bytes.clone(), blobs).unwrap_err().to_string();
        assert!(error.starts_with("the layer sha256:"), "{error}");
    }

    #[test]
    fn a_summary_adds_up_what_is_pulled() {
        let image = tiny("1");
        let blobs: usize = image.blobs.values().map(Bytes::len).sum();
        assert_eq!(image.summary().size_bytes, (blobs + image.manifest_bytes.len()) as u64);
        assert_eq!(image.summary().platform, "linux/amd64");
    }
}
