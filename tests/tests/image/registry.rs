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

/// What is special about a registry.
pub(crate) struct Setup<'a> {
    /// The name in its certificate.
    pub(crate) name: &'a str,
    /// Whether its certificate has expired.
    pub(crate) expired: bool,
    /// Whether it speaks TLS at all.
    pub(crate) tls: bool,
    /// Whether images can be deleted.
    pub(crate) delete: bool,
    /// Where it keeps images, if not in a folder of its own.
    pub(crate) storage: Option<&'a Path>,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self { name: "localhost", expired: false, tls: true, delete: true, storage: None }
    }
}

impl Registry {
    pub(crate) fn start() -> Self {
        Self::with(&Setup::default())
    }

    pub(crate) fn with(setup: &Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let identity = authority.server(setup.name, setup.expired);
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name)
        };
        // skopeo takes a folder in which whatever ends with .crt is an authority.
        fs::create_dir(folder.path().join("trust")).unwrap();
        write("trust/ca.crt", authority.certificate());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut config = json!({
            "version": 0.1,
            "log": {"level": "info"},
            "storage": {
                "filesystem": {"rootdirectory": setup.storage.unwrap_or(&folder.path().join("images"))},
                "delete": {"enabled": setup.delete},
            },
            "http": {"addr": format!("127.0.0.1:{port}")},
            "auth": {"htpasswd": {"realm": "images", "path": write("users", &users())}},
        });
        if setup.tls {
            let (certificate, key) = (write("server.crt", &identity.certificate), write("server.key", &identity.key));
            config["http"]["tls"] = json!({"certificate": certificate, "key": key});
        }
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
