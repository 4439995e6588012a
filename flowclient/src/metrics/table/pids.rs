//! PIDs, as many as a flow may show.

use prometheus::proto::MetricType::{COUNTER, GAUGE};
use relay::stage::inspect::report::PidReport;

use super::{Family, Scene, Series, each_flow, of_flow};
use crate::status::FlowView;

pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "flowclient_pid_packets_total",
        help: "Transport packets by PID (decimal), for up to 64 PIDs a flow: those with most packets.",
        kind: COUNTER,
        labels: &["flow", "pid"],
        fill: |scene, series| each_pid(scene, series, |pid| pid.packets),
    },
    Family {
        name: "flowclient_pid_continuity_errors_total",
        help: "Continuity errors (TR 101 290, 1.4) by PID (decimal), for the same PIDs.",
        kind: COUNTER,
        labels: &["flow", "pid"],
        fill: |scene, series| each_pid(scene, series, |pid| pid.continuity_errors),
    },
    of_flow!(GAUGE "flowclient_pids", "PIDs that have come.", |flow| count(flow, |_| true)),
    of_flow!(
        GAUGE "flowclient_pids_omitted",
        "PIDs that have come and have no series of their own, there being too many.",
        |flow| count(flow, |pid| !flow.shown_pids.contains(pid.pid))
    ),
];

fn each_pid(scene: &Scene, series: &mut Series, value: fn(&PidReport) -> u64) {
    for flow in &scene.flows {
        for pid in present(flow).filter(|pid| flow.shown_pids.contains(pid.pid)) {
            series.add(&[&flow.name, &pid.pid.to_string()], value(pid) as f64);
        }
    }
}

/// `None` for a flow without a report.
fn count(flow: &FlowView, which: impl Fn(&PidReport) -> bool) -> Option<f64> {
    let is_inspected = !flow.report.tr101290.is_empty();
    is_inspected.then(|| present(flow).filter(|pid| which(pid)).count() as f64)
}

fn present(flow: &FlowView) -> impl Iterator<Item = &PidReport> {
    flow.report.pids.iter().filter(|pid| pid.packets > 0)
}
