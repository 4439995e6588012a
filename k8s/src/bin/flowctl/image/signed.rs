//! Keys and signatures.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use k8s::registry::signature::{PrivateKey, PublicKey};

use crate::args::{KeyArgs, SignArgs, VerifyArgs};
use crate::{print, remote};

pub(super) fn key(args: &KeyArgs) -> anyhow::Result<()> {
    let key = PrivateKey::generate()?;
    let mut public = args.file.clone().into_os_string();
    public.push(".pub");
    let public = PathBuf::from(public);
    create(&args.file, 0o600, &key.to_pem()?)?;
    create(&public, 0o644, &key.public().to_pem()?)?;
    print::text(&format!(
        "{}: keep it secret\n{}: give it to whoever verifies\n",
        args.file.display(),
        public.display()
    ))
}

/// Makes a file that is not there yet: a key that is lost cannot be made again.
fn create(path: &Path, mode: u32, text: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| path.display().to_string())
}

pub(super) async fn sign(args: &SignArgs) -> anyhow::Result<()> {
    let key = PrivateKey::from_pem(&read(&args.key)?).with_context(|| args.key.display().to_string())?;
    let digest = remote::open(&args.remote, &args.image)?.sign(&args.image, &key).await?;
    print::text(&format!("{}@{digest}: signed\n", args.image.name()))
}

pub(super) async fn verify(args: &VerifyArgs) -> anyhow::Result<()> {
    let keys =
        args.key.iter().map(|path| PublicKey::from_pem(&read(path)?).with_context(|| path.display().to_string()));
    let keys: Vec<_> = keys.collect::<anyhow::Result<_>>()?;
    let registry = remote::open(&args.remote, &args.image)?;
    let digest = registry.verify(&args.image, &keys).await?;
    if let Some(platform) = &args.platform {
        registry.must_be_for(&args.image.with_digest(digest.clone()), platform).await?;
    }
    print::text(&format!("{}@{digest}: signed by a key that is trusted\n", args.image.name()))
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}
