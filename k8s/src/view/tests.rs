//! What a person sees, as a whole.

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::Answer;
use super::board::{Board, Row, Subject};
use super::instance::Found;
use super::state::State;
use super::status_text::{Happening, details, table};
use crate::crd::Flow;
use crate::operator::pods::PodSeen;

const NOW: i64 = 1_795_000_000;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": Timestamp::from_second(NOW - 7_500).unwrap().to_string(),
    })
}

fn flow(name: &str, conditions: &[Value]) -> Flow {
    serde_json::from_value(json!({
        "apiVersion": "flowclient.io/v1alpha1", "kind": "Flow", "metadata": {"name": name, "namespace": "tv"},
        "spec": {"handler": "ch7", "out": ["239.1.1.7:5000"]}, "status": {"conditions": conditions},
    }))
    .unwrap()
}

fn all_well() -> Vec<Value> {
    vec![
        condition("Ready", "True", "AllWell", "on air from k1"),
        condition("Redundant", "True", "Standby", "k2 could go on at once"),
    ]
}

fn pod(name: &str, node: &str, status: Value) -> PodSeen {
    let pod: Pod = serde_json::from_value(json!({
        "metadata": {"name": name, "labels": {"flowclient.io/revision": "3f2a"}},
        "spec": {"nodeName": node, "containers": [{"name": "flowclient", "ports": [{"containerPort": 20000}]}]},
        "status": status,
    }))
    .unwrap();
    PodSeen::of(&pod)
}

fn running(name: &str, node: &str) -> PodSeen {
    pod(name, node, json!({"phase": "Running", "hostIP": "192.168.2.163"}))
}

fn found(node: &str, on_air: bool, reasons: &[&str]) -> Found {
    let loss = |upstream: u64| json!({"upstream": upstream, "network": 0, "host": 0, "process": 0});
    let answer = json!({"version": "1.0.0", "flows": [{
        "name": "ch7", "state": if on_air { "on air" } else { "standby" }, "on_air": on_air,
        "ready": reasons.is_empty(), "reasons": reasons, "uptime_seconds": 9_000.0, "loss": loss(14),
        "output": {"bits_per_second": if on_air { 8.04e6 } else { 0.0 }},
        "recent": {
            "minute": {"tr101290_errors": 0, "loss": loss(0)}, "hour": {"tr101290_errors": 2, "loss": loss(14)},
        },
        "pair": {
            "since_timestamp": (NOW - 307) as f64,
            "last_change": {"on_air": on_air, "reason": "hand_over", "timestamp": (NOW - 307) as f64},
        },
    }]});
    let said = Answer::read(&answer.to_string()).unwrap().take("ch7").unwrap();
    Found { pod: running(&format!("ch7-3f2a-{node}x"), node), said: Ok(said) }
}

fn silent(node: &str) -> Found {
    Found { pod: running(&format!("ch7-3f2a-{node}x"), node), said: Err("no answer within 5 s".to_owned()) }
}

fn pair() -> Vec<Found> {
    vec![found("k1", true, &[]), found("k2", false, &[])]
}

fn state_of(conditions: &[Value], instances: Vec<Found>) -> (State, String) {
    let row = Row::of(&Subject { flow: flow("ch7", conditions), instances }, now());
    (row.state, row.why.unwrap_or_default())
}

#[test]
fn a_flow_is_well_when_one_is_on_air_and_another_could_be() {
    assert_eq!(state_of(&all_well(), pair()), (State::Well, String::new()));
}

#[test]
fn what_instances_say_goes_before_what_the_operator_last_told() {
    let no_input = "no input since 3 s";
    let at_risk = state_of(&all_well(), vec![found("k1", true, &[]), found("k2", false, &[no_input])]);
    assert_eq!(at_risk, (State::AtRisk, format!("no standby: k2: {no_input}")));
    let alone = state_of(&all_well(), vec![found("k1", true, &[])]);
    assert_eq!(alone, (State::AtRisk, "no other instance could go on".to_owned()));
    let bad_output = state_of(&all_well(), vec![found("k1", true, &["output fails"]), found("k2", false, &[])]);
    assert_eq!(bad_output, (State::AtRisk, "output fails".to_owned()));
}

#[test]
fn who_does_not_answer_may_be_on_air() {
    let unknown = state_of(&all_well(), vec![silent("k1"), found("k2", false, &[])]);
    assert_eq!(unknown, (State::Unknown, "k1 may be on air: no answer within 5 s".to_owned()));
}

