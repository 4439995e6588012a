//! What flows cost and do, as text.

use serde::Serialize;

use super::human::{bit_rate, latency, memory};
use super::load::Load;
use super::state::State;
use super::table::{Cell, Look, Table};

/// By what rows are sorted; all but the name with the greatest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// Namespace and name.
    #[default]
    Name,
    /// Bitrate.
    Bitrate,
    /// Processor.
    Cpu,
    /// The 99th percentile of the latency.
    Latency,
    /// Errors of TR 101 290, then packets lost.
    Errors,
}

/// A flow with what its instance on air costs and does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadRow {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: State,
    /// Where it is on air.
    pub node: Option<String>,
    /// Unknown until it was looked at twice.
    pub load: Option<Load>,
}

/// Sorts rows.
pub fn sort(rows: &mut [LoadRow], by: SortBy) {
    let key = |row: &LoadRow| match (&row.load, by) {
        (Some(load), SortBy::Bitrate) => load.bits_per_second,
        (Some(load), SortBy::Cpu) => load.cpu,
        (Some(load), SortBy::Latency) => load.latency_p99_seconds.unwrap_or(0.0),
        (Some(load), SortBy::Errors) => load.errors + load.lost / 1e12,
        (None, _) | (_, SortBy::Name) => 0.0,
    };
    rows.sort_by(|one, other| {
        let names = (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name));
        key(other).total_cmp(&key(one)).then(names)
    });
}

/// The table, at most `most` flows of it.
pub fn table(rows: &[LoadRow], most: usize, colours: bool) -> String {
    let mut table =
        Table::new(&["FLOW", "STATE", "ON AIR", "BITRATE", "CPU", "MEMORY", "LATENCY p50", "p99", "ERRORS", "LOST"]);
    for row in rows.iter().take(most) {
        table.row(cells(row), None);
    }
    let left_out = rows.len().saturating_sub(most);
    let more = if left_out > 0 { format!("... and {left_out} more\n") } else { String::new() };
    table.render(colours) + &more
}

fn cells(row: &LoadRow) -> Vec<Cell> {
    let look = match row.state {
        State::Well => Look::Good,
        State::Changing | State::AtRisk => Look::Doubtful,
        State::Unknown | State::OffAir => Look::Bad,
    };
    let mut cells = vec![
        format!("{}/{}", row.namespace, row.name).into(),
        Cell::new(row.state.word(), look),
        row.node.clone().unwrap_or_else(|| "-".to_owned()).into(),
    ];
    match &row.load {
        Some(load) => cells.extend(numbers(load)),
        None => cells.extend(std::iter::repeat_n(Cell::from("-"), 7)),
    }
    cells
}

fn numbers(load: &Load) -> [Cell; 7] {
    let time = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), latency).into();
    let count = |number: f64| Cell::new(format!("{number:.0}"), if number > 0.0 { Look::Bad } else { Look::Plain });
    [
        bit_rate(load.bits_per_second).into(),
        format!("{:.1} %", load.cpu * 100.0).into(),
        memory(load.memory_bytes).into(),
        time(load.latency_p50_seconds),
        time(load.latency_p99_seconds),
        count(load.errors),
        count(load.lost),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, bits: f64, cpu: f64) -> LoadRow {
        let load = Load {
            bits_per_second: bits,
            cpu,
            memory_bytes: 1e7,
            latency_p99_seconds: Some(0.0011),
            ..Load::default()
        };
        LoadRow {
            namespace: "tv".into(),
            name: name.into(),
            state: State::Well,
            node: Some("k1".into()),
            load: Some(load),
        }
    }

    #[test]
    fn rows_are_sorted_and_those_without_room_counted() {
        let unknown = LoadRow { load: None, node: None, state: State::OffAir, ..row("c", 0.0, 0.0) };
        let mut rows = [unknown, row("b", 2e6, 0.01), row("a", 8e6, 0.002)];
        sort(&mut rows, SortBy::Cpu);
        assert_eq!(rows.each_ref().map(|row| row.name.as_str()), ["b", "a", "c"]);
        sort(&mut rows, SortBy::Name);
        assert_eq!(rows.each_ref().map(|row| row.name.as_str()), ["a", "b", "c"]);
        let text = table(&rows, 1, false);
        let expected = "\
FLOW  STATE  ON AIR  BITRATE   CPU    MEMORY   LATENCY p50  p99     ERRORS  LOST
tv/a  well   k1      8.0 Mb/s  0.2 %  9.5 MiB  -            1.1 ms  0       0
... and 2 more
";
        assert_eq!(text, expected);
    }
}
