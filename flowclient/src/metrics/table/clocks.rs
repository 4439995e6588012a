//! The PCR. A stream may have several clocks: shown is the worst of them.

use prometheus::proto::MetricType::GAUGE;
use relay::stage::inspect::report::ClockReport;

use super::{Family, each_flow, of_flow};
use crate::status::FlowView;

pub(super) const FAMILIES: &[Family] = &[
    of_flow!(
        GAUGE "flowclient_pcr_accuracy_seconds",
        "Largest error of a PCR against its place in the stream (TR 101 290, 2.4, which allows 500 ns) in the last window, \
         worst of the stream's clocks; absent while the rate is not constant.",
        |flow| worst(flow, |clock| clock.accuracy_seconds)
    ),
    of_flow!(
        GAUGE "flowclient_pcr_jitter_seconds",
        "Spread of arrival against PCR in the last second, network jitter included, worst of the stream's clocks.",
        |flow| worst(flow, |clock| clock.jitter_seconds)
    ),
    of_flow!(
        GAUGE "flowclient_pcr_drift_ratio",
        "How much faster the stream's clock runs than this host's, as a ratio (0.00003 = 30 parts per million, the most \
         that ISO/IEC 13818-1 allows against true time); of several clocks, the one that drifts most.",
        |flow| worst(flow, |clock| clock.drift_ppm).map(|drift| drift / 1e6)
    ),
];

/// The value farthest from zero.
fn worst(flow: &FlowView, value: fn(&ClockReport) -> Option<f64>) -> Option<f64> {
    flow.report.clocks.iter().filter_map(value).max_by(|a, b| a.abs().total_cmp(&b.abs()))
}
