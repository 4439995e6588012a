//! The indicators of TR 101 290.

use relay::stage::inspect::report::{IndicatorReport, Report};

use super::paint::Paint;
use super::table::Align::{Left, Right};
use super::table::Table;
use crate::human::count;

/// All indicators, in the order of the document.
pub(super) fn table(report: &Report, paint: Paint) -> String {
    let columns = [("CLAUSE", Left), ("INDICATOR", Left), ("PRIORITY", Right), ("ERRORS", Right), ("LAST", Left)];
    let mut table = Table::new("TR 101 290", columns);
    let mut indicators: Vec<_> = report.tr101290.iter().collect();
    indicators.sort_by_key(|(_, indicator)| order(indicator.clause));
    for (name, indicator) in indicators {
        let cells = [
            indicator.clause.to_owned(),
            (*name).to_owned(),
            indicator.priority.to_string(),
            count(indicator.errors),
            last(indicator),
        ];
        table.judged_row(cells, indicator.errors == 0);
    }
    table.render(paint)
}

/// `2.10` comes after `2.9`.
fn order(clause: &str) -> Vec<(usize, &str)> {
    clause.split('.').map(|part| (part.len(), part)).collect()
}

fn last(indicator: &IndicatorReport) -> String {
    let Some(offence) = indicator.last else { return String::new() };
    indicator.last_pid.map_or_else(|| offence.to_string(), |pid| format!("PID {pid}: {offence}"))
}
