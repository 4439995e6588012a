//! The table of indicators in docs/inspection.md, held to the program and its tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use relay::stage::inspect::indicator::{Indicator, NOT_MEASURED};

use crate::{assert_none, files, read};

const DOCUMENT: &str = "docs/inspection.md";
const TESTS: &str = "relay/src/stage/inspect/tests";

/// The cells of the rows of tables that have so many, without backticks.
fn rows(cells: usize) -> Vec<Vec<String>> {
    let text = read(Path::new(DOCUMENT));
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.map(|row| row.split(" | ").map(|cell| cell.replace('`', "")).collect::<Vec<_>>());
    rows.filter(|row| row.len() == cells).skip(1).collect()
}

/// Names of the inspector's tests.
fn tests() -> BTreeSet<String> {
    let texts = files(".rs").into_iter().filter(|path| path.starts_with(TESTS)).map(|path| read(&path));
    let names = |text: &str| -> Vec<String> {
        let after = text.split("#[test]\n").skip(1);
        after.filter_map(|rest| Some(rest.split_once("fn ")?.1.split_once('(')?.0.to_owned())).collect()
    };
    texts.flat_map(|text| names(&text)).collect()
}

#[test]
fn every_indicator_has_a_row_with_a_test_that_raises_it_and_one_that_does_not() {
    let (rows, tests) = (rows(6), tests());
    let listed: Vec<_> = rows.iter().map(|row| (row[0].as_str(), row[1].as_str())).collect();
    assert_eq!(listed, Indicator::ALL.map(|indicator| (indicator.clause(), indicator.name())), "{DOCUMENT}");
    let mut complaints = Vec::new();
    for row in &rows {
        let start = format!("clause_{}_", row[0].replace('.', "_"));
        for name in &row[4..] {
            if !tests.contains(name) || !name.starts_with(&start) {
                complaints.push(format!("{DOCUMENT}: {}: {name} is no test of that clause in {TESTS}", row[0]));
            }
        }
        if row[4] == row[5] {
            complaints.push(format!("{DOCUMENT}: {}: one test cannot both raise and not raise it", row[0]));
        }
    }
    assert_none(&complaints);
}

#[test]
fn what_is_not_measured_is_said_with_its_reason() {
    let listed: BTreeMap<String, (String, String)> =
        rows(3).into_iter().map(|row| (row[0].clone(), (row[1].clone(), row[2].clone()))).collect();
    let unsaid = NOT_MEASURED.iter().filter(|(clause, name, reason)| {
        listed.get(*clause).is_none_or(|said| *said != ((*name).to_owned(), (*reason).to_owned()))
    });
    assert_none(&unsaid.map(|left_out| format!("{DOCUMENT} does not say {left_out:?}")).collect::<Vec<_>>());
}
