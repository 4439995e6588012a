//! The table of all metrics: the one place that says which there are. What a scrape shows and what the documentation lists
//! come from here.

mod arrival;
mod clocks;
mod input;
mod loss;
mod output;
mod pair;
mod pids;
mod process;
mod program;
mod stream;

use super::family::{Distribution, Family, Series};
use super::{REVISION, Scene, VERSION};
use crate::status::FlowView;

/// Metrics about one thing.
pub(super) struct Group {
    /// What about, as a heading.
    pub(super) title: &'static str,
    pub(super) families: &'static [Family],
}

/// All metrics.
pub(super) const GROUPS: &[Group] = &[
    Group { title: "The program and its flows", families: program::FAMILIES },
    Group { title: "Input", families: input::FAMILIES },
    Group { title: "Loss and its cause", families: loss::FAMILIES },
    Group { title: "Arrival", families: arrival::FAMILIES },
    Group { title: "The stream, by TR 101 290", families: stream::FAMILIES },
    Group { title: "The stream's clocks", families: clocks::FAMILIES },
    Group { title: "PIDs", families: pids::FAMILIES },
    Group { title: "Output", families: output::FAMILIES },
    Group { title: "Other instances of the flow", families: pair::FAMILIES },
    Group { title: "The process", families: process::FAMILIES },
];

/// All metrics, one after the other.
pub(super) fn families() -> impl Iterator<Item = &'static Family> {
    GROUPS.iter().flat_map(|group| group.families)
}

/// One series a flow, whose only label is the flow's name.
fn each_flow(scene: &Scene, series: &mut Series, value: fn(&FlowView) -> Option<f64>) {
    for flow in &scene.flows {
        series.add(&[&flow.name], value(flow));
    }
}

/// A metric with one series a flow.
macro_rules! of_flow {
    ($kind:ident $name:literal, $help:literal, $value:expr) => {
        Family {
            name: $name,
            help: $help,
            kind: $kind,
            labels: &["flow"],
            fill: |scene, series| each_flow(scene, series, $value),
        }
    };
}

/// A counter with one series a flow and value of a second label.
macro_rules! of_flow_by {
    ($label:literal, $name:literal, $help:literal, $($value:literal => $count:expr),* $(,)?) => {
        Family {
            name: $name,
            help: $help,
            kind: COUNTER,
            labels: &["flow", $label],
            fill: |scene, series| {
                for flow in &scene.flows {
                    let count: &[(&str, fn(&relay::stats::Counters) -> u64)] = &[$(($value, $count)),*];
                    for (value, count) in count {
                        series.add(&[&flow.name, value], count(&flow.counters) as f64);
                    }
                }
            },
        }
    };
}

use {of_flow, of_flow_by};

/// A gauge that is 0 while its value is unknown.
fn known(gauge: u64) -> Option<f64> {
    (gauge != 0).then_some(gauge as f64)
}
