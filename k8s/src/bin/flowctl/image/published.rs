//! Images in registries: put there, listed, taken away.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use k8s::image::package::Summary;
use k8s::image::{Image, Reference, archive};
use k8s::registry::Registry;
use k8s::registry::error::RegistryError;
use k8s::registry::prune::{self, Fate, Published};
use k8s::registry::signing::{is_signature_tag, signature_tag};
use serde::Serialize;

use super::local::layout;
use crate::args::{ListArgs, Local, PruneArgs, PushArgs, Remote, SaveArgs, ShowArgs};
use crate::{print, progress, remote};

pub(super) async fn push(args: &PushArgs) -> anyhow::Result<()> {
    if args.target.digest.is_some() {
        bail!("{}: a digest cannot be pushed to: say REGISTRY/REPOSITORY or REGISTRY/REPOSITORY:TAG", args.target);
    }
    let layout = layout(&args.local)?;
    let version = match &args.version {
        Some(version) => version.clone(),
        None => layout.tags()?.pop().context("no image was made here yet: make one with flowctl image build")?,
    };
    let image = layout.get(&version)?;
    let target = args.target.with_tag(args.target.tag.as_deref().unwrap_or(&version));
    let registry = remote::open(&args.remote, &target)?;
    registry.push(&target, &image, progress::bytes(format!("pushing {target}"))).await?;
    print::text(&format!("{target}@{}\n", image.digest))
}

pub(super) async fn list(args: &ListArgs) -> anyhow::Result<()> {
    let images = match &args.repository {
        Some(repository) => published(&remote::open(&args.remote, repository)?, repository).await?,
        None => made_here(&args.local)?,
    };
    if args.json { print::json(&images) } else { print::text(&print::table(&images)) }
}

fn made_here(local: &Local) -> anyhow::Result<Vec<Published>> {
    let layout = layout(local)?;
    let tags = layout.tags()?.into_iter();
    tags.map(|tag| Ok(Published { image: layout.get(&tag)?.summary(), tag })).collect()
}

/// The images of a repository; signatures and what else is no image are left out.
async fn published(registry: &Registry, repository: &Reference) -> anyhow::Result<Vec<Published>> {
    let tags = registry.tags(repository).await?;
    let mut images = Vec::new();
    for (done, tag) in tags.iter().enumerate().filter(|(_, tag)| !is_signature_tag(tag)) {
        progress::count("looking at images", done, tags.len());
        match registry.describe(&repository.with_tag(tag)).await {
            Ok(described) => images.push(Published { tag: tag.clone(), image: described.summary() }),
            // Something else, or deleted by somebody in this moment.
            Err(RegistryError::Image { .. } | RegistryError::NoImage { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    progress::count("looking at images", tags.len(), tags.len());
    images.sort_by(|one, other| (&other.image.created, &other.tag).cmp(&(&one.image.created, &one.tag)));
    Ok(images)
}

/// What `show` prints as JSON.
#[derive(Serialize)]
struct Shown {
    name: String,
    #[serde(flatten)]
    image: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    signatures: Option<usize>,
}

pub(super) async fn show(args: &ShowArgs) -> anyhow::Result<()> {
    let shown = match in_registry(&args.image)? {
        Some(reference) => {
            let registry = remote::open(&args.remote, &reference)?;
            let image = registry.describe(&reference).await?.summary();
            let signatures = Some(registry.count_signatures(&reference, &image.digest).await?);
            Shown { name: reference.to_string(), image, signatures }
        }
        None => {
            let image = layout(&args.local)?.get(&args.image)?.summary();
            Shown { name: args.image.clone(), image, signatures: None }
        }
    };
    if args.json {
        return print::json(&shown);
    }
    print::text(&print::image(&shown.name, &shown.image, shown.signatures))
}

/// A name with a slash is that of an image in a registry; a version has none.
fn in_registry(name: &str) -> anyhow::Result<Option<Reference>> {
    if name.contains('/') { Ok(Some(name.parse()?)) } else { Ok(None) }
}

pub(super) async fn save(args: &SaveArgs) -> anyhow::Result<()> {
    let (tag, image) = fetch(&args.image, &args.local, &args.remote).await?;
    archive::save(&args.output, &tag, &image)?;
    print::text(&format!("{tag}: {} is in {}\n", image.digest, args.output.display()))
}

async fn fetch(name: &str, local: &Local, remote: &Remote) -> anyhow::Result<(String, Image)> {
    let Some(reference) = in_registry(name)? else {
        return Ok((name.to_owned(), layout(local)?.get(name)?));
    };
    let registry = remote::open(remote, &reference)?;
    let image = registry.pull(&reference, progress::bytes(format!("pulling {reference}"))).await?;
    let version = image.config.config.labels.get(k8s::image::build::VERSION_LABEL).cloned();
    let tag = reference.tag.or(version).unwrap_or_else(|| image.digest.hex().to_owned());
    Ok((tag, image))
}

pub(super) async fn prune(args: &PruneArgs) -> anyhow::Result<()> {
    let registry = remote::open(&args.remote, &args.repository)?;
    let fates = prune::plan(published(&registry, &args.repository).await?, args.keep, &args.in_use);
    if !args.dry_run {
        delete(&registry, &args.repository, &fates).await?;
    }
    if args.json {
        return print::json(&fates);
    }
    print::text(&print::fates(&fates, if args.dry_run { "would go" } else { "gone" }))
}

/// Deletes the images that go, each once, and their signatures after them.
async fn delete(registry: &Registry, repository: &Reference, fates: &[Fate]) -> anyhow::Result<()> {
    let going: BTreeSet<_> =
        fates.iter().filter(|fate| fate.kept.is_none()).map(|fate| &fate.published.image.digest).collect();
    for (done, digest) in going.iter().enumerate() {
        progress::count("deleting", done, going.len());
        registry.delete(repository, digest).await?;
        match registry.manifest(&repository.with_tag(&signature_tag(digest))).await {
            Ok((_, signature)) => registry.delete(repository, &signature).await?,
            Err(RegistryError::NoImage { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    progress::count("deleting", going.len(), going.len());
    Ok(())
}