#[test]
fn a_flow_without_instances_is_off_air_for_the_operators_reason() {
    let refused = [condition("Ready", "False", "HandlerMissing", "there is no handler \"ch7\"")];
    assert_eq!(state_of(&refused, vec![]), (State::OffAir, "there is no handler \"ch7\"".to_owned()));
    assert_eq!(state_of(&[], vec![]).1, "the operator has not looked at it: is it running?");
}

#[test]
fn instances_that_start_are_a_change_and_those_that_cannot_a_risk() {
    let starting = |redundant: &str| {
        [
            condition("Ready", "False", "Starting", "1 of 2 instances are ready"),
            condition("Progressing", "True", "Starting", "1 of 2 instances are ready"),
            condition("Redundant", "False", redundant, "why"),
        ]
    };
    let alone = || vec![found("k1", true, &[])];
    assert_eq!(state_of(&starting("NoStandby"), alone()).0, State::Changing);
    assert_eq!(state_of(&starting("NoNodeFits"), alone()).0, State::AtRisk);
    let not_paired = [
        condition("Ready", "True", "AllWell", "on air from k1"),
        condition("Redundant", "False", "NotPaired", "the flow says pair: off"),
    ];
    assert_eq!(state_of(&not_paired, alone()).0, State::Well);
}

#[test]
fn the_table_says_it_all_at_a_glance() {
    let subjects = [
        Subject {
            flow: flow("ch8", &[condition("Ready", "False", "Conflict", "its output is taken")]),
            instances: vec![],
        },
        Subject { flow: flow("ch7", &all_well()), instances: pair() },
    ];
    let board = Board::of(&subjects, now());
    assert_eq!((board.state, board.state.exit_code()), (State::OffAir, 4));
    let expected = "\
FLOW  STATE    OUT             ON AIR  STANDBY  VERSION  BITRATE   ERRORS 1m/1h  LOST 1h      ON AIR FOR  LAST TAKE-OVER
ch7   well     239.1.1.7:5000  k1      k2       1.0.0    8.0 Mb/s  0/2           14 upstream  5m 7s       5m 7s ago: hand over
ch8   OFF AIR  239.1.1.7:5000  -       -        -        -         -             -            -           -
    its output is taken
";
    assert_eq!(table(&board, false, now(), false), expected);
    let coloured = table(&board, true, now(), true);
    assert!(coloured.contains("tv/ch7") && coloured.contains("\x1b[32mwell\x1b[0m"), "{coloured}");
    assert!(coloured.contains("\x1b[1;31mOFF AIR\x1b[0m"), "{coloured}");
}

#[test]
fn all_of_a_flow_is_told_with_its_instances_conditions_and_events() {
    let row = Row::of(&Subject { flow: flow("ch7", &all_well()), instances: pair() }, now());
    let at = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(now()));
    let happening =
        Happening { at, is_warning: false, reason: "TakenOver".into(), note: "k1 is on air, and k2 was before".into() };
    let expected = "\
tv/ch7  well
  from            ch7
  out             239.1.1.7:5000
  on air          k1, for 5m 7s
  version         1.0.0
  bitrate         8.0 Mb/s
  last take-over  5m 7s ago: hand over
  last minute     0 errors of TR 101 290, no packet lost
  last hour       2 errors of TR 101 290, lost: 14 upstream

INSTANCE      NODE  STATE    READY  VERSION  REVISION  WHY
ch7-3f2a-k1x  k1    on air   yes    1.0.0    3f2a
ch7-3f2a-k2x  k2    standby  yes    1.0.0    3f2a

CONDITION  STATUS  REASON   FOR    MESSAGE
Ready      True    AllWell  2h 5m  on air from k1
Redundant  True    Standby  2h 5m  k2 could go on at once

EVENT      AGO  WHAT
TakenOver  0s   k1 is on air, and k2 was before
";
    assert_eq!(details(&row, &[happening], now(), false), expected);
}

#[test]
fn the_json_has_words_and_utc() {
    let board = Board::of(&[Subject { flow: flow("ch7", &all_well()), instances: pair() }], now());
    let json = serde_json::to_value(&board).unwrap();
    let row = &json["flows"][0];
    assert_eq!(
        (&json["state"], &row["on_air"], &row["standby"][0]["ready"]),
        (&json!("well"), &json!(["k1"]), &json!(true))
    );
    assert_eq!(row["on_air_since"], Timestamp::from_second(NOW - 307).unwrap().to_string());
    assert_eq!(row["last_takeover"]["reason"], "hand_over");
}
