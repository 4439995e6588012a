//! An instance of a flow, as it was found.

use serde::Serialize;

use super::answer::FlowAnswer;
use crate::operator::pods::PodSeen;

/// An instance: its pod, and what it says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its pod.
    pub pod: PodSeen,
    /// What it said, and the version that said so; or why nothing is known of it.
    pub said: Result<(String, FlowAnswer), String>,
}

/// An instance as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// Its pod.
    pub pod: String,
    /// The node that it is on.
    pub node: Option<String>,
    /// What it does, in a word; `silent` if it does not say.
    pub state: String,
    /// Whether it is on air.
    pub on_air: bool,
    /// Whether it could go on, or is on air and all is well.
    pub ready: bool,
    /// Version that it says it is.
    pub version: Option<String>,
    /// Revision that it runs.
    pub revision: String,
    /// Why it is not ready.
    pub why: Option<String>,
}

impl Found {
    /// What it says of the flow, if it does.
    pub fn answer(&self) -> Option<&FlowAnswer> {
        self.said.as_ref().ok().map(|(_, answer)| answer)
    }

    /// Whether it says that it is on air.
    pub fn is_on_air(&self) -> bool {
        self.answer().is_some_and(|answer| answer.on_air)
    }

    /// Whether it says that it could go on.
    pub fn is_ready_standby(&self) -> bool {
        self.answer().is_some_and(|answer| answer.ready && !answer.on_air) && !self.pod.is_ending
    }

    /// Where it is, as a column shows it.
    pub fn place(&self) -> String {
        self.pod.node.clone().unwrap_or_else(|| "(no node)".to_owned())
    }

    /// Why it is not ready, if it is not.
    pub fn why(&self) -> Option<String> {
        if let Some(trouble) = &self.pod.trouble {
            return Some(trouble.message.clone());
        }
        if self.pod.is_ending {
            return Some("it is ending".to_owned());
        }
        match &self.said {
            Err(why) => Some(why.clone()),
            Ok((_, answer)) if answer.ready => None,
            Ok((_, answer)) if answer.reasons.is_empty() => Some(answer.state.clone()),
            Ok((_, answer)) => Some(answer.reasons.join("; ")),
        }
    }

    /// As it is shown.
    pub fn shown(&self) -> Shown {
        let answer = self.answer();
        Shown {
            pod: self.pod.name.clone(),
            node: self.pod.node.clone(),
            state: answer.map_or_else(|| "silent".to_owned(), |answer| answer.state.clone()),
            on_air: self.is_on_air(),
            ready: answer.is_some_and(|answer| answer.ready),
            version: self.said.as_ref().ok().map(|(version, _)| version.clone()),
            revision: self.pod.revision.clone(),
            why: self.why(),
        }
    }
}
