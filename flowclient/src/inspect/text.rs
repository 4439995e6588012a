//! The report for people.

mod indicators;
mod paint;
mod splices;
mod stream;
mod table;

use super::document::Document;
use paint::Paint;

/// The report as text; with colours for a terminal.
pub(super) fn render(document: &Document, colours: bool) -> String {
    let paint = Paint::new(colours);
    let report = &document.report;
    let sections = [
        stream::summary(document, paint),
        stream::services(report, paint),
        stream::pids(report, paint),
        stream::tables(report, paint),
        indicators::table(report, paint),
        splices::table(report, paint),
        stream::clocks(report, paint),
        stream::arrival(report, paint),
    ];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}
