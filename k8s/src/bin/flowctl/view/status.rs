//! `flowctl status`.

use std::process::ExitCode;

use k8s::view::board::{Board, Row};
use k8s::view::reach::Reach;
use k8s::view::state::State;
use k8s::view::status_text::{Happening, details, table};
use k8s_openapi::jiff::Timestamp;
use serde::Serialize;

use super::args::StatusArgs;
use crate::{print, progress};

/// Events that are shown of a flow.
const EVENTS: usize = 12;

pub(super) async fn run(args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let (reach, _) = super::reach(&args.place, args.all_namespaces).await?;
    let state = match &args.flow {
        Some(flow) => one(&reach, flow, args.json).await?,
        None => all(&reach, args).await?,
    };
    Ok(ExitCode::from(state.exit_code()))
}

async fn all(reach: &Reach, args: &StatusArgs) -> anyhow::Result<State> {
    let subjects = reach.subjects(|done, total| progress::count("asking instances", done, total)).await?;
    let now = Timestamp::now();
    let board = Board::of(&subjects, now);
    if args.json {
        print::json(&board)?;
    } else {
        print::text(&table(&board, args.all_namespaces, now, super::has_colours()))?;
    }
    Ok(board.state)
}

/// A flow and what happened to it.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    row: &'a Row,
    events: &'a [Happening],
}

async fn one(reach: &Reach, flow: &str, json: bool) -> anyhow::Result<State> {
    let subject = reach.subject(flow).await?;
    let happenings = reach.happenings(flow, EVENTS).await?;
    let now = Timestamp::now();
    let row = Row::of(&subject, now);
    if json {
        print::json(&Whole { row: &row, events: &happenings })?;
    } else {
        print::text(&details(&row, &happenings, now, super::has_colours()))?;
    }
    Ok(row.state)
}
