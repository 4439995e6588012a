//! What needs no registry: made here, kept here.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, bail};
use k8s::image::source::Source;
use k8s::image::{Layout, archive, build, compile};
use k8s::registry::prune::Published;

use crate::args::{BuildArgs, LoadArgs, Local, TreeArgs};
use crate::print;

/// Where images are kept.
pub(super) fn layout(local: &Local) -> anyhow::Result<Layout> {
    let folder = match &local.layout {
        Some(folder) => folder.clone(),
        None => {
            let source = look(local).context("no --layout FOLDER")?;
            source.target.join("image").join(local.program.program())
        }
    };
    Ok(Layout::at(folder))
}

fn look(local: &Local) -> anyhow::Result<Source> {
    Ok(Source::look(&local.source, local.program)?)
}

pub(super) fn build(args: &BuildArgs) -> anyhow::Result<()> {
    let start = Instant::now();
    let source = look(&args.local)?;
    let built = build::build(&source, &target(args.target.as_deref()), args.force)?;
    let layout = layout(&args.local)?;
    let tag = built.version.to_string();
    layout.add(&tag, &built.image)?;
    let summary = built.image.summary();
    if args.json {
        return print::json(&Published { tag, image: summary });
    }
    print::text(&print::image(&tag, &summary, None))?;
    let took = start.elapsed().as_secs_f64();
    print::text(&format!("made in {took:.1} s; it is in {}\n", layout.folder().display()))
}

fn target(named: Option<&str>) -> String {
    named.map_or_else(compile::default_target, str::to_owned)
}

pub(super) fn tree(args: &TreeArgs) -> anyhow::Result<()> {
    must_be_empty(&args.folder)?;
    let source = look(&args.local)?;
    let (version, _, tree) = build::files(&source, &target(args.target.as_deref()), args.force)?;
    tree.write(&args.folder).with_context(|| args.folder.display().to_string())?;
    print::text(&format!("{version}: its files are in {}\n", args.folder.display()))
}

fn must_be_empty(folder: &Path) -> anyhow::Result<()> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{}: there is something in it; name an empty folder, or a new one", folder.display());
    }
    Ok(())
}

pub(super) fn load(args: &LoadArgs) -> anyhow::Result<()> {
    let layout = layout(&args.local)?;
    for (tag, image) in archive::load(&args.file)? {
        layout.add(&tag, &image)?;
        print::text(&format!("{tag}: {}\n", image.digest))?;
    }
    Ok(())
}
