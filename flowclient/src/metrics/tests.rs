use super::*;
use relay::pair::machine::Role;
use relay::stage::inspect::Inspector;
use relay::stage::inspect::report::{ArrivalReport, ClockReport};
use relay::stats::FlowStats;
use relay::time::Time;

use crate::status::tests::{pair_status, pid_report};

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
    "flowclient_tr101290_errors_total{flow=\"ch7\",priority=\"1\",indicator=\"continuity_count_error\"} 2",
    "flowclient_forward_latency_seconds_bucket{flow=\"ch7\",le=\"0.00001\"} 1",
    "flowclient_forward_latency_seconds_bucket{flow=\"ch7\",le=\"+Inf\"} 2",
    "flowclient_forward_latency_seconds_count{flow=\"ch7\"} 2",
    "flowclient_on_air{flow=\"ch7\"} 1",
];

fn scrape(stats: Arc<FlowStats>) -> String {
    let board = Arc::new(Board::new());
    board.enter(&crate::plan::tests::spec("ch7", 5_000), stats, 0);
    board.sample(std::time::Instant::now());
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
    for absent in
        ["last_datagram_timestamp", "receive_buffer_bytes", "ts_rate_bytes", "_pid", "pcr_", "alarm", "interarrival"]
    {
        assert!(!text.contains(absent), "{absent} is in\n{text}");
    }
    assert!(text.contains("flowclient_input_up{flow=\"ch7\"} 0"));
}

/// A flow with two clocks, arrivals, an alarm and more PIDs than are shown.
fn inspected() -> Arc<FlowStats> {
    let mut report = Inspector::default().report(Time::default());
    let pat = report.tr101290.get_mut("pat_error_2").unwrap();
    (pat.errors, pat.raised) = (3, true);
    let clock = |pid, error, drift_ppm| ClockReport {
        pid,
        longest_interval_seconds: 0.04,
        accuracy_seconds: Some(error),
        jitter_seconds: None,
        drift_ppm: Some(drift_ppm),
    };
    report.clocks = vec![clock(256, 1e-7, 2.0), clock(257, 3e-7, -30.0)];
    report.arrival = Some(ArrivalReport {
        delay_factor_seconds: Some(0.25),
        intervals: (0..13).collect(),
        intervals_sum_seconds: 7.5,
        ..ArrivalReport::default()
    });
    report.pids = (1..=70).map(|pid| pid_report(pid, 10 * u64::from(pid), 2)).collect();
    let stats = Arc::new(FlowStats::default());
    stats.publish_report(report);
    stats
}

/// What one flow with a report shows beyond the contract.
const INSPECTED: &[&str] = &[
    "flowclient_tr101290_errors_total{flow=\"ch7\",priority=\"1\",indicator=\"pat_error_2\"} 3",
    "flowclient_tr101290_errors_total{flow=\"ch7\",priority=\"3\",indicator=\"tdt_error\"} 0",
    "flowclient_tr101290_alarm{flow=\"ch7\",priority=\"1\",indicator=\"pat_error_2\"} 1",
    "flowclient_tr101290_alarm{flow=\"ch7\",priority=\"2\",indicator=\"crc_error\"} 0",
    "flowclient_pcr_accuracy_seconds{flow=\"ch7\"} 0.0000003",
    "flowclient_pcr_drift_ratio{flow=\"ch7\"} -0.00003",
    "flowclient_media_delivery_index_delay_factor_seconds{flow=\"ch7\"} 0.25",
    "flowclient_input_interarrival_seconds_bucket{flow=\"ch7\",le=\"0.0001\"} 1",
    "flowclient_input_interarrival_seconds_count{flow=\"ch7\"} 78",
    "flowclient_input_interarrival_seconds_sum{flow=\"ch7\"} 7.5",
    "flowclient_pids{flow=\"ch7\"} 70",
    "flowclient_pids_omitted{flow=\"ch7\"} 6",
    "flowclient_pid_packets_total{flow=\"ch7\",pid=\"70\"} 700",
    "flowclient_pid_continuity_errors_total{flow=\"ch7\",pid=\"7\"} 2",
];

#[test]
fn what_inspection_has_found_is_shown() {
    let text = scrape(inspected());
    for wanted in INSPECTED {
        assert!(text.lines().any(|line| line.starts_with(wanted)), "{wanted} is missing from\n{text}");
    }
    assert_eq!(text.lines().filter(|line| line.starts_with("flowclient_pid_packets_total{")).count(), 64);
    for unknown in ["pcr_jitter", "loss_rate", "rtp_jitter", "flowclient_ts_delay_factor"] {
        assert!(!text.contains(unknown), "{unknown} is in\n{text}");
    }
}

/// What one flow of a pair shows beyond the contract.
const PAIRED: &[&str] = &[
    "flowclient_on_air{flow=\"ch7\"} 0",
    "flowclient_pair_role{flow=\"ch7\",role=\"standby\"} 1",
    "flowclient_pair_role{flow=\"ch7\",role=\"on_air\"} 0",
    "flowclient_pair_term{flow=\"ch7\"} 5",
    "flowclient_pair_ready{flow=\"ch7\"} 1",
    "flowclient_pair_peers{flow=\"ch7\"} 1",
    "flowclient_pair_ready_peers{flow=\"ch7\"} 0",
    "flowclient_pair_clock_offset_seconds{flow=\"ch7\"} -0.25",
    "flowclient_takeovers_total{flow=\"ch7\",reason=\"silence\"} 4",
    "flowclient_takeovers_total{flow=\"ch7\",reason=\"nobody\"} 0",
    "flowclient_left_air_total{flow=\"ch7\",reason=\"better_input\"} 2",
    "flowclient_suppressed_datagrams_total{flow=\"ch7\"} 77",
    "flowclient_pair_shadow_datagrams_total{flow=\"ch7\",result=\"equal\"} 30",
    "flowclient_pair_strangers_total{flow=\"ch7\"} 1",
];

#[test]
fn other_instances_are_shown_of_a_flow_that_has_them() {
    let counters = relay::stats::Counters {
        input_up_gauge: 1,
        takeovers_silence: 4,
        left_air_better_input: 2,
        suppressed_datagrams: 77,
        shadow_equal: 30,
        strangers: 1,
        ..Default::default()
    };
    let stats = Arc::new(FlowStats::default());
    stats.publish(&counters);
    stats.publish_pair(pair_status(Role::Standby));
    let text = scrape(stats);
    for wanted in PAIRED {
        assert!(text.lines().any(|line| line.starts_with(wanted)), "{wanted} is missing from\n{text}");
    }
    assert!(!scrape(Arc::default()).contains("_pair_"));
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

#[test]
fn the_documentation_lists_every_metric_as_the_table_has_it() {
    let document = include_str!("../../../docs/metrics.md");
    let reference = reference();
    let missing: Vec<_> = reference.lines().filter(|line| !document.lines().any(|have| have == *line)).collect();
    assert!(missing.is_empty(), "docs/metrics.md is to end as `flowclient metrics` prints; missing are {missing:#?}");
    let is_row = |line: &&str| ["| `flowclient_", "| `process_"].iter().any(|start| line.starts_with(start));
    let rows = |text: &str| text.lines().filter(is_row).count();
    assert_eq!(rows(document), rows(&reference), "docs/metrics.md lists what is no metric");
}
