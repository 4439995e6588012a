//! What goes out.

use prometheus::proto::MetricType::{COUNTER, GAUGE, HISTOGRAM};
use relay::stage::release::Tier;
use relay::stats::{LATENCY_BOUNDS, RELEASE_BOUNDS};

use crate::status::{DEGRADED, shown_tier};

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
        name: "flowclient_pacing_tier",
        help: "1 for how the datagrams of a paced flow are released, 0 for the other ways: fq, by the kernel; timer, by this \
               process; degraded, too many of them too far from their time, whoever releases them.",
        kind: GAUGE,
        labels: &["flow", "tier"],
        fill: tier,
    },
    Family {
        name: "flowclient_release_error_seconds",
        help: "How far from its release time a paced datagram left, early or late, by the return of the send call; nothing if \
               the kernel was given it before its time, to keep it.",
        kind: HISTOGRAM,
        labels: &["flow"],
        fill: release_error,
    },
    Family {
        name: "flowclient_forward_latency_seconds",
        help: "Time from the kernel's receive stamp of a datagram, or from when it was due, to the return of the send call.",
        kind: HISTOGRAM,
        labels: &["flow"],
        fill: latency,
    },
];

fn tier(scene: &Scene, series: &mut Series) {
    for flow in &scene.flows {
        let Some(shown) = shown_tier(&flow.counters) else { continue };
        for tier in Tier::ALL.map(Tier::name).into_iter().chain([DEGRADED]) {
            series.add(&[&flow.name, tier], Some(f64::from(u8::from(tier == shown))));
        }
    }
}

fn release_error(scene: &Scene, series: &mut Series) {
    for flow in scene.flows.iter().filter(|flow| flow.counters.pacing_tier().is_some()) {
        let counts = flow.counters.release_buckets.as_slice();
        let sum_seconds = flow.counters.release_error_sum_nanos as f64 / 1e9;
        series.add_distribution(&[&flow.name], &Distribution { bounds: &RELEASE_BOUNDS, counts, sum_seconds });
    }
}

fn latency(scene: &Scene, series: &mut Series) {
    for flow in &scene.flows {
        let counts = flow.counters.latency_buckets.as_slice();
        let sum_seconds = flow.counters.latency_sum_nanos as f64 / 1e9;
        series.add_distribution(&[&flow.name], &Distribution { bounds: &LATENCY_BOUNDS, counts, sum_seconds });
    }
}
