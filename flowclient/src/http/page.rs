//! The page for people. Its scripts draw it from `/api/v1/stream`; without scripts it is a table.

use std::time::Duration;

use crate::human;
use crate::metrics::{REVISION, VERSION};
use crate::status::FlowView;

const PAGE: &str = include_str!("../../assets/page.html");
/// Where the page has the table.
const TABLE: &str = "<!-- table -->";

/// The page.
pub(super) fn render(flows: &[FlowView], uptime: Duration) -> String {
    PAGE.replace(TABLE, &table(flows, uptime))
}

/// What those see who run no scripts.
fn table(flows: &[FlowView], uptime: Duration) -> String {
    let on_air = flows.iter().filter(|flow| flow.is_on_air()).count();
    let rows: String = flows.iter().map(row).collect();
    let total = flows.len();
    let up = human::span(uptime);
    format!(
        "<p>{on_air} of {total} flows on air. Up {up}. Version {VERSION} ({REVISION}).</p>\n\
         <table>\n<tr><th>Flow<th>State<th>From<th>To<th>In<th>Out<th>Loss</tr>\n{rows}</table>\n"
    )
}

fn row(flow: &FlowView) -> String {
    let outputs: Vec<_> = flow.outputs.iter().map(|output| escaped(&output.address)).collect();
    let state = if flow.troubles.is_empty() { flow.state.to_string() } else { escaped(&flow.troubles.join("; ")) };
    format!(
        "<tr><th>{}<td>{state}<td>{}<td>{}<td>{}<td>{}<td>{}</tr>\n",
        escaped(&flow.name),
        escaped(&flow.source),
        outputs.join("<br>"),
        human::bit_rate(flow.rates.input_bits),
        human::bit_rate(flow.rates.output_bits),
        human::loss(std::iter::once(&flow.counters)),
    )
}

/// Text as HTML shows it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_is_no_markup() {
        assert_eq!(escaped("<b>&\"x\""), "&lt;b&gt;&amp;&quot;x&quot;");
    }

    #[test]
    fn without_scripts_there_is_a_table() {
        assert!(render(&[], Duration::ZERO).contains("0 of 0 flows on air."));
    }
}
