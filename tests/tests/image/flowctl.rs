//! flowctl as a person runs it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tests::lab::{Ended, Process};

use crate::registry::{PASSWORD, Registry, USER};

/// flowctl with images of its own, and with a login at one registry.
pub(crate) struct Flowctl {
    layout: PathBuf,
    logins: PathBuf,
    authority: PathBuf,
}

/// The one built into the same target directory as this program.
pub(crate) fn binary() -> PathBuf {
    let me = env::current_exe().unwrap();
    let found = me.ancestors().skip(1).take(2).map(|folder| folder.join("flowctl")).find(|path| path.is_file());
    found.expect("no flowctl binary: cargo build -p k8s")
}

impl Flowctl {
    pub(crate) fn at(registry: &Registry) -> Self {
        let flowctl = Self {
            layout: registry.folder().join("layout"),
            logins: registry.folder().join("config.json"),
            authority: registry.authority(),
        };
        flowctl.log_in(registry, PASSWORD);
        flowctl
    }

    /// What `docker login` leaves behind.
    pub(crate) fn log_in(&self, registry: &Registry, password: &str) {
        let host = registry.repository().split('/').next().unwrap().to_owned();
        let logins = json!({ "auths": { host: { "username": USER, "password": password } } });
        fs::write(&self.logins, logins.to_string()).unwrap();
    }

    pub(crate) fn layout(&self) -> &Path {
        &self.layout
    }

    pub(crate) fn logins(&self) -> &Path {
        &self.logins
    }

    /// Runs `flowctl image arguments`.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(binary());
        command.arg("image").args(arguments).env("FLOWCTL_LAYOUT", &self.layout).env("FLOWCTL_CA", &self.authority);
        Process::run(command.env("REGISTRY_AUTH_FILE", &self.logins))
    }

    /// What it prints when all goes well.
    pub(crate) fn says(&self, arguments: &[&str]) -> String {
        self.run(arguments).expect_success().stdout
    }

    /// The JSON that it prints when all goes well.
    pub(crate) fn tells(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.says(arguments)).unwrap()
    }

    /// What it complains of.
    pub(crate) fn refuses(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code(), Some(1), "{}{}", ended.stdout, ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        ended.stderr
    }
}
