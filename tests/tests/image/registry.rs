//! A real registry on loopback: Debian's docker-registry, with TLS and one login.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;
use tests::lab::{Process, until};

use crate::authority::Authority;

pub(crate) const USER: &str = "ann";
pub(crate) const PASSWORD: &str = "on air";

/// A running registry; killed when dropped.
pub(crate) struct Registry {
    folder: TempDir,
    port: u16,
    _process: Process,
}

impl Registry {
    pub(crate) fn start() -> Self {
        Self::with_storage(None)
    }

    /// A registry that keeps its images in `storage`.
    pub(crate) fn with_storage(storage: Option<&Path>) -> Self {
        Self::launch("localhost", false, true, storage)
    }

    /// A registry that lets nobody delete.
    pub(crate) fn keeping_all() -> Self {
        Self::launch("localhost", false, false, None)
    }

    /// A registry whose certificate has expired.
    pub(crate) fn expired() -> Self {
        Self::launch("localhost", true, true, None)
    }

    /// A registry whose certificate is for another host.
    pub(crate) fn misnamed() -> Self {
        Self::launch("elsewhere.example.com", false, true, None)
    }

    fn launch(name: &str, expired: bool, delete: bool, storage: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let identity = authority.server(name, expired);
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name)
        };
        // skopeo takes a folder in which whatever ends with .crt is an authority.
        fs::create_dir(folder.path().join("trust")).unwrap();
        write("trust/ca.crt", authority.certificate());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = json!({
            "version": 0.1,
            "log": {"level": "info"},
            "storage": {
                "filesystem": {"rootdirectory": storage.unwrap_or(&folder.path().join("images"))},
                "delete": {"enabled": delete},
            },
            "http": {
                "addr": format!("127.0.0.1:{port}"),
                "tls": {
                    "certificate": write("server.crt", &identity.certificate),
                    "key": write("server.key", &identity.key),
                },
            },
            "auth": {"htpasswd": {"realm": "images", "path": write("users", &users())}},
        });
        let config = write("config.yml", &config.to_string());
        let process = Process::start(Command::new("docker-registry").arg("serve").arg(config));
        until("the registry to listen", || process.stderr().contains("listening on").then_some(()));
        Self { folder, port, _process: process }
    }

    /// The name of its repository for flowclient.
    pub(crate) fn repository(&self) -> String {
        format!("localhost:{}/tv/flowclient", self.port)
    }

    /// The certificate of the authority that signed the registry's.
    pub(crate) fn authority(&self) -> PathBuf {
        self.trust().join("ca.crt")
    }

    /// A folder with that certificate alone, as skopeo wants it.
    pub(crate) fn trust(&self) -> PathBuf {
        self.folder.path().join("trust")
    }

    /// A folder for whatever a test writes.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// The registry takes no other hash than bcrypt; at its least cost, for each request pays it.
fn users() -> String {
    Process::run(Command::new("htpasswd").args(["-nbBC4", USER, PASSWORD])).expect_success().stdout
}
