//! Which build runs, which flows it has, and how its configuration was taken.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::proto::MetricType::{COUNTER, GAUGE};

use super::{Family, REVISION, Scene, Series, VERSION, each_flow, of_flow};

pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "flowclient_build_info",
        help: "1; its labels say which build of flowclient this is.",
        kind: GAUGE,
        labels: &["version", "revision"],
        fill: |_, series| series.add(&[VERSION, REVISION], 1.0),
    },
    Family {
        name: "flowclient_flow_info",
        help: "1; its labels say where the flow comes from and goes.",
        kind: GAUGE,
        labels: &["flow", "source", "outputs"],
        fill: flow_info,
    },
    Family {
        name: "flowclient_thread_flows",
        help: "Flows that the thread drives. Threads without any are left out.",
        kind: GAUGE,
        labels: &["thread"],
        fill: thread_flows,
    },
    of_flow!(
        GAUGE "flowclient_on_air",
        "1 while datagrams come in and at least one output takes them, else 0. Of the instances of a paired flow, one has 1.",
        |flow| Some(f64::from(u8::from(flow.is_on_air())))
    ),
    Family {
        name: "flowclient_config_reloads_total",
        help: "Reloads of the configuration: unchanged = what is wanted ran already, applied, refused = nothing was changed.",
        kind: COUNTER,
        labels: &["outcome"],
        fill: reloads,
    },
    Family {
        name: "flowclient_config_last_reload_success_timestamp_seconds",
        help: "Unix time at which the configuration was last loaded without a fault.",
        kind: GAUGE,
        labels: &[],
        fill: |scene, series| series.add(&[], scene.reloads.last_success.and_then(unix_seconds)),
    },
];

fn flow_info(scene: &Scene, series: &mut Series) {
    for flow in &scene.flows {
        let outputs: Vec<_> = flow.outputs.iter().map(|output| output.address.as_str()).collect();
        series.add(&[&flow.name, &flow.source, &outputs.join(" ")], 1.0);
    }
}

fn thread_flows(scene: &Scene, series: &mut Series) {
    let mut flows = BTreeMap::<_, u32>::new();
    for flow in &scene.flows {
        *flows.entry(flow.thread).or_default() += 1;
    }
    for (thread, flows) in flows {
        series.add(&[&thread.to_string()], f64::from(flows));
    }
}

fn reloads(scene: &Scene, series: &mut Series) {
    let counts = &scene.reloads;
    for (outcome, count) in [("unchanged", counts.unchanged), ("applied", counts.applied), ("refused", counts.refused)]
    {
        series.add(&[outcome], count as f64);
    }
}

/// Seconds since the epoch.
pub(super) fn unix_seconds(time: SystemTime) -> Option<f64> {
    time.duration_since(UNIX_EPOCH).ok().map(|span| span.as_secs_f64())
}
