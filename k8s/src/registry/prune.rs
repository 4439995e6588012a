//! Which versions go.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::image::package::Summary;
use crate::image::{Digest, Version};

/// An image in a registry, by one of its tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The tag.
    pub tag: String,
    /// The image.
    #[serde(flatten)]
    pub image: Summary,
}

/// Why an image stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It is among the newest.
    New,
    /// It is named as in use.
    InUse,
    /// Its tag is no version: somebody else put it there.
    NoVersion,
    /// Another tag of the same image stays.
    SameImage,
}

impl Reason {
    /// For a person.
    pub fn text(self) -> &'static str {
        match self {
            Self::New => "among the newest",
            Self::InUse => "in use",
            Self::NoVersion => "its tag is no version of flowclient",
            Self::SameImage => "the same image as one that stays",
        }
    }
}

/// What becomes of one tag; it goes if there is no reason to keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fate {
    /// Which one.
    #[serde(flatten)]
    pub published: Published,
    /// Why it stays.
    pub kept: Option<Reason>,
}

/// What becomes of each of `published`, the newest commit first: the `keep` newest versions stay, whatever is `in_use` (by
/// tag or digest), and what is not ours. Deleting an image takes all its tags, so that one which stays keeps the others.
pub fn plan(mut published: Vec<Published>, keep: usize, in_use: &[String]) -> Vec<Fate> {
    published.sort_by(|one, other| (&other.image.created, &other.tag).cmp(&(&one.image.created, &one.tag)));
    let newest = newest(&published, keep);
    let mut fates: Vec<Fate> =
        published.into_iter().map(|published| Fate { kept: reason(&published, &newest, in_use), published }).collect();
    let staying: BTreeSet<Digest> =
        fates.iter().filter(|fate| fate.kept.is_some()).map(|fate| fate.published.image.digest.clone()).collect();
    for fate in &mut fates {
        if fate.kept.is_none() && staying.contains(&fate.published.image.digest) {
            fate.kept = Some(Reason::SameImage);
        }
    }
    fates
}

/// The tags of the `keep` newest versions in `published`, which is in order.
fn newest(published: &[Published], keep: usize) -> BTreeSet<String> {
    published.iter().filter(|one| is_version(&one.tag)).take(keep).map(|one| one.tag.clone()).collect()
}

fn is_version(tag: &str) -> bool {
    tag.parse::<Version>().is_ok()
}

fn reason(published: &Published, newest: &BTreeSet<String>, in_use: &[String]) -> Option<Reason> {
    let is_named = |name: &String| *name == published.tag || name.as_str() == published.image.digest.as_str();
    if in_use.iter().any(is_named) {
        Some(Reason::InUse)
    } else if !is_version(&published.tag) {
        Some(Reason::NoVersion)
    } else if newest.contains(&published.tag) {
        Some(Reason::New)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::package::tests::tiny;
    use proptest::prelude::*;

    /// Made at second `at`; its content is `content`.
    fn published(tag: &str, at: u32, content: &str) -> Published {
        let mut image = tiny(content).summary();
        image.created = format!("2026-11-21T19:00:{at:02}Z");
        Published { tag: tag.to_owned(), image }
    }

    fn tag(at: u32) -> String {
        format!("0.1.0-g{at:012x}")
    }

    fn gone(fates: &[Fate]) -> Vec<&str> {
        fates.iter().filter(|fate| fate.kept.is_none()).map(|fate| fate.published.tag.as_str()).collect()
    }

    #[test]
    fn the_newest_commits_stay() {
        let all = [3, 1, 4, 2].map(|at| published(&tag(at), at, &at.to_string())).to_vec();
        assert_eq!(gone(&plan(all, 2, &[])), [tag(2), tag(1)]);
    }

    #[test]
    fn what_is_in_use_stays_by_tag_or_by_digest() {
        let all: Vec<_> = (1..=4).map(|at| published(&tag(at), at, &at.to_string())).collect();
        let in_use = [tag(1), all[1].image.digest.to_string()];
        assert_eq!(gone(&plan(all, 1, &in_use)), [tag(3)]);
    }

    #[test]
    fn what_is_not_ours_stays_and_so_does_an_image_with_a_tag_that_stays() {
        let all = vec![published("stable", 1, "a"), published(&tag(1), 1, "a"), published(&tag(2), 2, "b")];
        let fates = plan(all, 0, &[]);
        assert_eq!(gone(&fates), [tag(2)]);
        assert!(fates.iter().any(|fate| fate.kept == Some(Reason::SameImage)));
    }

    proptest! {
        #[test]
        fn no_image_goes_that_has_a_tag_which_stays(
            images in proptest::collection::vec((0..6u32, 0..4u32), 0..20), keep in 0..5usize, used in 0..6u32,
        ) {
            let all: Vec<_> = images.iter().map(|&(at, content)| published(&tag(at), at, &content.to_string())).collect();
            let fates = plan(all.clone(), keep, &[tag(used)]);
            prop_assert_eq!(fates.len(), all.len());
            let stay: Vec<_> = fates.iter().filter(|fate| fate.kept.is_some()).map(|fate| &fate.published.image.digest).collect();
            for fate in fates.iter().filter(|fate| fate.kept.is_none()) {
                prop_assert!(!stay.contains(&&fate.published.image.digest));
                prop_assert!(fate.published.tag != tag(used));
            }
            prop_assert!(stay.len() >= keep.min(images.len()).min(1));
        }
    }
}
