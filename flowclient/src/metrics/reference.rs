//! The list of all metrics, as Markdown.

use std::fmt::Write;

use prometheus::proto::MetricType;

use super::family::Family;
use super::table::GROUPS;

/// Every metric with its type, labels and meaning, under a heading a group.
pub(crate) fn reference() -> String {
    let mut text = String::new();
    for group in GROUPS {
        let rows: String = group.families.iter().map(row).collect();
        // Writing to a string cannot fail.
        let _ = write!(text, "\n## {}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n{rows}", group.title);
    }
    text
}

fn row(family: &Family) -> String {
    let kind = match family.kind {
        MetricType::COUNTER => "counter",
        MetricType::HISTOGRAM => "histogram",
        _ => "gauge",
    };
    let labels: Vec<_> = family.labels.iter().map(|label| format!("`{label}`")).collect();
    format!("| `{}` | {kind} | {} | {} |\n", family.name, labels.join(", "), family.help)
}
