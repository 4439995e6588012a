//! The documents of an image: manifest, configuration, index (OCI image specification 1.1).
//!
//! They are written with their fields in one order and maps sorted, so that the same content is the same bytes; the types
//! of the OCI crates hold labels in hash maps, which come out in another order every time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::Digest;

/// Media type of a manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of a manifest as docker writes it; it says the same in the same fields.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Media type of an index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of an image's configuration.
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Media type of a layer packed with gzip.
pub const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Names a blob, and says what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it is.
    pub media_type: String,
    /// What names it.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// What else is to be known, by reverse domain names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// The descriptor of `bytes`, without annotations.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            annotations: BTreeMap::new(),
        }
    }
}

/// An image for one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u8,
    /// [`MANIFEST`] or [`DOCKER_MANIFEST`], if it is there.
    #[serde(default)]
    pub media_type: String,
    /// The configuration.
    pub config: Descriptor,
    /// The layers, the lowest first.
    pub layers: Vec<Descriptor>,
    /// As in [`Descriptor`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// Its media type: [`MANIFEST`] unless docker wrote it.
    pub fn kind(&self) -> &'static str {
        if self.media_type == DOCKER_MANIFEST { DOCKER_MANIFEST } else { MANIFEST }
    }
}

/// What an OCI layout holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u8,
    /// Always [`INDEX`], if it is there.
    #[serde(default)]
    pub media_type: String,
    /// The manifests.
    pub manifests: Vec<Descriptor>,
}

impl Default for Index {
    fn default() -> Self {
        Self { schema_version: 2, media_type: INDEX.to_owned(), manifests: Vec::new() }
    }
}

/// How an image is run, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// RFC 3339, UTC.
    #[serde(default)]
    pub created: String,
    /// A processor, by Go's name for it.
    pub architecture: String,
    /// An operating system, by Go's name for it.
    pub os: String,
    /// How it is run.
    #[serde(default)]
    pub config: Runtime,
    /// What it is made of.
    pub rootfs: RootFs,
    /// How the layers came about.
    #[serde(default)]
    pub history: Vec<History>,
}

/// How an image is run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Runtime {
    /// `USER:GROUP`, by number.
    pub user: String,
    /// `NAME=VALUE`.
    pub env: Vec<String>,
    /// The program and the arguments that it always gets.
    pub entrypoint: Vec<String>,
    /// Where it starts.
    pub working_dir: String,
    /// What is to be known of it, by reverse domain names.
    pub labels: BTreeMap<String, String>,
}

/// The layers by the digests of what is packed in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootFs {
    /// Always `layers`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The lowest first.
    pub diff_ids: Vec<Digest>,
}

/// How a layer came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// RFC 3339, UTC.
    #[serde(default)]
    pub created: String,
    /// The command.
    #[serde(default)]
    pub created_by: String,
}
