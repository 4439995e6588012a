//! What goes wrong with a registry, and what would be right.

use std::error::Error as _;

use oci_client::errors::{OciDistributionError, OciErrorCode};
use thiserror::Error;

use crate::image::package::ImageError;
use crate::image::{Digest, Reference};

/// Why a registry did not do what was asked.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum RegistryError {
    #[error("{registry}: cannot be reached: {said}; is the registry running, and is its name and port right?")]
    Unreachable { registry: String, said: String },
    #[error(
        "{registry}: its certificate has expired or is not valid yet ({said}); renew it, or set this machine's clock"
    )]
    Expired { registry: String, said: String },
    #[error(
        "{registry}: its certificate is signed by an authority that is not trusted here; name that authority's \
         certificate with --ca FILE, or put it at /etc/docker/certs.d/{registry}/ca.crt"
    )]
    Untrusted { registry: String },
    #[error("{registry}: its certificate is for another name ({said}); use the name that is in the certificate")]
    WrongName { registry: String, said: String },
    #[error("{registry}: no TLS connection: {said}")]
    Tls { registry: String, said: String },
    #[error(
        "{registry}: login refused{}; say --username NAME --password-stdin, or: docker login {registry}",
        tried(user)
    )]
    Login { registry: String, user: Option<String> },
    #[error("{registry}: not allowed: {said}; this login may not do that in this repository")]
    Denied { registry: String, said: String },
    #[error("{image}: no such image in the registry; see what is there with flowctl image list {}", image.name())]
    NoImage { image: Reference },
    #[error("{0}: no such repository in the registry")]
    NoRepository(String),
    #[error(
        "{registry}: the registry is out of disk: {said}; free some there (flowctl image prune, then its garbage collection)"
    )]
    DiskFull { registry: String, said: String },
    #[error("{registry}: the registry failed with HTTP {code}: {said}; its own log tells more")]
    Failed { registry: String, code: u16, said: String },
    #[error(
        "{registry}: it does not let images be deleted; switch it on there (storage.delete.enabled in its configuration)"
    )]
    NoDelete { registry: String },
    #[error("{image}: the registry gave {found} for {wanted}: it was altered on the way or in the registry")]
    Altered { image: Box<Reference>, wanted: Digest, found: Digest },
    #[error("{image}: {error}")]
    Image { image: Box<Reference>, error: ImageError },
    #[error("{registry}: {said}")]
    Other { registry: String, said: String },
}

fn tried(user: &Option<String>) -> String {
    user.as_ref().map_or(" without a name".to_owned(), |user| format!(" for {user}"))
}

/// Words by which a full disk is known in what a registry says (ENOSPC, EDQUOT).
const FULL: [&str; 3] = ["no space left", "disk quota exceeded", "insufficient storage"];
/// HTTP's "Insufficient Storage" (RFC 4918, 11.5).
const INSUFFICIENT_STORAGE: u16 = 507;

/// What is asked of whom, for a message.
pub(super) struct Asked<'a> {
    /// Which image it is about.
    pub(super) image: &'a Reference,
    /// Who asks; nobody in particular without a login.
    pub(super) user: Option<&'a str>,
}

