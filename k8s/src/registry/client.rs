//! A registry, as seen by one who pushes and pulls.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use oci_client::Client;
use oci_client::client::{Certificate, CertificateEncoding, ClientConfig};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::OciDescriptor;
use oci_client::secrets::RegistryAuth;
use reqwest::header::HeaderValue;

use super::error::{Asked, RegistryError};
use super::login::Login;
use crate::image::digest::Digest;
use crate::image::document::{Config, DOCKER_MANIFEST, Descriptor, MANIFEST, Manifest};
use crate::image::package::{Image, Summary, parse_config, parse_manifest};
use crate::image::reference::Reference;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Without a byte from the registry.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of a blob that are sent at a time, which is how often progress is told.
const CHUNK: usize = 256 << 10;
/// Tags that are asked for at a time.
const TAGS_PAGE: usize = 100;
/// What an image without a tag is called.
const LATEST: &str = "latest";

/// Told of progress: bytes done, and bytes in all.
pub type Progress = std::sync::Arc<dyn Fn(u64, u64) + Send + Sync>;

/// A connection to one registry.
pub struct Registry {
    client: Client,
    auth: RegistryAuth,
    login: Option<Login>,
    pub(super) authorities: Vec<Vec<u8>>,
}

/// An image's manifest and configuration.
#[derive(Clone, Debug)]
pub struct Described {
    /// The manifest's bytes.
    pub manifest_bytes: Bytes,
    /// The manifest.
    pub manifest: Manifest,
    /// The configuration.
    pub config: Config,
}

impl Described {
    /// What is told of the image.
    pub fn summary(&self) -> Summary {
        Summary::of(&self.manifest_bytes, &self.manifest, &self.config)
    }
}

