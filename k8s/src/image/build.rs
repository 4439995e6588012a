//! Makes the image from a checkout.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{fs, io};

use bytes::Bytes;
use thiserror::Error;

use super::compile::{self, CompileError, Program};
use super::digest::Digest;
use super::document::{self, Config, Descriptor, History, Manifest, RootFs, Runtime};
use super::layer::{self, Layer};
use super::package::{Image, ImageError};
use super::sbom::{self, SbomError};
use super::source::{Source, SourceError};
use super::tree::{self, Tree};
use super::version::{Version, VersionError};

/// Label with the compiler: the same commit is the same image by the same compiler, and with the same C library, only.
pub const COMPILER_LABEL: &str = "io.flowclient.image.compiler";
/// Label with the C library.
pub const C_LIBRARY_LABEL: &str = "io.flowclient.image.c-library";
/// Label with the Rust target.
pub const TARGET_LABEL: &str = "io.flowclient.image.target";
/// Label with the version.
pub const VERSION_LABEL: &str = "org.opencontainers.image.version";

/// What was made.
#[derive(Clone, Debug)]
pub struct Built {
    /// Its version, which is the tag it gets.
    pub version: Version,
    /// The image.
    pub image: Image,
}

/// Why no image was made.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum BuildError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error(transparent)]
    Sbom(#[from] SbomError),
    #[error(transparent)]
    Version(#[from] VersionError),
    #[error("{}: cannot be read: {error}", path.display())]
    Licence { path: PathBuf, error: io::Error },
    #[error("the layer cannot be packed: {0}")]
    Pack(io::Error),
    #[error(transparent)]
    Image(#[from] ImageError),
}

/// The files of the image of `source` for `target`, and its version. A tree with changes that are in no commit is refused
/// unless `force`.
///
/// # Errors
/// As [`BuildError`] tells.
pub fn files(source: &Source, target: &str, force: bool) -> Result<(Version, Program, Tree), BuildError> {
    if !force {
        source.must_be_clean()?;
    }
    let program = compile::compile(source, target)?;
    let changed = (!source.changed.is_empty()).then(|| Digest::of(&program.bytes));
    let version = Version::new(&source.release, &source.commit, changed.as_ref().map(Digest::hex))?;
    let path = source.root.join("LICENSE");
    let licence = fs::read(&path).map_err(|error| BuildError::Licence { path, error })?;
    let sbom = sbom::list(source, &program, &version)?;
    let tree = Tree::of(source.component, &program, &licence, &sbom);
    Ok((version, program, tree))
}

/// Makes the image of `source` for `target`; see [`files`].
///
/// # Errors
/// As [`BuildError`] tells.
pub fn build(source: &Source, target: &str, force: bool) -> Result<Built, BuildError> {
    let (version, program, tree) = files(source, target, force)?;
    let layer = layer::pack(&tree).map_err(BuildError::Pack)?;
    let config = config(source, &program, &version, &layer);
    Ok(Built { image: assemble(&config, layer)?, version })
}

fn config(source: &Source, program: &Program, version: &Version, layer: &Layer) -> Config {
    let created = source.committed_text();
    Config {
        architecture: program.architecture.name().to_owned(),
        os: "linux".to_owned(),
        config: Runtime {
            user: format!("{0}:{0}", tree::USER),
            env: vec!["PATH=/usr/bin".to_owned()],
            entrypoint: vec![format!("/{}", source.component.path())],
            working_dir: "/".to_owned(),
            labels: labels(source, program, version),
        },
        rootfs: RootFs { kind: "layers".to_owned(), diff_ids: vec![layer.diff_id.clone()] },
        history: vec![History { created: created.clone(), created_by: "flowctl image build".to_owned() }],
        created,
    }
}

/// OCI image specification 1.1, annotations.md, "Pre-Defined Annotation Keys"; and what it takes to make it again.
fn labels(source: &Source, program: &Program, version: &Version) -> BTreeMap<String, String> {
    let labels = [
        ("org.opencontainers.image.title", source.component.to_string()),
        ("org.opencontainers.image.description", source.description.clone()),
        ("org.opencontainers.image.licenses", source.licence.clone()),
        (VERSION_LABEL, version.to_string()),
        ("org.opencontainers.image.revision", source.commit.clone()),
        ("org.opencontainers.image.created", source.committed_text()),
        (TARGET_LABEL, program.target.clone()),
        (COMPILER_LABEL, program.compiler.clone()),
        (C_LIBRARY_LABEL, program.c_library.clone()),
    ];
    labels.map(|(name, value)| (name.to_owned(), value)).into()
}

fn assemble(config: &Config, layer: Layer) -> Result<Image, ImageError> {
    let config = Bytes::from(document_bytes(config));
    let layer = Bytes::from(layer.packed);
    let manifest = Manifest {
        schema_version: 2,
        media_type: document::MANIFEST.to_owned(),
        config: Descriptor::of(document::CONFIG, &config),
        layers: vec![Descriptor::of(document::LAYER_GZIP, &layer)],
        annotations: BTreeMap::new(),
    };
    let blobs = [config, layer].map(|blob| (Digest::of(&blob), blob)).into();
    Image::new(Bytes::from(document_bytes(&manifest)), blobs)
}

fn document_bytes(document: &impl serde::Serialize) -> Vec<u8> {
    // Strings, numbers, lists and maps by strings can all be written as JSON.
    serde_json::to_vec(document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Component;
    use crate::image::elf;

    fn source() -> Source {
        Source {
            component: Component::Client,
            root: PathBuf::from("/checkout"),
            target: PathBuf::from("/checkout/target"),
            release: semver::Version::new(0, 1, 0),
            description: "relays".to_owned(),
            licence: "Apache-2.0".to_owned(),
            commit: "cdd591d00f18aabbccddeeff00112233445566ff".to_owned(),
            committed: 1_795_289_355,
            changed: Vec::new(),
        }
    }

    fn image() -> Image {
        let program = Program {
            bytes: elf::tests::program(62, &[1]),
            architecture: elf::Architecture::Amd64,
            target: "x86_64-unknown-linux-gnu".to_owned(),
            compiler: "rustc 1.95.0".to_owned(),
            c_library: "Debian GLIBC 2.36".to_owned(),
        };
        let version = Version::new(&source().release, &source().commit, None).unwrap();
        let layer = layer::pack(&Tree::of(Component::Client, &program, b"licence", b"{}")).unwrap();
        assemble(&config(&source(), &program, &version, &layer), layer).unwrap()
    }

    #[test]
    fn the_image_says_who_it_runs_as_and_what_it_is() {
        let summary = image().summary();
        assert_eq!(summary.user, "65532:65532");
        assert_eq!(summary.entrypoint, ["/usr/bin/flowclient"]);
        assert_eq!(summary.platform, "linux/amd64");
        assert_eq!(summary.labels[VERSION_LABEL], "0.1.0-gcdd591d00f18");
        assert_eq!(summary.created, "2026-11-21T19:29:15Z");
    }

    #[test]
    fn the_same_parts_are_the_same_image() {
        assert_eq!(image().digest, image().digest);
    }
}
