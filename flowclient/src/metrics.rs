//! Metrics in the Prometheus text format, read from the board when they are scraped.

mod family;
mod process;
mod table;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::proto::MetricType::{COUNTER, GAUGE, HISTOGRAM};
use prometheus::{Registry, TextEncoder};

use crate::status::{Board, FlowView, Reloads};
use family::{family, latency_histogram, metric};
use table::{FAMILIES, Family};

/// Version of the program.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Revision of the source that the program was built from, or `unknown`.
pub(crate) const REVISION: &str = env!("FLOWCLIENT_REVISION");

/// A registry that shows the board.
///
/// # Errors
/// When a name in the table is no valid metric name, or stands there twice.
pub(crate) fn registry(board: Arc<Board>) -> prometheus::Result<Registry> {
    let registry = Registry::new();
    registry.register(Box::new(BoardCollector::new(board)?))?;
    Ok(registry)
}

/// The text that a scrape gets.
///
/// # Errors
/// When a family cannot be written, which no family of the table is.
pub(crate) fn render(registry: &Registry) -> prometheus::Result<String> {
    TextEncoder::new().encode_to_string(&registry.gather())
}

struct BoardCollector {
    board: Arc<Board>,
    descs: Vec<Desc>,
}

impl BoardCollector {
    fn new(board: Arc<Board>) -> prometheus::Result<Self> {
        let descs = FAMILIES.iter().map(|row| {
            let labels = row.series.first().map_or(&[][..], |series| series.labels).iter();
            let labels = ["flow"].into_iter().chain(labels.map(|(name, _)| *name)).map(str::to_owned).collect();
            Desc::new(row.name.to_owned(), row.help.to_owned(), labels, HashMap::new())
        });
        Ok(Self { descs: descs.collect::<prometheus::Result<_>>()?, board })
    }
}

impl Collector for BoardCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let views = self.board.views();
        let mut families: Vec<_> = FAMILIES.iter().map(|row| of_flows(row, &views)).collect();
        families.extend([build_info(), flow_info(&views), forward_latency(&views)]);
        families.extend(reloads(self.board.reloads()));
        families.extend(process::families(self.board.started_utc()));
        families
    }
}

fn of_flows(row: &Family, views: &[FlowView]) -> MetricFamily {
    let metrics = views.iter().flat_map(|view| {
        row.series.iter().filter_map(move |series| {
            let labels = [("flow", view.name.as_str())].into_iter().chain(series.labels.iter().copied());
            Some(metric(row.kind, labels, (series.value)(view)?))
        })
    });
    family(row.name, row.help, row.kind, metrics.collect())
}

fn build_info() -> MetricFamily {
    let labels = [("version", VERSION), ("revision", REVISION)];
    let help = "1; its labels say which build of flowclient this is.";
    family("flowclient_build_info", help, GAUGE, vec![metric(GAUGE, labels.into_iter(), 1.0)])
}

fn flow_info(views: &[FlowView]) -> MetricFamily {
    let metrics = views.iter().map(|view| {
        let outputs: Vec<_> = view.outputs.iter().map(|output| output.address.as_str()).collect();
        let outputs = outputs.join(" ");
        let labels = [("flow", view.name.as_str()), ("source", &view.source), ("outputs", &outputs)];
        metric(GAUGE, labels.into_iter(), 1.0)
    });
    family("flowclient_flow_info", "1; its labels say where the flow comes from and goes.", GAUGE, metrics.collect())
}

fn forward_latency(views: &[FlowView]) -> MetricFamily {
    let metrics = views.iter().map(|view| latency_histogram(&view.name, &view.counters));
    let help =
        "Time from the kernel's receive stamp of a datagram, or from when it was due, to the return of the send call.";
    family("flowclient_forward_latency_seconds", help, HISTOGRAM, metrics.collect())
}

