//! How flows stand, as text.

use std::fmt::Write;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;
use serde::Serialize;

use super::answer::{Loss, Recent};
use super::board::{Board, Row, Standby};
use super::human::{bit_rate, span};
use super::instance::Shown;
use super::state::State;
use super::table::{Cell, Look, Table, paint};
use crate::operator::conditions::is_bad;

/// What is not known.
const UNKNOWN: &str = "-";

/// Something that happened to a flow, as the cluster has it among its events.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Happening {
    /// When it last happened.
    pub at: Option<Time>,
    /// Whether it is a warning.
    pub is_warning: bool,
    /// In a word.
    pub reason: String,
    /// In a sentence.
    pub note: String,
}

/// The table of all flows at `now`.
pub fn table(board: &Board, with_namespaces: bool, now: Timestamp, colours: bool) -> String {
    if board.flows.is_empty() {
        return "no flows\n".to_owned();
    }
    let heads = [
        "FLOW",
        "STATE",
        "OUT",
        "ON AIR",
        "STANDBY",
        "VERSION",
        "BITRATE",
        "ERRORS 1m/1h",
        "LOST 1h",
        "ON AIR FOR",
        "LAST TAKE-OVER",
    ];
    let mut table = Table::new(&heads);
    for row in &board.flows {
        table.row(cells(row, with_namespaces, now), row.why.clone());
    }
    table.render(colours)
}

fn cells(row: &Row, with_namespaces: bool, now: Timestamp) -> Vec<Cell> {
    let name = if with_namespaces { format!("{}/{}", row.namespace, row.name) } else { row.name.clone() };
    vec![
        name.into(),
        Cell::new(row.state.word(), look(row.state)),
        or_unknown(row.out.join(",")),
        or_unknown(row.on_air.join(",")),
        standby(&row.standby),
        row.version.clone().unwrap_or_else(|| UNKNOWN.to_owned()).into(),
        row.bits_per_second.map_or_else(|| UNKNOWN.to_owned(), bit_rate).into(),
        errors(row.recent),
        lost(row.recent.map(|recent| recent.hour.loss)),
        row.on_air_since.as_ref().map_or_else(|| UNKNOWN.to_owned(), |since| ago(since, now)).into(),
        takeover(row, now).into(),
    ]
}

const fn look(state: State) -> Look {
    match state {
        State::Well => Look::Good,
        State::Changing | State::AtRisk => Look::Doubtful,
        State::Unknown | State::OffAir => Look::Bad,
    }
}

fn or_unknown(text: String) -> Cell {
    if text.is_empty() { UNKNOWN.into() } else { text.into() }
}

/// Nodes that could go on; those that could not, with a mark.
fn standby(standby: &[Standby]) -> Cell {
    let words: Vec<_> = standby.iter().map(|one| format!("{}{}", one.node, if one.ready { "" } else { "!" })).collect();
    let is_good = standby.iter().all(|one| one.ready);
    if words.is_empty() {
        UNKNOWN.into()
    } else {
        Cell::new(words.join(","), if is_good { Look::Plain } else { Look::Doubtful })
    }
}

fn errors(recent: Option<Recent>) -> Cell {
    let Some(recent) = recent else { return UNKNOWN.into() };
    let (minute, hour) = (recent.minute.tr101290_errors, recent.hour.tr101290_errors);
    let look = if minute > 0 {
        Look::Bad
    } else if hour > 0 {
        Look::Doubtful
    } else {
        Look::Plain
    };
    Cell::new(format!("{minute}/{hour}"), look)
}

fn lost(loss: Option<Loss>) -> Cell {
    let Some(loss) = loss else { return UNKNOWN.into() };
    if loss.total() == 0 {
        return "0".into();
    }
    let causes: Vec<_> = loss.causes().map(|(cause, packets)| format!("{packets} {cause}")).collect();
    Cell::new(causes.join(", "), Look::Doubtful)
}

fn takeover(row: &Row, now: Timestamp) -> String {
    let told = |last: &super::board::Takeover| format!("{} ago: {}", ago(&last.at, now), last.reason.replace('_', " "));
    row.last_takeover.as_ref().map_or_else(|| UNKNOWN.to_owned(), told)
}

