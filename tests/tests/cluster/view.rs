//! What `flowctl` shows a person of flows in the lab.

use serde_json::{Value, json};
use tests::cluster::operator::{Operator, clear, flow, flowctl, handler, pair, wait_for};
use tests::lab::Ended;

use super::cluster;

fn json(ended: Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr))
}

#[test]
fn a_person_sees_who_is_on_air_what_it_says_and_what_is_in_the_stream() {
    let cluster = cluster();
    let operator = Operator::start(&cluster);
    cluster.apply(&handler("ch7"));
    cluster.apply(&flow("ch7", pair("ch7", "239.1.1.7:5000")));
    let told = wait_for(&cluster, &operator, "ch7", "Ready", "True", "AllWell");
    let (on_air, standby) = (told["onAirNode"].as_str().unwrap(), told["standbyNode"].as_str().unwrap());

    let board = json(flowctl(&cluster, &["status", "--json"]).expect_success());
    let row = &board["flows"][0];
    assert_eq!(
        (&board["state"], &row["name"], &row["on_air"][0]),
        (&json!("well"), &json!("ch7"), &json!(on_air)),
        "{row:#}"
    );
    assert_eq!(row["standby"][0], json!({"node": standby, "ready": true, "why": null}));
    assert_eq!(row["recent"]["hour"]["tr101290_errors"], 0);
    assert!(row["bits_per_second"].as_f64().unwrap() > 1e6 && row["on_air_since"].is_string(), "{row:#}");
    let table = flowctl(&cluster, &["status", "-A"]).expect_success().stdout;
    assert!(["default/ch7", "well", on_air, standby, "Mb/s"].iter().all(|word| table.contains(word)), "{table}");
    let details = flowctl(&cluster, &["status", "ch7"]).expect_success().stdout;
    assert!(["INSTANCE", "Redundant", "EVENT", "OnAir"].iter().all(|word| details.contains(word)), "{details}");

    let log = flowctl(&cluster, &["logs", "ch7", "--json"]).expect_success().stdout;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().map(|line| line["time"].as_str().unwrap().to_owned()).is_sorted(), "{log}");
    let of = |node: &str| lines.iter().any(|line| line["instance"].as_str().unwrap().starts_with(node));
    assert!(of(on_air) && of(standby), "{log}");
    let of_one = flowctl(&cluster, &["logs", "ch7", "--on-air"]).expect_success().stdout;
    assert!(of_one.contains(on_air) && !of_one.contains(standby), "{of_one}");

    let report = flowctl(&cluster, &["inspect", "ch7"]).expect_success().stdout;
    assert!(["SERVICES", "Channel 7", "TR 101 290", "PIDS"].iter().all(|word| report.contains(word)), "{report}");
    let report = json(flowctl(&cluster, &["inspect", "ch7", "--json"]).expect_success());
    assert!(report["ts"]["packets"].as_u64().unwrap() > 0 && report["input"]["kind"] == "test", "{report:#}");
    let top = json(flowctl(&cluster, &["top", "--json", "--every", "1s"]).expect_success());
    assert!(top[0]["load"]["bits_per_second"].as_f64().unwrap() > 1e6, "{top:#}");
    clear(&cluster);
}

#[test]
fn a_flow_that_cannot_be_on_air_ends_the_status_with_its_own_code() {
    let cluster = cluster();
    let operator = Operator::start(&cluster);
    cluster.apply(&flow("lost", json!({"handler": "nobody", "out": ["239.1.1.8:5000"]})));
    wait_for(&cluster, &operator, "lost", "Ready", "False", "HandlerMissing");
    let ended = flowctl(&cluster, &["status"]);
    assert_eq!(ended.code(), Some(4), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("OFF AIR") && ended.stdout.contains("there is no handler \"nobody\""),
        "{}",
        ended.stdout
    );
    let ended = flowctl(&cluster, &["status", "none"]);
    assert!(ended.code() == Some(1) && ended.stderr.contains("there is no flow none"), "{}", ended.stderr);
    clear(&cluster);
}
