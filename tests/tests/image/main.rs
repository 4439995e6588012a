//! The image half of the cluster tier: flowctl, a real registry, and what other programs make of the images. Needs root and
//! Debian's docker-registry, skopeo, buildah and apache2-utils.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a lab that cannot be built is a failed test")]

mod authority;
mod build;
mod faults;
mod flowctl;
mod images;
mod prune;
mod push;
mod registry;
mod signed;
