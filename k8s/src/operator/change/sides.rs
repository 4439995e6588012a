//! The old and the new instances of a flow that changes.

use super::marks::{Counted, since};
use crate::crd::Mark;
use crate::operator::pods::Trouble;
use crate::operator::standing::{Standing, Standings};

/// Instances of one revision.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    standings: &'a Standings,
    revision: &'a str,
}

impl<'a> Side<'a> {
    pub(super) const fn new(standings: &'a Standings, revision: &'a str) -> Self {
        Self { standings, revision }
    }

    /// All of them.
    pub(super) fn all(self) -> impl Iterator<Item = &'a Standing> {
        self.standings.0.iter().filter(move |standing| standing.pod.revision == self.revision)
    }

    /// The one that says that it is on air.
    pub(super) fn on_air(self) -> Option<&'a Standing> {
        self.all().find(|standing| standing.is_on_air())
    }

    /// Those that could go on.
    pub(super) fn standing_by(self) -> impl Iterator<Item = &'a Standing> {
        self.all().filter(|standing| !standing.is_on_air() && standing.is_ready())
    }

    /// Whether one of them may be on air: it says so, or says nothing.
    pub(super) fn may_be_on_air(self) -> bool {
        let is_silent = |standing: &Standing| standing.pod.address.is_some() && standing.heard.is_none();
        self.all().any(|standing| standing.is_on_air() || is_silent(standing))
    }

    /// Why one of them does not run, if that will not pass by itself.
    pub(super) fn crash(self) -> Option<&'a Trouble> {
        self.trouble().filter(|trouble| trouble.reason == "Crashing")
    }

    /// Why one of them does not run.
    pub(super) fn trouble(self) -> Option<&'a Trouble> {
        self.all().find_map(|standing| standing.pod.trouble.as_ref())
    }

    /// Why they are not ready, in a sentence.
    pub(super) fn why_not_ready(self) -> String {
        let of_itself = || {
            let reasons = self.all().filter_map(|standing| Some(&standing.heard.as_ref()?.flow.reasons));
            reasons.flatten().next().cloned()
        };
        let of_pod = self.trouble().map(|trouble| trouble.message.clone());
        of_pod.or_else(of_itself).unwrap_or_else(|| "nothing is heard of them".to_owned())
    }

    /// What its standbys counted since `marks`: what each heard of the air, compared with what it made itself.
    pub(super) fn counted_standing_by(self, marks: &[Mark]) -> impl Iterator<Item = (&'a Standing, Counted)> {
        let counted = move |standing: &'a Standing| Some((standing, since(marks, standing).counted()?));
        self.all().filter(|standing| !standing.is_on_air()).filter_map(counted)
    }
}
