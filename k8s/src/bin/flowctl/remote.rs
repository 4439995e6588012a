//! Makes ready to speak with a registry.

use std::io::{self, Read};

use anyhow::Context;
use k8s::image::Reference;
use k8s::registry::login::{self, Login};
use k8s::registry::{Registry, trust};

use crate::args::Remote;

/// The registry of `reference`, with the login and the authority that the command line or the machine's files name.
pub(crate) fn open(remote: &Remote, reference: &Reference) -> anyhow::Result<Registry> {
    let authorities = trust::authorities(remote.ca.as_deref(), &reference.registry)?;
    Ok(Registry::new(&reference.registry, login(remote, reference)?, authorities)?)
}

fn login(remote: &Remote, reference: &Reference) -> anyhow::Result<Option<Login>> {
    if let Some(username) = remote.username.clone() {
        return Ok(Some(Login { username, password: password()? }));
    }
    match remote.authfile.clone().or_else(login::default_file) {
        Some(file) => Ok(login::from_file(&file, &reference.registry)?),
        None => Ok(None),
    }
}

fn password() -> anyhow::Result<String> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).context("the password on standard input")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
