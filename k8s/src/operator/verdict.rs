//! What is known of the signatures of images.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::image::Digest;
use crate::registry::RegistryError;
use crate::registry::signing::VerifyError;

/// How soon a tag is looked at again: another image may have got it.
const TAG_FRESH: Duration = Duration::from_secs(60);
/// How soon what failed is tried again the first time; it doubles from time to time.
const FIRST_RETRY: Duration = Duration::from_secs(5);
/// How soon at the latest.
const LAST_RETRY: Duration = Duration::from_secs(300);

/// Whether an image is signed by somebody who is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// The operator was not told whom to trust.
    #[default]
    NotAsked,
    /// It is not known yet, and why.
    Unknown(String),
    /// It is, and this is the image.
    Verified(Digest),
    /// It is not.
    Refused {
        /// Why, in a word.
        reason: &'static str,
        /// Why, in a sentence.
        message: String,
    },
}

/// The verdicts on the images of a flow; `None` when nobody was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdicts(pub Option<BTreeMap<String, Verdict>>);

impl Verdicts {
    /// The verdict on an image.
    pub fn of(&self, image: &str) -> Verdict {
        let Some(known) = &self.0 else { return Verdict::NotAsked };
        known.get(image).cloned().unwrap_or_else(|| Verdict::Unknown(format!("{image}: not looked at")))
    }

    /// Whether one is not known yet.
    pub fn is_waiting(&self) -> bool {
        self.0.iter().flatten().any(|(_, verdict)| matches!(verdict, Verdict::Unknown(_)))
    }
}

/// What is known of one image, and when to look again.
#[derive(Clone, Debug)]
pub(super) struct Known {
    verdict: Verdict,
    look_at: Instant,
    is_being_looked_at: bool,
    failures: u32,
}

impl Known {
    /// Nothing is known of `image`, and it is time to look.
    pub(super) fn new(image: &str, now: Instant) -> Self {
        let verdict = Verdict::Unknown(format!("{image}: its signature is being checked"));
        Self { verdict, look_at: now, is_being_looked_at: false, failures: 0 }
    }

    /// What is known.
    pub(super) fn verdict(&self) -> Verdict {
        self.verdict.clone()
    }

    /// Whether it is time to look; the caller does so then, and nobody else meanwhile.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        let begins = !self.is_being_looked_at && now >= self.look_at;
        self.is_being_looked_at |= begins;
        begins
    }

    /// Takes what was found. A registry that cannot be asked takes nothing back of what was known.
    pub(super) fn note(&mut self, found: Result<Digest, VerifyError>, now: Instant) {
        self.is_being_looked_at = false;
        let wait = match found {
            Ok(digest) => {
                self.failures = 0;
                self.verdict = Verdict::Verified(digest);
                TAG_FRESH
            }
            Err(error) => {
                self.failures += 1;
                match (refusal(&error), &self.verdict) {
                    (Some(reason), _) => self.verdict = Verdict::Refused { reason, message: error.to_string() },
                    (None, Verdict::Unknown(_)) => self.verdict = Verdict::Unknown(error.to_string()),
                    (None, _) => {}
                }
                retry_after(self.failures)
            }
        };
        self.look_at = now + wait;
    }

    /// What a digest names never changes: that it was signed is not looked at again.
    pub(super) fn is_settled(&self, is_by_digest: bool) -> bool {
        is_by_digest && matches!(self.verdict, Verdict::Verified(_))
    }
}

fn retry_after(failures: u32) -> Duration {
    FIRST_RETRY.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1))).min(LAST_RETRY)
}

/// What speaks against the image itself, in a word; nothing if it is only that the registry cannot be asked.
fn refusal(error: &VerifyError) -> Option<&'static str> {
    match error {
        VerifyError::Unsigned { .. } => Some("Unsigned"),
        VerifyError::Doubted { .. } => Some("SignatureNotTrusted"),
        VerifyError::Platform { .. } => Some("OtherPlatform"),
        VerifyError::Registry(RegistryError::Altered { .. } | RegistryError::Image { .. }) => Some("Altered"),
        VerifyError::Registry(RegistryError::NoImage { .. }) => Some("NoImage"),
        VerifyError::Registry(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> VerifyError {
        let (registry, said) = ("r.example.com".to_owned(), "refused".to_owned());
        VerifyError::Registry(RegistryError::Unreachable { registry, said })
    }

    fn unsigned() -> VerifyError {
        VerifyError::Unsigned { image: "r.example.com/f:1".parse().unwrap(), digest: Digest::of(b"x") }
    }

    #[test]
    fn a_registry_that_is_away_takes_nothing_back() {
        let start = Instant::now();
        let mut known = Known::new("r.example.com/f:1", start);
        assert!(known.begin(start) && !known.begin(start));
        known.note(Ok(Digest::of(b"x")), start);
        assert!(!known.begin(start + TAG_FRESH / 2) && known.begin(start + TAG_FRESH));
        known.note(Err(away()), start + TAG_FRESH);
        assert_eq!(known.verdict(), Verdict::Verified(Digest::of(b"x")));
        assert!(!known.begin(start + TAG_FRESH) && known.begin(start + TAG_FRESH + FIRST_RETRY));
    }

    #[test]
    fn an_image_is_unknown_until_the_registry_answers_and_refused_if_unsigned() {
        let start = Instant::now();
        let mut known = Known::new("r.example.com/f:1", start);
        known.note(Err(away()), start);
        assert!(matches!(known.verdict(), Verdict::Unknown(why) if why.contains("cannot be reached")));
        known.note(Err(unsigned()), start);
        assert!(matches!(known.verdict(), Verdict::Refused { reason: "Unsigned", .. }));
        known.note(Err(away()), start);
        assert!(matches!(known.verdict(), Verdict::Refused { .. }));
        known.note(Ok(Digest::of(b"x")), start);
        assert!(known.is_settled(true) && !known.is_settled(false));
    }

    #[test]
    fn what_fails_is_tried_ever_more_seldom() {
        let seconds = [1, 2, 3, 7, 99].map(|failures| retry_after(failures).as_secs());
        assert_eq!(seconds, [5, 10, 20, 300, 300]);
    }
}