impl Asked<'_> {
    /// What `error` means for a person.
    pub(super) fn explain(&self, error: OciDistributionError) -> RegistryError {
        let registry = self.image.registry.clone();
        match error {
            OciDistributionError::RequestError(error) => match error.status() {
                Some(status) => self.status(status.as_u16(), ""),
                None => connection(registry, &error),
            },
            OciDistributionError::UnauthorizedError { .. } | OciDistributionError::AuthenticationFailure(_) => {
                self.login_refused()
            }
            OciDistributionError::ServerError { code, message, .. } => self.status(code, &message),
            OciDistributionError::RegistryError { envelope, .. } => {
                let said: Vec<_> = envelope.errors.iter().map(|error| error.message.clone()).collect();
                self.refusal(envelope.errors.first().map(|error| &error.code), said.join(", "))
            }
            OciDistributionError::ImageManifestNotFoundError(_) => RegistryError::NoImage { image: self.image.clone() },
            other => RegistryError::Other { registry, said: other.to_string() },
        }
    }

    /// What an answer with the HTTP status `code` means.
    pub(super) fn status(&self, code: u16, body: &str) -> RegistryError {
        let registry = self.image.registry.clone();
        let said = brief(body);
        let lower = body.to_lowercase();
        match code {
            401 => self.login_refused(),
            403 => RegistryError::Denied { registry, said },
            404 if lower.contains("name_unknown") => RegistryError::NoRepository(self.image.name()),
            404 => RegistryError::NoImage { image: self.image.clone() },
            405 => RegistryError::NoDelete { registry },
            INSUFFICIENT_STORAGE => RegistryError::DiskFull { registry, said },
            _ if FULL.iter().any(|word| lower.contains(word)) => RegistryError::DiskFull { registry, said },
            code => RegistryError::Failed { registry, code, said },
        }
    }

    fn refusal(&self, code: Option<&OciErrorCode>, said: String) -> RegistryError {
        let registry = self.image.registry.clone();
        match code {
            Some(OciErrorCode::ManifestUnknown | OciErrorCode::NotFound | OciErrorCode::BlobUnknown) => {
                RegistryError::NoImage { image: self.image.clone() }
            }
            Some(OciErrorCode::NameUnknown) => RegistryError::NoRepository(self.image.name()),
            Some(OciErrorCode::Unauthorized) => self.login_refused(),
            Some(OciErrorCode::Denied) => RegistryError::Denied { registry, said },
            _ => RegistryError::Other { registry, said },
        }
    }

    fn login_refused(&self) -> RegistryError {
        RegistryError::Login { registry: self.image.registry.clone(), user: self.user.map(str::to_owned) }
    }
}

/// What failed before there was an answer.
fn connection(registry: String, error: &reqwest::Error) -> RegistryError {
    let causes: Vec<String> =
        std::iter::successors(error.source(), |&error| error.source()).map(ToString::to_string).collect();
    let said = causes.last().cloned().unwrap_or_else(|| error.to_string());
    let about_certificate = causes.iter().find(|cause| cause.contains("invalid peer certificate"));
    match about_certificate.map(|cause| cause.to_lowercase()) {
        Some(cause)
            if cause.contains("expired") || cause.contains("not valid yet") || cause.contains("notvalidyet") =>
        {
            RegistryError::Expired { registry, said }
        }
        // A bad signature is that of another authority with the name of one that is trusted.
        Some(cause) if cause.contains("unknownissuer") || cause.contains("badsignature") => {
            RegistryError::Untrusted { registry }
        }
        Some(cause) if cause.contains("not valid for") => RegistryError::WrongName { registry, said },
        Some(_) => RegistryError::Tls { registry, said },
        None if causes.iter().any(|cause| cause.contains("InvalidMessage") || cause.contains("corrupt message")) => {
            RegistryError::Tls { registry, said: "it answers without TLS".to_owned() }
        }
        None => RegistryError::Unreachable { registry, said },
    }
}

/// What a registry says in an error's body, in one line.
fn brief(body: &str) -> String {
    const CHARACTERS_MAX: usize = 200;
    let parsed: Option<oci_client::errors::OciEnvelope> = serde_json::from_str(body).ok();
    let told = parsed.map(|envelope| {
        let detail = |detail: &serde_json::Value| if detail.is_null() { String::new() } else { format!(" {detail}") };
        envelope.errors.iter().map(|error| format!("{}{}", error.message, detail(&error.detail))).collect::<Vec<_>>()
    });
    let text = told.map_or_else(|| body.trim().to_owned(), |told| told.join(", "));
    match text.split_whitespace().collect::<Vec<_>>().join(" ") {
        line if line.is_empty() => "nothing more was said".to_owned(),
        line => line.chars().take(CHARACTERS_MAX).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explain(code: u16, body: &str) -> String {
        let image: Reference = "r.example.com/flowclient:1".parse().unwrap();
        Asked { image: &image, user: Some("ann") }.status(code, body).to_string()
    }

    #[test]
    fn a_full_disk_is_known_by_status_or_by_words() {
        let body = r#"{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":{"Err":{"Err":28,"Op":"write: no space left on device"}}}]}"#;
        assert!(explain(500, body).contains("out of disk"), "{}", explain(500, body));
        assert!(explain(507, "").contains("out of disk"));
        assert!(explain(500, "whatever").contains("failed with HTTP 500: whatever"));
    }

    #[test]
    fn a_refusal_says_what_would_be_right() {
        assert!(explain(401, "").contains("login refused for ann; say --username"));
        assert!(explain(404, "").contains("r.example.com/flowclient:1: no such image"));
        assert!(explain(405, "").contains("storage.delete.enabled"));
    }
}
