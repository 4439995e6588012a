//! What goes out.

use prometheus::proto::MetricType::{COUNTER, GAUGE, HISTOGRAM};
use relay::stats::LATENCY_BOUNDS;

use super::{Distribution, Family, Scene, Series, each_flow, of_flow};

pub(super) const FAMILIES: &[Family] = &[
    of_flow!(
        COUNTER "flowclient_output_datagrams_total",
        "Datagrams sent, all outputs together.",
        |flow| Some(flow.counters.output_datagrams as f64)
    ),
    of_flow!(
        COUNTER "flowclient_output_bytes_total",
        "Bytes of the datagrams sent, RTP headers included, IP and UDP headers not.",
        |flow| Some(flow.counters.output_bytes as f64)
    ),
    of_flow!(
        COUNTER "flowclient_output_errors_total",
        "Datagrams that an output refused: no route, interface down, or queue full.",
        |flow| Some(flow.counters.output_errors as f64)
    ),
    of_flow!(
        GAUGE "flowclient_outputs_by_xdp",
        "Outputs whose datagrams leave by AF_XDP; the others leave through sockets.",
        |flow| Some(flow.counters.xdp_outputs_gauge as f64)
    ),
    of_flow!(
        COUNTER "flowclient_pace_resets_total",
        "Times that the pace of the output was anchored anew, after a PCR jump or a long silence.",
        |flow| Some(flow.counters.pace_resets as f64)
    ),
    Family {
        name: "flowclient_forward_latency_seconds",
        help: "Time from the kernel's receive stamp of a datagram, or from when it was due, to the return of the send call.",
        kind: HISTOGRAM,
        labels: &["flow"],
        fill: latency,
    },
];

fn latency(scene: &Scene, series: &mut Series) {
    for flow in &scene.flows {
        let counts = flow.counters.latency_buckets.as_slice();
        let sum_seconds = flow.counters.latency_sum_nanos as f64 / 1e9;
        series.add_distribution(&[&flow.name], &Distribution { bounds: &LATENCY_BOUNDS, counts, sum_seconds });
    }
}
