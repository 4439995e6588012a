//! Where signatures are: beside the image, in an image of their own whose tag is made of the signed image's digest
//! (`sha256-….sig`), as cosign keeps them.

use bytes::Bytes;
use serde_json::json;
use thiserror::Error;

use super::client::Registry;
use super::error::RegistryError;
use super::signature::{ANNOTATION, Doubt, PAYLOAD, PrivateKey, PublicKey, payload};
use crate::image::digest::Digest;
use crate::image::document::{CONFIG, Descriptor, MANIFEST, Manifest};
use crate::image::package::parse_manifest;
use crate::image::reference::Reference;

/// Why an image is not to be run.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum VerifyError {
    #[error("{image}: it is not signed ({digest}); sign it with: flowctl image sign --key KEY {image}")]
    Unsigned { image: Reference, digest: Digest },
    #[error("{image}: none of its {} signatures is to be believed: {}", doubts.len(), list(doubts))]
    Doubted { image: Reference, doubts: Vec<Doubt> },
    #[error("{image}: it is for {found}, and {wanted} is wanted: build it on or for that processor")]
    Platform { image: Reference, found: String, wanted: String },
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

fn list(doubts: &[Doubt]) -> String {
    doubts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The tag of the signatures of `digest`.
pub fn signature_tag(digest: &Digest) -> String {
    format!("sha256-{}.sig", digest.hex())
}

/// Whether `tag` is that of an image's signatures.
pub fn is_signature_tag(tag: &str) -> bool {
    tag.starts_with("sha256-") && tag.ends_with(".sig")
}

impl Registry {
    /// Signs the image at `image` as it is in the registry now, beside the signatures that it has; its digest.
    ///
    /// # Errors
    /// As [`RegistryError`] tells.
    pub async fn sign(&self, image: &Reference, key: &PrivateKey) -> Result<Digest, RegistryError> {
        let (_, digest) = self.manifest(image).await?;
        let place = image.with_tag(&signature_tag(&digest));
        let payload = Bytes::from(payload(image, &digest));
        let mut layer = Descriptor::of(PAYLOAD, &payload);
        layer.annotations.insert(ANNOTATION.to_owned(), key.sign(&payload));
        let mut layers = self.signatures(&place).await?.unwrap_or_default();
        layers.push(layer.clone());
        self.push_blob(&place, &layer, &payload, |_| {}).await?;
        let config = Bytes::from(signature_config(&layers));
        let descriptor = Descriptor::of(CONFIG, &config);
        self.push_blob(&place, &descriptor, &config, |_| {}).await?;
        self.push_manifest(&place, MANIFEST, &signature_manifest(descriptor, layers)).await?;
        Ok(digest)
    }

    /// Believes that one of the holders of `keys` signed the image at `image`, or says why not; its digest, by which it
    /// is to be run, since a tag may be given to another image afterwards.
    ///
    /// # Errors
    /// As [`VerifyError`] tells.
    pub async fn verify(&self, image: &Reference, keys: &[PublicKey]) -> Result<Digest, VerifyError> {
        let (_, digest) = self.manifest(image).await?;
        let place = image.with_tag(&signature_tag(&digest));
        let unsigned = || VerifyError::Unsigned { image: image.clone(), digest: digest.clone() };
        let layers = self.signatures(&place).await?.ok_or_else(unsigned)?;
        let mut doubts = Vec::new();
        for layer in layers.iter().filter(|layer| layer.media_type == PAYLOAD) {
            let payload = self.blob(&place, layer).await?;
            let signature = layer.annotations.get(ANNOTATION).map(String::as_str).unwrap_or_default();
            for key in keys {
                match key.verify(image, &digest, &payload, signature) {
                    Ok(()) => return Ok(digest),
                    Err(doubt) => doubts.push(doubt),
                }
            }
        }
        Err(if doubts.is_empty() { unsigned() } else { VerifyError::Doubted { image: image.clone(), doubts } })
    }

    /// Refuses an image that is not for `wanted`, `linux/amd64` for one.
    ///
    /// # Errors
    /// As [`VerifyError`] tells.
    pub async fn must_be_for(&self, image: &Reference, wanted: &str) -> Result<(), VerifyError> {
        let found = self.describe(image).await?.summary().platform;
        if found == wanted {
            return Ok(());
        }
        Err(VerifyError::Platform { image: image.clone(), found, wanted: wanted.to_owned() })
    }

    /// How many signatures the image `digest` has; nothing is said of whose.
    ///
    /// # Errors
    /// As [`RegistryError`] tells.
    pub async fn count_signatures(&self, repository: &Reference, digest: &Digest) -> Result<usize, RegistryError> {
        let layers = self.signatures(&repository.with_tag(&signature_tag(digest))).await?.unwrap_or_default();
        Ok(layers.iter().filter(|layer| layer.media_type == PAYLOAD).count())
    }

    /// What is at `place`; nothing if nothing is.
    async fn signatures(&self, place: &Reference) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let bytes = match self.manifest(place).await {
            Ok((bytes, _)) => bytes,
            Err(RegistryError::NoImage { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let manifest = parse_manifest(&bytes);
        let manifest = manifest.map_err(|error| RegistryError::Image { image: Box::new(place.clone()), error })?;
        Ok(Some(manifest.layers))
    }
}

fn signature_manifest(config: Descriptor, layers: Vec<Descriptor>) -> Bytes {
    let manifest = Manifest {
        schema_version: 2,
        media_type: MANIFEST.to_owned(),
        config,
        layers,
        annotations: Default::default(),
    };
    // Strings, numbers, lists and maps by strings can all be written as JSON.
    Bytes::from(serde_json::to_vec(&manifest).unwrap_or_default())
}

/// Registries and clients want a configuration that names the layers.
fn signature_config(layers: &[Descriptor]) -> String {
    let diff_ids: Vec<_> = layers.iter().map(|layer| &layer.digest).collect();
    json!({
        "architecture": "",
        "os": "",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    })
    .to_string()
}
