//! The progress line.

use std::time::Duration;

use crate::human;
use crate::status::{FlowView, Rates};

/// One line of at most `columns` characters that tells how the flows do.
pub(crate) fn render(flows: &[FlowView], uptime: Duration, columns: usize) -> String {
    let rates: Rates = flows.iter().map(|flow| flow.rates).sum();
    let datagrams = flows.iter().map(|flow| flow.counters.output_datagrams).sum();
    let line = [
        who(flows),
        format!("in {}", human::bit_rate(rates.input_bits)),
        format!("out {}", human::bit_rate(rates.output_bits)),
        format!("{} datagrams", human::count(datagrams)),
        human::loss(flows.iter().map(|flow| &flow.counters)),
        human::span(uptime),
    ];
    // The last column stays free: a character there makes some terminals begin a new line.
    line.join(" | ").chars().take(columns.saturating_sub(1)).collect()
}

fn who(flows: &[FlowView]) -> String {
    match flows {
        [flow] => format!("{} {}", flow.name, flow.state),
        _ => format!("{} of {} flows on air", flows.iter().filter(|flow| flow.is_on_air()).count(), flows.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::State;
    use relay::stats::Counters;

    fn flow(name: &str, state: State) -> FlowView {
        FlowView {
            name: name.to_owned(),
            source: String::new(),
            outputs: Vec::new(),
            counters: Counters { output_datagrams: 12_345, ..Counters::default() },
            report: Default::default(),
            shown_pids: Default::default(),
            pair: None,
            thread: 0,
            recent: Default::default(),
            loss: Default::default(),
            rates: Rates { input_bits: 8.0e6, output_bits: 8.1e6 },
            state,
            troubles: Vec::new(),
            uptime: Duration::ZERO,
        }
    }

    #[test]
    fn one_flow_is_told_by_name() {
        let line = render(&[flow("ch7", State::OnAir)], Duration::from_secs(61), 200);
        assert_eq!(line, "ch7 on air | in 8.00 Mb/s | out 8.10 Mb/s | 12,345 datagrams | no loss | 0:01:01");
    }

    #[test]
    fn several_flows_are_summed_and_the_healthy_ones_counted() {
        let line = render(&[flow("a", State::OnAir), flow("b", State::NoInput)], Duration::ZERO, 200);
        assert!(line.starts_with("1 of 2 flows on air | in 16.00 Mb/s"), "{line}");
        assert!(line.contains("24,690 datagrams"), "{line}");
    }

    #[test]
    fn the_line_never_wraps() {
        assert_eq!(render(&[flow("ch7", State::OnAir)], Duration::ZERO, 11), "ch7 on air");
        assert_eq!(render(&[], Duration::ZERO, 0), "");
    }
}
