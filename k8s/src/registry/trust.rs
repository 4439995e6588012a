//! Whose certificates are believed, beyond those of the system.

use std::path::{Path, PathBuf};
use std::{fs, io};

use thiserror::Error;

/// Where docker and podman look for the authority of one registry.
const FOLDERS: [&str; 2] = ["/etc/docker/certs.d", "/etc/containers/certs.d"];

/// Why a certificate is of no use.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum TrustError {
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: there is no certificate in it; a PEM file (BEGIN CERTIFICATE) is wanted", .0.display())]
    NoCertificate(PathBuf),
}

/// The PEM certificates for `registry`: those in `named`, or those where docker and podman look.
///
/// # Errors
/// A file that cannot be read, or that has no certificate.
pub fn authorities(named: Option<&Path>, registry: &str) -> Result<Vec<Vec<u8>>, TrustError> {
    let found =
        || FOLDERS.iter().map(|folder| Path::new(folder).join(registry).join("ca.crt")).find(|path| path.exists());
    let Some(path) = named.map(Path::to_owned).or_else(found) else { return Ok(Vec::new()) };
    let text = fs::read_to_string(&path).map_err(|error| TrustError::Io { path: path.clone(), error })?;
    let certificates = split(&text);
    if certificates.is_empty() { Err(TrustError::NoCertificate(path)) } else { Ok(certificates) }
}

/// Each certificate of a PEM file by itself (RFC 7468).
fn split(text: &str) -> Vec<Vec<u8>> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let bodies = text.split(BEGIN).skip(1).filter_map(|rest| rest.split_once(END));
    bodies.map(|(body, _)| format!("{BEGIN}{body}{END}\n").into_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_certificate_of_a_file_is_found() {
        let one = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        assert_eq!(split(&format!("words\n{one}{one}")).len(), 2);
        assert_eq!(split("-----BEGIN CERTIFICATE-----\nAA=="), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        fs::write(&path, "nothing").unwrap();
        let error = authorities(Some(&path), "r.example.com").unwrap_err().to_string();
        assert!(error.contains("there is no certificate in it"), "{error}");
    }
}
