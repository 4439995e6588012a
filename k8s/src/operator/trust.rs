//! Whom the operator trusts to sign images, and how it asks the registry for signatures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io};

use thiserror::Error;
use tokio::time::timeout;
use tracing::{info, warn};

use super::verdict::{Known, Verdict, Verdicts};
use crate::image::Digest;
use crate::image::reference::{Reference, ReferenceError};
use crate::registry::login::{self, LoginError};
use crate::registry::signature::{KeyError, PublicKey};
use crate::registry::signing::VerifyError;
use crate::registry::trust::{TrustError, authorities};
use crate::registry::{Registry, RegistryError};

/// What the names of public keys end in.
const KEY_ENDING: &str = "pub";
/// Certificate of the authority of the registry.
const AUTHORITY: &str = "ca.crt";
/// Logins, as docker writes them and as Kubernetes keeps them in a secret.
const LOGINS: [&str; 2] = ["config.json", ".dockerconfigjson"];
/// How long all questions about an image may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a folder does not say whom to trust.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum FolderError {
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: {error}", path.display())]
    Key { path: PathBuf, error: KeyError },
    #[error("{}: there is no public key in it; a file that ends in .{KEY_ENDING}, as flowctl image key makes it, would be one", .0.display())]
    NoKey(PathBuf),
    #[error(transparent)]
    Image(#[from] ReferenceError),
    #[error(transparent)]
    Authority(#[from] TrustError),
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// Checks signatures, and remembers what it found.
pub struct Trust {
    keys: Vec<PublicKey>,
    registry: Registry,
    known: Mutex<BTreeMap<String, Known>>,
}

impl Trust {
    /// Trusts the keys in `folder`, for images called `image`; a login and an authority of the registry are taken from there as well.
    ///
    /// # Errors
    /// As [`FolderError`] tells.
    pub fn from_folder(folder: &Path, image: &str) -> Result<Self, FolderError> {
        let image: Reference = image.parse()?;
        let authority = Some(folder.join(AUTHORITY)).filter(|path| path.exists());
        let authorities = authorities(authority.as_deref(), &image.registry)?;
        let logins = LOGINS.map(|name| folder.join(name)).into_iter().find(|path| path.exists());
        let login = logins.map(|path| login::from_file(&path, &image.registry)).transpose()?.flatten();
        let registry = Registry::new(&image.registry, login, authorities)?;
        Ok(Self { keys: keys(folder)?, registry, known: Mutex::default() })
    }

    /// What is known of `images`. Those of which it is time to know more are looked at meanwhile.
    pub fn verdicts(self: &Arc<Self>, images: impl Iterator<Item = String>) -> Verdicts {
        let of = |image: String| {
            let verdict = self.verdict(&image);
            (image, verdict)
        };
        Verdicts(Some(images.map(of).collect()))
    }

    fn verdict(self: &Arc<Self>, image: &str) -> Verdict {
        let reference: Reference = match image.parse() {
            Ok(reference) => reference,
            Err(error) => return Verdict::Refused { reason: "NoImage", message: error.to_string() },
        };
        let now = Instant::now();
        let mut known = self.lock();
        let known = known.entry(image.to_owned()).or_insert_with(|| Known::new(image, now));
        if !known.is_settled(reference.digest.is_some()) && known.begin(now) {
            tokio::spawn(Arc::clone(self).look(image.to_owned(), reference));
        }
        known.verdict()
    }

    async fn look(self: Arc<Self>, image: String, reference: Reference) {
        let found = match timeout(PATIENCE, self.registry.verify(&reference, &self.keys)).await {
            Ok(found) => found,
            Err(_) => Err(silent(&reference)),
        };
        match &found {
            Ok(digest) => info!("{image}: {digest} is signed by a key that is trusted"),
            Err(error) => warn!("{error}"),
        }
        self.note(&image, found);
    }

    fn note(&self, image: &str, found: Result<Digest, VerifyError>) {
        if let Some(known) = self.lock().get_mut(image) {
            known.note(found, Instant::now());
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        // Nobody panics while holding it; and if so, it is as good as before.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn silent(image: &Reference) -> VerifyError {
    let said = format!("no answer within {} s", PATIENCE.as_secs());
    RegistryError::Unreachable { registry: image.registry.clone(), said }.into()
}

/// All keys of a folder.
fn keys(folder: &Path) -> Result<Vec<PublicKey>, FolderError> {
    let failed = |path: &Path, error| FolderError::Io { path: path.to_owned(), error };
    let mut keys = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        if path.extension().is_some_and(|ending| ending == KEY_ENDING) {
            let text = fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
            keys.push(PublicKey::from_pem(&text).map_err(|error| FolderError::Key { path, error })?);
        }
    }
    if keys.is_empty() { Err(FolderError::NoKey(folder.to_owned())) } else { Ok(keys) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::signature::PrivateKey;

    #[test]
    fn a_folder_says_whom_to_trust_or_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let trust = || Trust::from_folder(folder.path(), "r.example.com/flowclient");
        assert!(trust().err().unwrap().to_string().contains("there is no public key in it"));
        fs::write(folder.path().join("a.pub"), PrivateKey::generate().unwrap().public().to_pem().unwrap()).unwrap();
        assert_eq!(trust().unwrap().keys.len(), 1);
        fs::write(folder.path().join("b.pub"), "nonsense").unwrap();
        assert!(trust().err().unwrap().to_string().contains("b.pub: no public key"));
    }

    #[test]
    fn an_image_without_a_registry_cannot_be_verified() {
        let error = Trust::from_folder(Path::new("/nowhere"), "flowclient").err().unwrap().to_string();
        assert!(error.contains("names no image in a registry"), "{error}");
    }
}