impl Registry {
    /// Makes ready to speak with `registry`; nothing is sent yet. `authorities` are PEM certificates that are believed
    /// beside the system's.
    ///
    /// # Errors
    /// A certificate that is none.
    pub fn new(registry: &str, login: Option<Login>, authorities: Vec<Vec<u8>>) -> Result<Self, RegistryError> {
        // Somebody else in the process may have chosen one before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let certificate = |data: &Vec<u8>| Certificate { encoding: CertificateEncoding::Pem, data: data.clone() };
        let config = ClientConfig {
            extra_root_certificates: authorities.iter().map(certificate).collect(),
            connect_timeout: Some(CONNECT_TIMEOUT),
            read_timeout: Some(READ_TIMEOUT),
            user_agent: concat!("flowctl/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config)
            .map_err(|error| RegistryError::Other { registry: registry.to_owned(), said: error.to_string() })?;
        let auth = login.as_ref().map_or(RegistryAuth::Anonymous, |login| {
            RegistryAuth::Basic(login.username.clone(), login.password.clone())
        });
        Ok(Self { client, auth, login, authorities })
    }

    /// Puts `image` at `target`, whose tag must be said. What the registry has already is not sent again.
    ///
    /// # Errors
    /// As [`RegistryError`] tells.
    pub async fn push(&self, target: &Reference, image: &Image, progress: Progress) -> Result<(), RegistryError> {
        let total = image.parts().map(|(descriptor, _)| descriptor.size).sum();
        let mut before = 0;
        for (descriptor, bytes) in image.parts() {
            progress(before, total);
            if !self.has_blob(target, &descriptor.digest).await? {
                let progress = progress.clone();
                self.push_blob(target, descriptor, bytes, move |sent| progress(before + sent, total)).await?;
            }
            before += descriptor.size;
        }
        self.push_manifest(target, image.manifest.kind(), &image.manifest_bytes).await?;
        progress(total, total);
        Ok(())
    }

    /// Pulls the image at `source`, and checks that every blob is what its digest says.
    ///
    /// # Errors
    /// As [`RegistryError`] tells.
    pub async fn pull(&self, source: &Reference, progress: Progress) -> Result<Image, RegistryError> {
        let described = self.describe(source).await?;
        let manifest = &described.manifest;
        let total = manifest.layers.iter().chain([&manifest.config]).map(|descriptor| descriptor.size).sum();
        let mut blobs = BTreeMap::new();
        let mut done = 0;
        for descriptor in manifest.layers.iter().chain([&manifest.config]) {
            progress(done, total);
            blobs.insert(descriptor.digest.clone(), self.blob(source, descriptor).await?);
            done += descriptor.size;
        }
        progress(total, total);
        Image::new(described.manifest_bytes, blobs)
            .map_err(|error| RegistryError::Image { image: Box::new(source.clone()), error })
    }

    /// Manifest and configuration of the image at `source`.
    ///
    /// # Errors
    /// As [`RegistryError`] tells.
    pub async fn describe(&self, source: &Reference) -> Result<Described, RegistryError> {
        let (manifest_bytes, _) = self.manifest(source).await?;
        let broken = |error| RegistryError::Image { image: Box::new(source.clone()), error };
        let manifest = parse_manifest(&manifest_bytes).map_err(broken)?;
        let config = self.blob(source, &manifest.config).await?;
        let config = parse_config(&manifest.config.digest, &config).map_err(broken)?;
        Ok(Described { manifest_bytes, manifest, config })
    }

    /// The manifest's bytes and digest.
    ///
    /// # Errors
    /// As [`RegistryError`] tells.
    pub async fn manifest(&self, source: &Reference) -> Result<(Bytes, Digest), RegistryError> {
        let wire = wire(source);
        let answer = self.client.pull_manifest_raw(&wire, &self.auth, &[MANIFEST, DOCKER_MANIFEST]).await;
        let (bytes, _) = answer.map_err(|error| self.explain(source, error))?;
        let digest = Digest::of(&bytes);
        match &source.digest {
            Some(wanted) if *wanted != digest => {
                Err(RegistryError::Altered { image: Box::new(source.clone()), wanted: wanted.clone(), found: digest })
            }
            _ => Ok((bytes, digest)),
        }
    }

    /// The tags of a repository, in order.
    ///
    /// # Errors
    /// As [`RegistryError`] tells.
    pub async fn tags(&self, repository: &Reference) -> Result<Vec<String>, RegistryError> {
        let wire = wire(repository);
        let mut tags = BTreeSet::new();
        loop {
            let last = tags.last().cloned();
            let answer = self.client.list_tags(&wire, &self.auth, Some(TAGS_PAGE), last.as_deref()).await;
            let before = tags.len();
            tags.extend(answer.map_err(|error| self.explain(repository, error))?.tags);
            // Registries that know no pages, docker-registry 2.8 for one, give all tags every time.
            if tags.len() < before + TAGS_PAGE {
                return Ok(tags.into_iter().collect());
            }
        }
    }

    /// The content of a blob.
    ///
    /// # Errors
    /// As [`RegistryError`] tells.
    pub async fn blob(&self, source: &Reference, descriptor: &Descriptor) -> Result<Bytes, RegistryError> {
        let wanted = OciDescriptor {
            media_type: descriptor.media_type.clone(),
            digest: descriptor.digest.to_string(),
            ..OciDescriptor::default()
        };
        let wire = wire(source);
        self.client.store_auth_if_needed(wire.resolve_registry(), &self.auth).await;
        let mut bytes = Vec::new();
        let answer = self.client.pull_blob(&wire, &wanted, &mut bytes).await;
        answer.map_err(|error| self.explain(source, error))?;
        Ok(Bytes::from(bytes))
    }

    /// Puts a manifest of the media type `kind` at `target`.
    ///
    /// # Errors
    /// As [`RegistryError`] tells.
    pub async fn push_manifest(
        &self,
        target: &Reference,
        kind: &'static str,
        manifest: &Bytes,
    ) -> Result<(), RegistryError> {
        let wire = wire(target);
        self.client.store_auth_if_needed(wire.resolve_registry(), &self.auth).await;
        let answer = self.client.push_manifest_raw(&wire, manifest.clone(), HeaderValue::from_static(kind)).await;
        answer.map(|_| ()).map_err(|error| self.explain(target, error))
    }

    /// Puts a blob into the repository of `target`; `sent` is told how many bytes have gone.
    ///
    /// # Errors
    /// As [`RegistryError`] tells.
    pub async fn push_blob(
        &self,
        target: &Reference,
        descriptor: &Descriptor,
        bytes: &Bytes,
        sent: impl Fn(u64) + Send + 'static,
    ) -> Result<(), RegistryError> {
        let wire = wire(target);
        self.client.store_auth_if_needed(wire.resolve_registry(), &self.auth).await;
        let chunks: Vec<Bytes> =
            (0..bytes.len()).step_by(CHUNK).map(|at| bytes.slice(at..bytes.len().min(at + CHUNK))).collect();
        let mut gone = 0;
        let told = chunks.into_iter().map(move |chunk| {
            gone += chunk.len() as u64;
            sent(gone);
            Ok::<_, OciDistributionError>(chunk)
        });
        let digest = descriptor.digest.as_str();
        let answer = self.client.push_blob_stream(&wire, stream::iter(told), digest, Some(descriptor.size)).await;
        answer.map(|_| ()).map_err(|error| self.explain(target, error))
    }

    async fn has_blob(&self, target: &Reference, digest: &Digest) -> Result<bool, RegistryError> {
        let wire = wire(target);
        self.client.store_auth_if_needed(wire.resolve_registry(), &self.auth).await;
        self.client.blob_exists(&wire, digest.as_str()).await.map_err(|error| self.explain(target, error))
    }

    pub(super) fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    pub(super) fn client(&self) -> (&Client, &RegistryAuth) {
        (&self.client, &self.auth)
    }

    pub(super) fn asked<'a>(&'a self, image: &'a Reference) -> Asked<'a> {
        Asked { image, user: self.login.as_ref().map(|login| login.username.as_str()) }
    }

    fn explain(&self, image: &Reference, error: OciDistributionError) -> RegistryError {
        self.asked(image).explain(error)
    }
}

/// `reference` as the client wants it.
pub(super) fn wire(reference: &Reference) -> oci_client::Reference {
    let (registry, repository) = (reference.registry.clone(), reference.repository.clone());
    match &reference.digest {
        Some(digest) => oci_client::Reference::with_digest(registry, repository, digest.to_string()),
        None => {
            let tag = reference.tag.as_deref().unwrap_or(LATEST);
            oci_client::Reference::with_tag(registry, repository, tag.to_owned())
        }
    }
}