fn reloads(reloads: Reloads) -> [MetricFamily; 2] {
    let outcomes = [("unchanged", reloads.unchanged), ("applied", reloads.applied), ("refused", reloads.refused)];
    let counts = outcomes.map(|(outcome, count)| metric(COUNTER, [("outcome", outcome)].into_iter(), count as f64));
    let success = reloads.last_success.and_then(|time: SystemTime| time.duration_since(UNIX_EPOCH).ok());
    let success = success.map(|span| metric(GAUGE, [].into_iter(), span.as_secs_f64()));
    [
        family(
            "flowclient_config_reloads_total",
            "Reloads of the configuration: unchanged = what is wanted ran already, applied, refused = nothing was changed.",
            COUNTER,
            counts.to_vec(),
        ),
        family(
            "flowclient_config_last_reload_success_timestamp_seconds",
            "Unix time at which the configuration was last loaded without a fault.",
            GAUGE,
            success.into_iter().collect(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay::stats::FlowStats;

    /// Metrics of the contract that one flow without a pair shows.
    const CONTRACT: &[&str] = &[
        "flowclient_build_info{version=",
        "flowclient_input_datagrams_total{flow=\"ch7\",input=\"1\"} 5",
        "flowclient_input_bytes_total{flow=\"ch7\",input=\"1\"} 6580",
        "flowclient_output_datagrams_total{flow=\"ch7\"}",
        "flowclient_output_bytes_total{flow=\"ch7\"}",
        "flowclient_input_dropped_total{flow=\"ch7\",reason=\"kernel\"} 3",
        "flowclient_input_dropped_total{flow=\"ch7\",reason=\"malformed\"}",
        "flowclient_input_dropped_total{flow=\"ch7\",reason=\"late\"}",
        "flowclient_input_dropped_total{flow=\"ch7\",reason=\"overflow\"}",
        "flowclient_ts_packets_total{flow=\"ch7\"}",
        "flowclient_tr101290_errors_total{flow=\"ch7\",priority=\"1\",indicator=\"continuity\"} 2",
        "flowclient_forward_latency_seconds_bucket{flow=\"ch7\",le=\"0.00001\"} 1",
        "flowclient_forward_latency_seconds_bucket{flow=\"ch7\",le=\"+Inf\"} 2",
        "flowclient_forward_latency_seconds_count{flow=\"ch7\"} 2",
        "flowclient_on_air{flow=\"ch7\"} 1",
    ];

    fn scrape(stats: Arc<FlowStats>) -> String {
        let board = Arc::new(Board::new());
        board.enter(&crate::plan::tests::spec("ch7", 5_000), stats);
        render(&registry(board).unwrap()).unwrap()
    }

    #[test]
    fn the_contract_is_kept() {
        let mut counters = relay::stats::Counters {
            input_datagrams: 5,
            input_bytes: 6_580,
            dropped_kernel: 3,
            continuity_errors: 2,
            input_up_gauge: 1,
            ..Default::default()
        };
        counters.observe_latency(std::time::Duration::from_micros(9));
        counters.observe_latency(std::time::Duration::from_secs(9));
        let stats = Arc::new(FlowStats::default());
        stats.publish(&counters);
        let text = scrape(stats);
        for wanted in CONTRACT {
            assert!(text.lines().any(|line| line.starts_with(wanted)), "{wanted} is missing from\n{text}");
        }
    }

    #[test]
    fn what_is_not_known_yet_is_left_out() {
        let text = scrape(Arc::default());
        for absent in ["last_datagram_timestamp", "receive_buffer_bytes", "ts_rate_bytes"] {
            assert!(!text.contains(absent), "{absent} is in\n{text}");
        }
        assert!(text.contains("flowclient_input_up{flow=\"ch7\"} 0"));
    }

    #[test]
    fn every_metric_says_what_it_is() {
        let text = scrape(Arc::default());
        let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        for name in names {
            assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
        }
    }

    #[test]
    fn the_process_tells_what_it_costs() {
        let text = scrape(Arc::default());
        for name in ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"] {
            assert!(text.contains(&format!("\n{name} ")), "{name} is missing");
        }
    }
}
