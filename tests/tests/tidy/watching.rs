//! Alert rules and dashboard: they speak of metrics that exist.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::watching::{dashboard, documented, in_rules, names, panels, queries};

use crate::assert_none;

/// Complaints about names that are not in the documentation, which a test of flowclient holds to its table of metrics.
fn unknown(place: &str, used: &BTreeSet<String>) -> Vec<String> {
    let known = documented();
    used.difference(&known).map(|name| format!("{place}: there is no metric {name}")).collect()
}

#[test]
fn the_alert_rules_speak_of_metrics_that_exist() {
    let used = in_rules();
    assert!(used.len() > 10, "{used:?}");
    assert_none(&unknown("rules", &used));
}

#[test]
fn the_dashboard_speaks_of_metrics_that_exist() {
    let dashboard = dashboard();
    let used = panels(&dashboard).into_iter().flat_map(queries).flat_map(|query| names(&query)).collect();
    assert_none(&unknown("dashboard", &used));
    let variables: Vec<_> = dashboard["templating"]["list"].as_array().unwrap().iter().collect();
    let asked = variables.iter().filter_map(|variable| variable["definition"].as_str()).flat_map(names).collect();
    assert_none(&unknown("variables", &asked));
}

#[test]
fn each_panel_has_a_number_a_title_a_query_and_a_place_of_its_own() {
    let dashboard = dashboard();
    let (mut numbers, mut places) = (BTreeSet::new(), BTreeSet::new());
    let mut complaints = Vec::new();
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().unwrap_or_default();
        let is_whole = !title.is_empty() && !queries(panel).is_empty() && numbers.insert(panel["id"].as_u64().unwrap());
        let is_apart = cells(&panel["gridPos"]).into_iter().all(|cell| places.insert(cell));
        complaints.extend((!is_whole || !is_apart).then(|| format!("panel {title}")));
    }
    assert_none(&complaints);
}

/// The cells of the grid, 24 wide, that a panel covers.
fn cells(place: &Value) -> Vec<(u64, u64)> {
    let [x, y, width, height] = ["x", "y", "w", "h"].map(|key| place[key].as_u64().unwrap());
    assert!(x + width <= 24, "{place}");
    (x..x + width).flat_map(|column| (y..y + height).map(move |line| (column, line))).collect()
}
