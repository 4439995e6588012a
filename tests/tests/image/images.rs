//! Small images that take no time to make.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use k8s::image::document::{self, Descriptor, Manifest};
use k8s::image::layer;
use k8s::image::tree::Tree;
use k8s::image::{Digest, Image, Layout};
use serde_json::json;

/// The version of the `at`-th commit.
pub(crate) fn version(at: u32) -> String {
    format!("0.1.0-g{at:012x}")
}

/// The image of the `at`-th commit, with a layer of `bytes` that do not pack.
pub(crate) fn image(at: u32, bytes: usize) -> Image {
    let mut tree = Tree::default();
    tree.add_file("usr/bin/flowclient", 0o755, noise(at, bytes));
    let layer = layer::pack(&tree).unwrap();
    let packed = Bytes::from(layer.packed);
    let config = json!({
        "created": format!("2026-11-21T19:{:02}:{:02}Z", at / 60, at % 60),
        "architecture": "amd64",
        "os": "linux",
        "config": { "User": "65532:65532", "Labels": { "org.opencontainers.image.version": version(at) } },
        "rootfs": { "type": "layers", "diff_ids": [layer.diff_id] },
    });
    let config = Bytes::from(config.to_string());
    let manifest = Manifest {
        schema_version: 2,
        media_type: document::MANIFEST.to_owned(),
        config: Descriptor::of(document::CONFIG, &config),
        layers: vec![Descriptor::of(document::LAYER_GZIP, &packed)],
        annotations: BTreeMap::new(),
    };
    let manifest = Bytes::from(serde_json::to_vec(&manifest).unwrap());
    Image::new(manifest, [config, packed].map(|blob| (Digest::of(&blob), blob)).into()).unwrap()
}

/// Puts the images of some commits into the layout in `folder`.
pub(crate) fn keep(folder: &Path, commits: impl IntoIterator<Item = u32>) {
    for at in commits {
        Layout::at(folder).add(&version(at), &image(at, 1_000)).unwrap();
    }
}

/// Bytes without any order in them (Knuth's linear congruential generator for 64 bits).
fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = u64::from(seed) + 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}
