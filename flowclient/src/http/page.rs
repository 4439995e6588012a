//! The page for people: the flows as a table, loaded again every two seconds.

use std::time::Duration;

use crate::human;
use crate::metrics::{REVISION, VERSION};
use crate::status::FlowView;

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="2">
<title>flowclient</title>
<style>
body { font: 16px system-ui, sans-serif; margin: 2rem; color-scheme: light dark }
table { border-collapse: collapse }
th, td { text-align: left; vertical-align: top; padding: .4rem 1rem .4rem 0; border-bottom: 1px solid #8884 }
td.number { text-align: right; font-variant-numeric: tabular-nums }
.good { color: #2a8a3e } .bad { color: #d33 }
</style>
"#;

/// The page.
pub(super) fn render(flows: &[FlowView], uptime: Duration) -> String {
    let on_air = flows.iter().filter(|flow| flow.is_on_air()).count();
    let rows: String = flows.iter().map(row).collect();
    let total = flows.len();
    let up = human::span(uptime);
    format!(
        "{HEAD}<h1>flowclient</h1>\n<p>{on_air} of {total} flows on air. Up {up}. Version {VERSION} ({REVISION}).</p>\n\
         <table>\n<tr><th>Flow<th>State<th>From<th>To<th>In<th>Out<th>Datagrams out<th>Loss<th>Up</tr>\n{rows}</table>\n\
         <p><a href=\"/metrics\">Metrics</a>, <a href=\"/api/v1/flows\">JSON</a>, <a href=\"/readyz\">readiness</a></p>\n"
    )
}

fn row(flow: &FlowView) -> String {
    let outputs: Vec<_> = flow.outputs.iter().map(|output| escaped(&output.address)).collect();
    let class = if flow.troubles.is_empty() { "good" } else { "bad" };
    let state = if flow.troubles.is_empty() { flow.state.to_string() } else { escaped(&flow.troubles.join("; ")) };
    format!(
        "<tr><th>{}<td class=\"{class}\">{state}<td>{}<td>{}<td class=\"number\">{}<td class=\"number\">{}\
         <td class=\"number\">{}<td>{}<td class=\"number\">{}</tr>\n",
        escaped(&flow.name),
        escaped(&flow.source),
        outputs.join("<br>"),
        human::bit_rate(flow.rates.input_bits),
        human::bit_rate(flow.rates.output_bits),
        human::count(flow.counters.output_datagrams),
        human::loss(std::iter::once(&flow.counters)),
        human::span(flow.uptime),
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
}