/// How long ago it was; clocks that differ make nothing negative.
fn ago(at: &Time, now: Timestamp) -> String {
    span(Duration::try_from(now.duration_since(at.0)).unwrap_or_default())
}

/// All of one flow at `now`.
pub fn details(row: &Row, happenings: &[Happening], now: Timestamp, colours: bool) -> String {
    let state = paint(row.state.word(), look(row.state), colours);
    let mut text = format!("{}/{}  {state}", row.namespace, row.name);
    // Writing to a string cannot fail, here and below.
    let _ = match &row.why {
        Some(why) => writeln!(text, ": {why}"),
        None => writeln!(text),
    };
    for (name, value) in facts(row, now) {
        let _ = writeln!(text, "  {name:15} {value}");
    }
    for part in [instances(&row.instances), conditions(&row.conditions, now), events(happenings, now)] {
        let _ = write!(text, "\n{}", part.render(colours));
    }
    text
}

fn facts(row: &Row, now: Timestamp) -> Vec<(&'static str, String)> {
    let known = |text: String| if text.is_empty() { UNKNOWN.to_owned() } else { text };
    let since = row.on_air_since.as_ref().map(|since| format!(", for {}", ago(since, now))).unwrap_or_default();
    let mut facts = vec![
        ("from", known(row.source.clone().unwrap_or_default())),
        ("out", known(row.out.join(", "))),
        ("on air", format!("{}{since}", known(row.on_air.join(", ")))),
        ("version", known(row.version.clone().unwrap_or_default())),
        ("bitrate", row.bits_per_second.map_or_else(|| UNKNOWN.to_owned(), bit_rate)),
        ("last take-over", takeover(row, now)),
    ];
    if let Some(recent) = row.recent {
        for (when, wrong) in [("last minute", recent.minute), ("last hour", recent.hour)] {
            let causes: Vec<_> = wrong.loss.causes().map(|(cause, packets)| format!("{packets} {cause}")).collect();
            let lost =
                if causes.is_empty() { "no packet lost".to_owned() } else { format!("lost: {}", causes.join(", ")) };
            facts.push((when, format!("{} errors of TR 101 290, {lost}", wrong.tr101290_errors)));
        }
    }
    facts
}

fn instances(instances: &[Shown]) -> Table {
    let mut table = Table::new(&["INSTANCE", "NODE", "STATE", "READY", "VERSION", "REVISION", "WHY"]);
    for one in instances {
        let look = if one.ready { Look::Good } else { Look::Doubtful };
        let cells = vec![
            one.pod.clone().into(),
            or_unknown(one.node.clone().unwrap_or_default()),
            Cell::new(one.state.clone(), look),
            Cell::new(if one.ready { "yes" } else { "no" }, look),
            or_unknown(one.version.clone().unwrap_or_default()),
            one.revision.clone().into(),
            one.why.clone().unwrap_or_default().into(),
        ];
        table.row(cells, None);
    }
    table
}

fn conditions(conditions: &[Condition], now: Timestamp) -> Table {
    let mut table = Table::new(&["CONDITION", "STATUS", "REASON", "FOR", "MESSAGE"]);
    for one in conditions {
        let look = if is_bad(one) { Look::Bad } else { Look::Plain };
        let cells = vec![
            one.type_.clone().into(),
            Cell::new(one.status.clone(), look),
            one.reason.clone().into(),
            ago(&one.last_transition_time, now).into(),
            one.message.clone().into(),
        ];
        table.row(cells, None);
    }
    table
}

fn events(happenings: &[Happening], now: Timestamp) -> Table {
    let mut table = Table::new(&["EVENT", "AGO", "WHAT"]);
    for one in happenings {
        let look = if one.is_warning { Look::Doubtful } else { Look::Plain };
        let when = one.at.as_ref().map_or_else(|| UNKNOWN.to_owned(), |at| ago(at, now));
        table.row(vec![Cell::new(one.reason.clone(), look), when.into(), one.note.clone().into()], None);
    }
    table
}
