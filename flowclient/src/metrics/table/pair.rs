//! Other instances of a flow: only for flows that are to have any.

use prometheus::proto::MetricType::{COUNTER, GAUGE};
use relay::pair::machine::Role;
use relay::pair::status::{LegStatus, PairStatus};
use relay::stats::Counters;

use super::{Family, Scene, Series};
use crate::status::FlowView;

/// A metric with one series a paired flow.
macro_rules! of_pair {
    ($kind:ident $name:literal, $help:literal, $value:expr) => {
        Family {
            name: $name,
            help: $help,
            kind: $kind,
            labels: &["flow"],
            fill: |scene, series| each_pair(scene, series, $value),
        }
    };
}

/// A counter with one series a paired flow and value of a second label.
macro_rules! of_pair_by {
    ($label:literal, $name:literal, $help:literal, $($value:literal => $field:ident),* $(,)?) => {
        Family {
            name: $name,
            help: $help,
            kind: COUNTER,
            labels: &["flow", $label],
            fill: |scene, series| {
                for flow in scene.flows.iter().filter(|flow| stands_by(flow).is_some()) {
                    $(series.add(&[&flow.name, $value], flow.counters.$field as f64);)*
                }
            },
        }
    };
}

pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "flowclient_pair_role",
        help: "1 for the role that this instance of the flow has, 0 for the others: joining = it only listens yet, standby, \
               refused = somebody who is no instance uses the group, on_air, handing_over, left.",
        kind: GAUGE,
        labels: &["flow", "role"],
        fill: roles,
    },
    of_pair!(
        GAUGE "flowclient_pair_term",
        "The term in which this instance is, or last knew another to be, on air; it grows with each change.",
        |pair, _| Some(pair.own.term as f64)
    ),
    of_pair!(
        GAUGE "flowclient_pair_ready",
        "1 while this instance stands by and could go on where the air is: what it makes is what was heard there.",
        |pair, _| Some(f64::from(u8::from(pair.own.ready)))
    ),
    of_pair!(
        GAUGE "flowclient_pair_peers",
        "Other instances of the flow that are heard.",
        |pair, _| Some(pair.peers.len() as f64)
    ),
    of_pair!(
        GAUGE "flowclient_pair_ready_peers",
        "Other instances of the flow that could go on where the air is.",
        |pair, _| Some(pair.ready_peers() as f64)
    ),
    of_pair!(
        GAUGE "flowclient_pair_clock_offset_seconds",
        "How far this host's clock is ahead of that of the other instance whose clock is furthest off, with the time that its \
         quickest message took; absent while no other is heard.",
        |pair, _| pair.largest_clock_offset()
    ),
    of_pair_by!(
        "reason",
        "flowclient_takeovers_total",
        "Times that this instance went on air: nobody = nobody was, silence = its datagrams were not heard there in time, \
         hand_over = as planned, taken_back = the successor was not heard.",
        "nobody" => takeovers_nobody,
        "silence" => takeovers_silence,
        "hand_over" => takeovers_hand_over,
        "taken_back" => takeovers_taken_back,
    ),
    of_pair_by!(
        "reason",
        "flowclient_left_air_total",
        "Times that this instance left the air to another: hand_over = as planned, better_input = the input of the other is \
         better, outranked = both were on air and the other goes before, stalled = this one did not get to run in time, \
         unheard = both were on air and the other did not hear this one.",
        "hand_over" => left_air_hand_over,
        "better_input" => left_air_better_input,
        "outranked" => left_air_outranked,
        "stalled" => left_air_stalled,
        "unheard" => left_air_unheard,
    ),
    of_pair!(
        COUNTER "flowclient_suppressed_datagrams_total",
        "Datagrams made here and not sent, because another instance had them on air.",
        |_, counters| Some(counters.suppressed_datagrams as f64)
    ),
    of_pair_by!(
        "result",
        "flowclient_pair_shadow_datagrams_total",
        "Datagrams made here while another is on air, beside those heard there: equal = both had it, only_on_air = not made \
         here, only_here = not on air when it should have been.",
        "equal" => shadow_equal,
        "only_on_air" => shadow_only_on_air,
        "only_here" => shadow_only_here,
    ),
    of_pair!(
        COUNTER "flowclient_pair_strangers_total",
        "Reports of somebody who sends to the output group and is no instance of the flow: one in ten seconds at most.",
        |_, counters| Some(counters.strangers as f64)
    ),
    Family {
        name: "flowclient_leg_heard",
        help: "1 while another leg of the flow (pair active-active), counted from 1, is heard.",
        kind: GAUGE,
        labels: &["flow", "leg"],
        fill: |scene, series| each_leg(scene, series, |leg| f64::from(u8::from(leg.heard))),
    },
    Family {
        name: "flowclient_leg_agrees",
        help: "1 while the same datagrams have the same RTP numbers on another leg as on that of this instance.",
        kind: GAUGE,
        labels: &["flow", "leg"],
        fill: |scene, series| each_leg(scene, series, |leg| f64::from(u8::from(leg.agrees))),
    },
    Family {
        name: "flowclient_leg_datagrams_total",
        help: "Datagrams made here that were heard on another leg too, as far as their content tells them apart: equal = with \
               the same RTP number, unequal = with another.",
        kind: COUNTER,
        labels: &["flow", "leg", "result"],
        fill: leg_datagrams,
    },
];

fn each_pair(scene: &Scene, series: &mut Series, value: fn(&PairStatus, &Counters) -> Option<f64>) {
    for flow in &scene.flows {
        if let Some(pair) = stands_by(flow) {
            series.add(&[&flow.name], value(pair, &flow.counters));
        }
    }
}

fn roles(scene: &Scene, series: &mut Series) {
    for flow in &scene.flows {
        for (role, pair) in stands_by(flow).iter().flat_map(|pair| Role::ALL.map(|role| (role, pair))) {
            series.add(&[&flow.name, role.as_str()], f64::from(u8::from(pair.role == role)));
        }
    }
}

/// How it stands among instances of which one is on air, if it is one of those.
fn stands_by(flow: &FlowView) -> Option<&PairStatus> {
    flow.pair.as_deref().filter(|pair| pair.leg.is_none())
}

fn each_leg(scene: &Scene, series: &mut Series, value: fn(&LegStatus) -> f64) {
    for (flow, leg) in legs(scene) {
        series.add(&[&flow.name, &leg.leg.0.to_string()], value(leg));
    }
}

fn leg_datagrams(scene: &Scene, series: &mut Series) {
    for (flow, leg) in legs(scene) {
        for (result, count) in [("equal", leg.equal), ("unequal", leg.unequal)] {
            series.add(&[&flow.name, &leg.leg.0.to_string(), result], count as f64);
        }
    }
}

/// The legs that other instances send, with the flow that they are of.
fn legs<'a>(scene: &'a Scene) -> impl Iterator<Item = (&'a FlowView, &'a LegStatus)> {
    let of_flow = |flow: &'a FlowView| flow.pair.iter().flat_map(|pair| &pair.legs).map(move |leg| (flow, leg));
    scene.flows.iter().flat_map(of_flow)
}
