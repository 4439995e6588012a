//! What a flow's specification means, together with the catalog.

use relay::spec::{self, FlowEntry, LegNumber, Pair, Source, validate};
use thiserror::Error;

use crate::crd::{Flow, Handler, LastHandler};

/// A flow that can run.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The entry of a file that says the same; it names the handler if the flow does.
    pub entry: FlowEntry,
    /// The handler as it is to be used, if the flow names one.
    pub handler: Option<LastHandler>,
    /// Why the handler is not as the catalog has it now.
    pub stale: Option<Problem>,
    /// Where it comes from.
    pub source: Source,
}

/// Why a flow cannot run as it is specified, in a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// It is nonsense.
    #[error("{0}")]
    Invalid(String),
    /// The catalog lacks its handler.
    #[error("there is no handler {0:?}; kubectl get handlers lists those there are")]
    HandlerMissing(String),
    /// Its handler is nonsense.
    #[error("handler {name:?} is wrong: {problem}")]
    HandlerInvalid {
        /// Name of the handler.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Another flow sends to where it would.
    #[error("{output} is an output of flow {holder}, which was there first; send to another address")]
    Conflict {
        /// The output.
        output: String,
        /// The flow that has it, with its namespace.
        holder: String,
    },
    /// Its image is not signed by anybody who is trusted.
    #[error("{message}")]
    ImageRefused {
        /// Why, in a word.
        reason: &'static str,
        /// Why, in a sentence.
        message: String,
    },
    /// It is not known yet whether its image is signed.
    #[error("{0}")]
    ImageUnknown(String),
    /// All ports are taken.
    #[error("no port is left for its HTTP; give the operator a larger range with --ports")]
    NoPort,
}

impl Problem {
    /// The same in one word, as reasons of conditions and events are written.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "Invalid",
            Self::HandlerMissing(_) => "HandlerMissing",
            Self::HandlerInvalid { .. } => "HandlerInvalid",
            Self::Conflict { .. } => "Conflict",
            Self::ImageRefused { reason, .. } => reason,
            Self::ImageUnknown(_) => "SignatureUnknown",
            Self::NoPort => "NoPort",
        }
    }
}

/// Finds out what `flow` is to be, `handler` being the one of the catalog that it names, if the catalog has that.
///
/// A handler that is gone, or has become nonsense, is used as it was when it was last right: a channel does not go off air because
/// somebody tidied the catalog.
///
/// # Errors
/// [`Problem`] says why it cannot run.
pub fn resolve(flow: &Flow, handler: Option<&Handler>) -> Result<Resolved, Problem> {
    let name = flow.metadata.name.as_deref().unwrap_or_default();
    let entry = flow.spec.entry(name).map_err(Problem::Invalid)?;
    let (handler, stale) = match &entry.handler {
        None => (None, None),
        Some(wanted) => match current(wanted, handler) {
            Ok(current) => (Some(current), None),
            Err(problem) => (Some(last_known(flow, wanted).ok_or_else(|| problem.clone())?), Some(problem)),
        },
    };
    let source = check(&entry, handler.as_ref())?;
    Ok(Resolved { entry, handler, stale, source })
}

fn current(name: &str, handler: Option<&Handler>) -> Result<LastHandler, Problem> {
    let handler = handler.ok_or_else(|| Problem::HandlerMissing(name.to_owned()))?;
    let wrong = |problem| Problem::HandlerInvalid { name: name.to_owned(), problem };
    let entry: spec::Handler = handler.spec.entry.read().map_err(wrong)?;
    Ok(LastHandler { name: name.to_owned(), title: entry.title, source: entry.source.to_string() })
}

fn last_known(flow: &Flow, name: &str) -> Option<LastHandler> {
    flow.status.as_ref()?.last_handler.clone().filter(|last| last.name == name)
}

/// Checks all its instances as the program itself does before it starts; returns the source.
fn check(entry: &FlowEntry, handler: Option<&LastHandler>) -> Result<Source, Problem> {
    let look_up = |_: &str| handler.map_or("", |handler| &handler.source).parse::<Source>();
    let mut source = None;
    for leg in legs(entry) {
        let entry = FlowEntry { pair_leg: leg.map(|leg| leg.0), ..entry.clone() };
        let flow = entry.resolve(look_up).map_err(|error| Problem::Invalid(error.to_string()))?;
        source = Some(flow.source.clone());
        validate(&[flow]).map_err(|errors| {
            let sentences: Vec<_> = errors.iter().map(ToString::to_string).collect();
            Problem::Invalid(sentences.join("; "))
        })?;
    }
    source.ok_or_else(|| Problem::Invalid("it has no output; give it an out".to_owned()))
}

/// The legs that have instances of their own; one without a number when all instances are alike.
pub(super) fn legs(entry: &FlowEntry) -> Vec<Option<LegNumber>> {
    match entry.pair {
        Pair::ActiveActive => (0..entry.outputs.len()).map(|index| Some(LegNumber::of_index(index))).collect(),
        Pair::Off | Pair::Standby => vec![None],
    }
}
