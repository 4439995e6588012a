//! What is wrong with the stream.

use prometheus::proto::MetricType::{COUNTER, GAUGE};
use relay::stage::inspect::indicator::Indicator;

use super::{Family, Scene, Series, of_flow_by};
use crate::status::FlowView;

pub(super) const FAMILIES: &[Family] = &[
    of_flow_by!(
        "outcome",
        "flowclient_recordings_total",
        "Recordings of what came around an error of priority 1, by whether they could be saved.",
        "saved" => |counters| counters.recordings,
        "failed" => |counters| counters.recordings_failed,
    ),
    Family {
        name: "flowclient_tr101290_errors_total",
        help: "Errors of the stream as it came in, by ETSI TR 101 290 priority and indicator. A flow whose inspection is \
               limited to continuity has that indicator alone.",
        kind: COUNTER,
        labels: &["flow", "priority", "indicator"],
        fill: errors,
    },
    Family {
        name: "flowclient_tr101290_alarm",
        help: "1 while the alarm of the indicator is raised, else 0; it is cleared some seconds after the last error.",
        kind: GAUGE,
        labels: &["flow", "priority", "indicator"],
        fill: alarms,
    },
];

fn errors(scene: &Scene, series: &mut Series) {
    for (flow, indicator) in pairs(scene) {
        let errors = match (indicator, flow.report.tr101290.get(indicator.name())) {
            // Counted with each packet, the report only once a second; and the one that every flow has.
            (Indicator::ContinuityCountError, _) => Some(flow.counters.continuity_errors),
            (_, found) => found.map(|found| found.errors),
        };
        add(series, flow, indicator, errors.map(|errors| errors as f64));
    }
}

fn alarms(scene: &Scene, series: &mut Series) {
    for (flow, indicator) in pairs(scene) {
        let found = flow.report.tr101290.get(indicator.name());
        add(series, flow, indicator, found.map(|found| f64::from(u8::from(found.raised))));
    }
}

fn pairs(scene: &Scene) -> impl Iterator<Item = (&FlowView, Indicator)> {
    scene.flows.iter().flat_map(|flow| Indicator::ALL.into_iter().map(move |indicator| (flow, indicator)))
}

fn add(series: &mut Series, flow: &FlowView, indicator: Indicator, value: Option<f64>) {
    series.add(&[&flow.name, &indicator.priority().to_string(), indicator.name()], value);
}
