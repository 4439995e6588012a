//! Versions: what a tag of the image says.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Digits of the commit that a version shows; flowclient tells as many in `flowclient_build_info`.
pub const REVISION_DIGITS: usize = 12;
/// Digits of the program's digest that tell two builds of a changed tree apart.
const DIRTY_DIGITS: usize = 8;
const DIRTY: &str = "dirty-";

/// `0.1.0-gcdd591d00f18`: the version in Cargo.toml, then the commit; `0.1.0-gcdd591d00f18.dirty-1a2b3c4d` when the tree
/// had changes that are in no commit, with the first digits of the program's SHA-256.
///
/// It is a semantic version (2.0.0) and a tag of an image (OCI distribution specification 1.1, "Pulling manifests") as it
/// stands. The `g` and the dash keep digits from being a number, which must not begin
/// with 0. Two versions of one release have no order in their
/// names; the time of the commit, which is a label of the image, orders them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    release: semver::Version,
    revision: String,
    dirty: Option<String>,
}

/// A text that is no version.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{text:?} is no version: {reason}; 0.1.0-gcdd591d00f18 would be one (release, g and the commit's first digits)"
)]
pub struct VersionError {
    text: String,
    reason: String,
}

impl Version {
    /// The version of `release` at the commit `revision`; `program` is the program's SHA-256 in hexadecimal if the tree
    /// had changes.
    ///
    /// # Errors
    /// A commit that is no hexadecimal number, or a release with build metadata, which a tag cannot carry.
    pub fn new(release: &semver::Version, revision: &str, program: Option<&str>) -> Result<Self, VersionError> {
        let release = match release.pre.as_str() {
            "" => format!("{release}-"),
            _ => format!("{release}."),
        };
        let revision = revision.get(..REVISION_DIGITS).unwrap_or(revision);
        let dirty = program.map(|hex| format!(".{DIRTY}{}", hex.get(..DIRTY_DIGITS).unwrap_or(hex)));
        format!("{release}g{revision}{}", dirty.unwrap_or_default()).parse()
    }

    /// Whether the tree had changes that are in no commit.
    pub fn is_dirty(&self) -> bool {
        self.dirty.is_some()
    }

    /// The first digits of the commit.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// What Cargo.toml says.
    pub fn release(&self) -> &semver::Version {
        &self.release
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let refuse = |reason: &str| VersionError { text: text.to_owned(), reason: reason.to_owned() };
        let mut release = semver::Version::parse(text).map_err(|error| refuse(&error.to_string()))?;
        if !release.build.is_empty() {
            return Err(refuse("a tag cannot have a +"));
        }
        let whole = release.pre.to_string();
        let mut parts: Vec<&str> = whole.split('.').collect();
        let dirty = take_dirty(&mut parts);
        let revision = parts.pop().and_then(|last| last.strip_prefix('g')).filter(|hex| is_hex(hex));
        let revision = revision.ok_or_else(|| refuse("it names no commit"))?.to_owned();
        release.pre = semver::Prerelease::new(&parts.join(".")).map_err(|error| refuse(&error.to_string()))?;
        Ok(Self { release, revision, dirty })
    }
}

/// Takes the digits that tell changed trees apart off the end of `parts`.
fn take_dirty(parts: &mut Vec<&str>) -> Option<String> {
    let digits = parts.last()?.strip_prefix(DIRTY).filter(|digits| is_hex(digits))?;
    parts.pop();
    Some(digits.to_owned())
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joint = if self.release.pre.is_empty() { '-' } else { '.' };
        let dirty = self.dirty.as_ref().map(|digits| format!(".{DIRTY}{digits}")).unwrap_or_default();
        f.pad(&format!("{}{joint}g{}{dirty}", self.release, self.revision))
    }
}

impl TryFrom<String> for Version {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_version_tells_release_and_commit() {
        let version = Version::new(&semver::Version::new(0, 1, 0), "cdd591d00f18aabbccdd", None).unwrap();
        assert_eq!(version.to_string(), "0.1.0-gcdd591d00f18");
        assert_eq!(version.revision(), "cdd591d00f18");
        assert!(!version.is_dirty());
    }

    #[test]
    fn a_changed_tree_shows_in_the_version() {
        let release = semver::Version::parse("0.2.0-rc.1").unwrap();
        let version = Version::new(&release, "000000000000", Some("1a2b3c4d5e")).unwrap();
        assert_eq!(version.to_string(), "0.2.0-rc.1.g000000000000.dirty-1a2b3c4d");
        assert!(version.is_dirty());
        assert_eq!(version.release(), &release);
    }

    #[test]
    fn a_text_without_a_commit_is_refused_with_the_reason() {
        let error = "0.1.0".parse::<Version>().unwrap_err().to_string();
        assert!(error.contains("names no commit"), "{error}");
        assert!("latest".parse::<Version>().is_err());
        assert!("0.1.0+gcdd591d00f18".parse::<Version>().is_err());
    }

    proptest! {
        #[test]
        fn a_version_survives_being_written_and_read(
            (major, minor, patch) in (0..99u64, 0..99u64, 0..99u64),
            pre in "(|rc\\.[1-9]|alpha)",
            revision in "[0-9a-f]{12}",
            program in proptest::option::of("[0-9a-f]{64}"),
        ) {
            let mut release = semver::Version::new(major, minor, patch);
            release.pre = semver::Prerelease::new(&pre).unwrap();
            let version = Version::new(&release, &revision, program.as_deref()).unwrap();
            let text = version.to_string();
            prop_assert_eq!(text.parse::<Version>(), Ok(version));
            prop_assert!(crate::image::reference::is_tag(&text));
        }

        #[test]
        fn any_text_is_a_version_or_an_error(text in "[0-9a-z.+-]{0,40}") {
            if let Ok(version) = text.parse::<Version>() {
                prop_assert_eq!(version.to_string(), text);
            }
        }
    }
}
