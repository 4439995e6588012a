//! Who asks: a name and a password, from the command line or from where docker, podman and skopeo keep them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use thiserror::Error;

/// A name and its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub username: String,
    /// The password, which is never printed.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Why a file of logins is of no use.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum LoginError {
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: no file of logins: {said}", path.display())]
    Form { path: PathBuf, said: String },
    #[error(
        "{}: the login for {registry} is kept by the helper docker-credential-{helper}, which is not asked; \
         say --username NAME --password-stdin", path.display()
    )]
    Helper { path: PathBuf, registry: String, helper: String },
}

/// The file as `docker login` writes it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Logins {
    auths: BTreeMap<String, Entry>,
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
}

/// Where logins are kept: `$REGISTRY_AUTH_FILE`, `$DOCKER_CONFIG/config.json`, `~/.docker/config.json`; the first is taken.
pub fn default_file() -> Option<PathBuf> {
    let named = env::var_os("REGISTRY_AUTH_FILE").map(PathBuf::from);
    let docker = || env::var_os("DOCKER_CONFIG").map(|folder| PathBuf::from(folder).join("config.json"));
    named.or_else(docker).or_else(|| env::home_dir().map(|home| home.join(".docker/config.json")))
}

/// The login for `registry` in the file at `path`; none if there is no such file, or none for it.
///
/// # Errors
/// A file that cannot be read, or that leaves the login to a helper.
pub fn from_file(path: &Path, registry: &str) -> Result<Option<Login>, LoginError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LoginError::Io { path: path.to_owned(), error }),
    };
    let form = |said: String| LoginError::Form { path: path.to_owned(), said };
    let logins: Logins = serde_json::from_slice(&bytes).map_err(|error| form(error.to_string()))?;
    let entry = logins.auths.iter().find(|(name, _)| host(name) == registry);
    match entry.map(|(_, entry)| entry.login()) {
        Some(Some(login)) => Ok(Some(login)),
        Some(None) => match logins.helper(registry) {
            Some(helper) => Err(LoginError::Helper { path: path.to_owned(), registry: registry.to_owned(), helper }),
            None => Err(form(format!("the login for {registry} is no NAME:PASSWORD in base64"))),
        },
        None => Ok(None),
    }
}

/// `https://registry.example.com/v2/` is the registry `registry.example.com`.
fn host(name: &str) -> &str {
    let name = name.strip_prefix("https://").or(name.strip_prefix("http://")).unwrap_or(name);
    name.split('/').next().unwrap_or(name)
}

impl Logins {
    fn helper(&self, registry: &str) -> Option<String> {
        self.cred_helpers.get(registry).or(self.creds_store.as_ref()).cloned()
    }
}

impl Entry {
    fn login(&self) -> Option<Login> {
        if !self.username.is_empty() {
            return Some(Login { username: self.username.clone(), password: self.password.clone() });
        }
        let text = String::from_utf8(STANDARD.decode(self.auth.trim()).ok()?).ok()?;
        let (username, password) = text.split_once(':')?;
        Some(Login { username: username.to_owned(), password: password.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(content: &str, registry: &str) -> Result<Option<Login>, LoginError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        fs::write(&path, content).unwrap();
        from_file(&path, registry)
    }

    #[test]
    fn a_login_is_found_by_its_registry() {
        let content = r#"{"auths": {"https://r.example.com/v2/": {"auth": "YW5uOnNlY3JldDp0d28="}}}"#;
        let login = look(content, "r.example.com").unwrap().unwrap();
        assert_eq!((login.username.as_str(), login.password.as_str()), ("ann", "secret:two"));
        assert_eq!(look(content, "other.example.com").unwrap(), None);
        assert!(!format!("{login:?}").contains("secret"));
    }

    #[test]
    fn a_login_that_a_helper_keeps_is_told() {
        let content = r#"{"auths": {"r.example.com": {}}, "credsStore": "pass"}"#;
        let error = look(content, "r.example.com").unwrap_err().to_string();
        assert!(error.contains("docker-credential-pass"), "{error}");
    }

    #[test]
    fn no_file_is_no_login_and_nonsense_is_an_error() {
        assert_eq!(from_file(Path::new("/nowhere/config.json"), "r.example.com").unwrap(), None);
        assert!(look("[", "r.example.com").is_err());
        assert!(look(r#"{"auths": {"r.example.com": {"auth": "!"}}}"#, "r.example.com").is_err());
    }
}
