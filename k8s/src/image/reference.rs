//! Names of images in registries.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::digest::Digest;

const TAG_MAX: usize = 128;
const REPOSITORY_MAX: usize = 255;

/// `REGISTRY[:PORT]/REPOSITORY[:TAG][@DIGEST]` (OCI distribution specification 1.1, "Pulling manifests").
///
/// The registry is never left out: a name without one would mean Docker Hub to some programs, and nothing to others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference {
    /// Host name or address, with a port if it is not 443.
    pub registry: String,
    /// Path in the registry.
    pub repository: String,
    /// What the registry calls the image; another image may get it later.
    pub tag: Option<String>,
    /// What the image is.
    pub digest: Option<Digest>,
}

/// A text that names no image in a registry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} names no image in a registry: {reason}; docker-registry.example.com/flowclient:TAG would")]
pub struct ReferenceError {
    text: String,
    reason: String,
}

impl Reference {
    /// The same repository with another tag, and no digest.
    pub fn with_tag(&self, tag: &str) -> Self {
        Self { tag: Some(tag.to_owned()), digest: None, ..self.clone() }
    }

    /// The same repository with a digest, and no tag.
    pub fn with_digest(&self, digest: Digest) -> Self {
        Self { tag: None, digest: Some(digest), ..self.clone() }
    }

    /// Registry and repository alone.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        parse(text).map_err(|reason| ReferenceError { text: text.to_owned(), reason })
    }
}

fn parse(text: &str) -> Result<Reference, String> {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest.parse().map_err(|error| format!("{error}"))?)),
        None => (text, None),
    };
    let (registry, path) = name.split_once('/').ok_or("it has no registry")?;
    if !is_registry(registry) {
        return Err(format!("{registry:?} is no registry, since it has neither a dot nor a port"));
    }
    let (repository, tag) = match path.split_once(':') {
        Some((repository, tag)) => (repository, Some(tag.to_owned())),
        None => (path, None),
    };
    if !is_repository(repository) {
        return Err(format!("{repository:?} is no repository: parts of a-z, 0-9, - _ . between slashes would be one"));
    }
    if let Some(tag) = tag.as_deref().filter(|tag| !is_tag(tag)) {
        return Err(format!("{tag:?} is no tag: up to {TAG_MAX} letters, digits, . _ - would be one"));
    }
    Ok(Reference { registry: registry.to_owned(), repository: repository.to_owned(), tag, digest })
}

/// A host with a dot, a port, or the name `localhost`.
fn is_registry(text: &str) -> bool {
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_host = host.split('.').all(is_label);
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number.to_string() == port));
    is_host && is_port && (port.is_some() || host.contains('.') || host == "localhost")
}

fn is_repository(text: &str) -> bool {
    text.len() <= REPOSITORY_MAX && text.split('/').all(is_component)
}

/// Letters and digits, joined by one dot, up to two underscores, or dashes.
fn is_component(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bounded = text.bytes().next().is_some_and(is_plain) && text.bytes().next_back().is_some_and(is_plain);
    let joints = text.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()).filter(|joint| !joint.is_empty());
    let is_joint = |joint: &str| matches!(joint, "." | "_" | "__") || joint.bytes().all(|byte| byte == b'-');
    bounded && joints.into_iter().all(is_joint)
}

/// Whether `text` can be a tag.
pub(crate) fn is_tag(text: &str) -> bool {
    let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let rest = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
    first && rest && text.len() <= TAG_MAX
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = self.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = self.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
        f.pad(&format!("{}/{}{tag}{digest}", self.registry, self.repository))
    }
}

impl TryFrom<String> for Reference {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        text.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_parts_of_a_reference_are_found() {
        let digest = Digest::of(b"x");
        let reference: Reference =
            format!("registry.example.com:5000/tv/flowclient:0.1.0-g12@{digest}").parse().unwrap();
        assert_eq!(reference.registry, "registry.example.com:5000");
        assert_eq!(reference.repository, "tv/flowclient");
        assert_eq!(reference.tag.as_deref(), Some("0.1.0-g12"));
        assert_eq!(reference.digest, Some(digest));
        assert_eq!(reference.name(), "registry.example.com:5000/tv/flowclient");
    }

    #[test]
    fn nonsense_is_refused_with_the_reason() {
        for (text, reason) in [
            ("flowclient:1", "no registry"),
            ("library/flowclient", "neither a dot nor a port"),
            ("r.example.com/Flow", "is no repository"),
            ("r.example.com/a..b", "is no repository"),
            ("r.example.com/flow:", "is no tag"),
            ("r.example.com/flow@sha256:12", "is no digest"),
            ("r.example.com:99999/flow", "is no registry"),
        ] {
            let error = text.parse::<Reference>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_reference_survives_being_written_and_read(
            host in "[a-z0-9]{1,9}\\.[a-z]{2,3}(:[1-9][0-9]{1,3})?",
            repository in "[a-z0-9]{1,8}(/[a-z0-9]{1,4}(-|_|__|\\.)[a-z0-9]{1,4}){0,3}",
            tag in proptest::option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}"),
            content in proptest::option::of("[a-z]{3}"),
        ) {
            let digest = content.map(|content| Digest::of(content.as_bytes()));
            let reference = Reference { registry: host, repository, tag, digest };
            prop_assert_eq!(reference.to_string().parse::<Reference>(), Ok(reference));
        }

        #[test]
        fn any_text_is_a_reference_or_an_error(text in "[a-z0-9A-Z./:@_-]{0,60}") {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(reference.to_string(), text);
            }
        }
    }
}
