//! The table of a flow's metrics: name, help, type, and where each value comes from.

use prometheus::proto::MetricType::{self, COUNTER, GAUGE};

use crate::status::FlowView;

/// A metric of each flow.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: MetricType,
    pub(super) series: &'static [Series],
}

/// One series of a metric: its labels beside `flow`, and its value, if there is one yet.
pub(super) struct Series {
    pub(super) labels: &'static [(&'static str, &'static str)],
    pub(super) value: fn(&FlowView) -> Option<f64>,
}

/// Series whose value is a counter, each with its labels.
macro_rules! counted {
    ($($($label:literal = $value:literal),* => $counter:ident);*) => {
        &[$(Series {
            labels: &[$(($label, $value)),*],
            value: |flow| Some(flow.counters.$counter as f64),
        }),*]
    };
}

/// One series with no label beside `flow`.
macro_rules! gauged {
    ($value:expr) => {
        &[Series { labels: &[], value: $value }]
    };
}

/// Every metric of a flow that is one number a series.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "flowclient_input_datagrams_total",
        help: "Datagrams received, or made here by a file or test source, by input leg.",
        kind: COUNTER,
        series: counted!("input" = "1" => input_datagrams),
    },
    Family {
        name: "flowclient_input_bytes_total",
        help: "Bytes of the input datagrams, without IP and UDP headers, by input leg.",
        kind: COUNTER,
        series: counted!("input" = "1" => input_bytes),
    },
    Family {
        name: "flowclient_input_up",
        help: "1 while datagrams come in, 0 once the input has been silent for a second.",
        kind: GAUGE,
        series: gauged!(|flow| Some(flow.counters.input_up_gauge as f64)),
    },
    Family {
        name: "flowclient_input_last_datagram_timestamp_seconds",
        help: "Unix time of the last datagram in; absent before the first.",
        kind: GAUGE,
        series: gauged!(|flow| known(flow.counters.last_input_utc_nanos_gauge).map(|nanos| nanos / 1e9)),
    },
    Family {
        name: "flowclient_input_receive_buffer_bytes",
        help: "Receive buffer that the kernel granted; absent for sources made here. Raise the limit with net.core.rmem_max.",
        kind: GAUGE,
        series: gauged!(|flow| known(flow.counters.receive_buffer_bytes_gauge)),
    },
    Family {
        name: "flowclient_input_dropped_total",
        help: "Datagrams received and not passed on: kernel = socket buffer full, malformed = no valid RTP or transport \
               packets, late = after their place in the RTP sequence was given up, overflow = no buffer free.",
        kind: COUNTER,
        series: &[
            Series { labels: &[("reason", "kernel")], value: |flow| Some(flow.counters.dropped_kernel as f64) },
            Series { labels: &[("reason", "malformed")], value: |flow| Some(flow.counters.dropped_malformed() as f64) },
            Series { labels: &[("reason", "late")], value: |flow| Some(flow.counters.dropped_late as f64) },
            Series { labels: &[("reason", "overflow")], value: |flow| Some(flow.counters.dropped_overflow as f64) },
        ],
    },
    Family {
        name: "flowclient_input_malformed_total",
        help: "Datagrams dropped as malformed, by what is wrong with them.",
        kind: COUNTER,
        series: counted!(
            "defect" = "rtp_truncated" => malformed_rtp_truncated;
            "defect" = "rtp_version" => malformed_rtp_version;
            "defect" = "rtp_padding" => malformed_rtp_padding;
            "defect" = "giant" => malformed_giant;
            "defect" = "no_sync" => malformed_no_sync
        ),
    },
    Family {
        name: "flowclient_input_junk_bytes_total",
        help: "Bytes skipped in search of a sync byte, in datagrams that held transport packets too.",
        kind: COUNTER,
        series: counted!(=> junk_bytes),
    },
    Family {
        name: "flowclient_input_sync_losses_total",
        help: "Times that transport packet synchronisation was lost.",
        kind: COUNTER,
        series: counted!(=> sync_losses),
    },
    Family {
        name: "flowclient_input_lost_total",
        help: "RTP datagrams that never came, by their sequence numbers.",
        kind: COUNTER,
        series: counted!(=> rtp_lost),
    },
    Family {
        name: "flowclient_input_reordered_total",
        help: "RTP datagrams that came out of order and were put right.",
        kind: COUNTER,
        series: counted!(=> rtp_reordered),
    },
    Family {
        name: "flowclient_input_duplicates_total",
        help: "RTP datagrams that came twice; the second was dropped.",
        kind: COUNTER,
        series: counted!(=> rtp_duplicates),
    },
    Family {
        name: "flowclient_recordings_total",
        help: "Recordings of what came around an alarm, by whether they could be saved.",
        kind: COUNTER,
        series: counted!("outcome" = "saved" => recordings; "outcome" = "failed" => recordings_failed),
    },
    Family {
        name: "flowclient_ts_packets_total",
        help: "Transport packets of 188 bytes passed on, null packets included.",
        kind: COUNTER,
        series: counted!(=> ts_packets),
    },
    Family {
        name: "flowclient_ts_rate_bytes_per_second",
        help: "Multiplex rate as its PCR says, null packets included; absent while unknown. Times 8 for bits.",
        kind: GAUGE,
        series: gauged!(|flow| known(flow.counters.bitrate_gauge).map(|bits| bits / 8.0)),
    },
    Family {
        name: "flowclient_tr101290_errors_total",
        help: "Errors of the stream as it came in, by ETSI TR 101 290 priority and indicator.",
        kind: COUNTER,
        series: counted!("priority" = "1", "indicator" = "continuity" => continuity_errors),
    },
    Family {
        name: "flowclient_pace_resets_total",
        help: "Times that the pace of the output was anchored anew, after a PCR jump or a long silence.",
        kind: COUNTER,
        series: counted!(=> pace_resets),
    },
    Family {
        name: "flowclient_output_datagrams_total",
        help: "Datagrams sent, all outputs together.",
        kind: COUNTER,
        series: counted!(=> output_datagrams),
    },
    Family {
        name: "flowclient_output_bytes_total",
        help: "Bytes of the datagrams sent, RTP headers included, IP and UDP headers not.",
        kind: COUNTER,
        series: counted!(=> output_bytes),
    },
    Family {
        name: "flowclient_output_errors_total",
        help: "Datagrams that an output refused: no route, interface down, or queue full.",
        kind: COUNTER,
        series: counted!(=> output_errors),
    },
    Family {
        name: "flowclient_on_air",
        help: "1 while datagrams come in and at least one output takes them, else 0.",
        kind: GAUGE,
        series: gauged!(|flow| Some(f64::from(u8::from(flow.is_on_air())))),
    },
];

/// A gauge that is 0 while its value is unknown.
fn known(gauge: u64) -> Option<f64> {
    (gauge != 0).then_some(gauge as f64)
}
