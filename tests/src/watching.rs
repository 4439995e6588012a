//! What is shipped for those who watch flowclient: the list of metrics, alert rules, and a dashboard.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

/// Folder of the alert rules and their tests.
pub const RULES_FOLDER: &str = "deploy/prometheus";
/// The alert rules.
pub const RULES: &str = "deploy/prometheus/flowclient.rules.yml";
const DASHBOARD: &str = "deploy/grafana/flowclient.json";
const METRICS: &str = "docs/metrics.md";
/// How metrics of flowclient begin.
const PREFIXES: [&str; 2] = ["flowclient_", "process_"];
/// What a histogram adds to its name.
const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];

/// A path of the repository.
pub fn path(relative: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(relative)
}

/// Names of the metrics that the documentation lists.
pub fn documented() -> BTreeSet<String> {
    let text = read(METRICS);
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.filter(|name| is_metric(name)).map(Into::into).collect()
}

/// Names of the metrics in a scrape, by their TYPE lines.
pub fn scraped(text: &str) -> BTreeSet<String> {
    text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).map(Into::into).collect()
}

/// Names of the metrics that the alert rules speak of.
pub fn in_rules() -> BTreeSet<String> {
    names(&read(RULES))
}

/// The dashboard.
///
/// # Panics
/// When it is not JSON.
pub fn dashboard() -> Value {
    serde_json::from_str(&read(DASHBOARD)).expect("the dashboard is JSON")
}

/// Panels of a dashboard that show something, rows left out.
///
/// # Panics
/// When it has none.
pub fn panels(dashboard: &Value) -> Vec<&Value> {
    let panels = dashboard["panels"].as_array().expect("panels");
    panels.iter().filter(|panel| panel["type"] != "row").collect()
}

/// Queries of a panel, as they are written.
pub fn queries(panel: &Value) -> Vec<String> {
    let targets = panel["targets"].as_array().into_iter().flatten();
    targets.filter_map(|target| target["expr"].as_str()).map(Into::into).collect()
}

/// Names of metrics in `text`; of a histogram's parts, its name.
pub fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
    let metrics = words.filter(|word| is_metric(word));
    metrics.map(|name| PARTS.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name).to_owned()).collect()
}

fn is_metric(word: &str) -> bool {
    PREFIXES.iter().any(|prefix| word.starts_with(prefix))
}

fn read(relative: &str) -> String {
    fs::read_to_string(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_expressions() {
        let found = names("rate(flowclient_a_seconds_bucket{flow=\"x\"}[1m]) / process_b_total > flowclient.c");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["flowclient_a_seconds", "process_b_total"]);
    }
}
