//! `flowclient inspect`: everything there is to know about a stream, from a capture or from the network.

mod capture;
mod document;
mod input;
mod live;
mod text;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use anyhow::Context;

use crate::args::InspectArgs;
use crate::error::ConfigError;
use document::Document;
use input::Input;

use crate::status::FlowView;

/// Priority 1 errors were found, nothing came in, or the capture ends with damage.
const FOUND_ERRORS: u8 = 1;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// After the schema.
    Json,
    /// For people.
    Text,
    /// For people at a terminal, with colours.
    Coloured,
}

/// The report on a flow that runs, as far as it has come; nothing if the flow is not inspected in full.
///
/// # Errors
/// When it cannot be written as JSON, which it can.
pub(crate) fn report_on(view: &FlowView, form: Form) -> serde_json::Result<Option<String>> {
    if view.report.tr101290.is_empty() {
        return Ok(None);
    }
    let document = live::document(view);
    match form {
        Form::Json => document.to_json().map(Some),
        Form::Text => Ok(Some(text::render(&document, false))),
        Form::Coloured => Ok(Some(text::render(&document, true))),
    }
}

/// Inspects what the arguments name and writes what was found.
///
/// # Errors
/// [`ConfigError`] when nothing can be inspected; others when there is no writing.
pub(crate) fn run(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    if args.schema {
        crate::print(document::schema()?.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let name = args.input.as_deref().unwrap_or_default();
    let input = Input::parse(name, args.flow)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting")?;
    let document = runtime.block_on(async {
        match input {
            Input::Capture { path, flow } => capture::inspect(name, path, flow, args.inspect_for).await,
            Input::Live(source) => live::inspect(&source, args.inspect_for).await,
        }
    });
    // A reader that waits for a pipe is not waited for.
    runtime.shutdown_background();
    let document = document?;
    let text = if args.json { document.to_json()? } else { text::render(&document, io::stdout().is_terminal()) };
    crate::print(text.as_bytes())?;
    Ok(verdict(&document))
}

fn verdict(document: &Document) -> ExitCode {
    if let Some(damage) = &document.input.damage {
        eprintln!("error: {damage}");
    }
    let report = &document.report;
    let is_bad = report.has_priority_1_errors() || report.ts.packets == 0 || document.input.damage.is_some();
    if is_bad { FOUND_ERRORS.into() } else { ExitCode::SUCCESS }
}

/// An input that gives nothing to inspect: the process ends as for wrong usage.
fn refuse(problem: impl std::fmt::Display) -> anyhow::Error {
    ConfigError::new(problem).into()
}
