//! How datagrams arrive. A source made here has none of these.

use prometheus::proto::MetricType::{GAUGE, HISTOGRAM};
use relay::stage::inspect::arrival::INTERVAL_BOUNDS;
use relay::stage::inspect::report::ArrivalReport;

use super::{Distribution, Family, Scene, Series, each_flow, of_flow};
use crate::status::FlowView;

pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "flowclient_input_interarrival_seconds",
        help: "Time from one input datagram to the next.",
        kind: HISTOGRAM,
        labels: &["flow"],
        fill: interarrival,
    },
    of_flow!(
        GAUGE "flowclient_media_delivery_index_delay_factor_seconds",
        "Delay factor of the Media Delivery Index (RFC 4445) over the last second: how much buffer, as time, the arrivals \
         would have needed at an even rate.",
        |flow| arrival(flow)?.delay_factor_seconds
    ),
    of_flow!(
        GAUGE "flowclient_media_delivery_index_loss_rate",
        "Media loss rate of the Media Delivery Index (RFC 4445): transport packets lost or out of order in the last \
         second.",
        |flow| arrival(flow)?.media_loss_rate
    ),
    of_flow!(
        GAUGE "flowclient_ts_delay_factor_seconds",
        "Time-stamped delay factor (EBU Tech 3337) over the last second; RTP only.",
        |flow| arrival(flow)?.time_stamped_delay_factor_seconds
    ),
    of_flow!(
        GAUGE "flowclient_rtp_jitter_seconds",
        "Interarrival jitter (RFC 3550, 6.4.1); RTP only.",
        |flow| arrival(flow)?.rtp_jitter_seconds
    ),
];

fn arrival(flow: &FlowView) -> Option<&ArrivalReport> {
    flow.report.arrival.as_ref()
}

fn interarrival(scene: &Scene, series: &mut Series) {
    for flow in &scene.flows {
        if let Some(arrival) = arrival(flow) {
            let (counts, sum_seconds) = (arrival.intervals.as_slice(), arrival.intervals_sum_seconds);
            series.add_distribution(&[&flow.name], &Distribution { bounds: &INTERVAL_BOUNDS, counts, sum_seconds });
        }
    }
}
