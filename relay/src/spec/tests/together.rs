//! Flows of one process together.

use std::time::Duration;

use crate::spec::{FlowSpec, Inspect, LegNumber, PairSpec, Record, RecordFormat, validate};

fn flow(name: &str, source: &str, outputs: &[&str]) -> FlowSpec {
    FlowSpec::new(name, source.parse().unwrap(), outputs.iter().map(|output| output.parse().unwrap()).collect())
}

fn relayed(name: &str, from: &str, to: &str) -> FlowSpec {
    flow(name, &format!("udp://{from}"), &[to])
}

fn refusals(flows: &[FlowSpec]) -> Vec<String> {
    validate(flows).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn flows_of_their_own_names_and_addresses_are_taken() {
    let flows = [
        flow("a", "test:", &["239.1.1.1:5000", "rtp://239.1.1.1:5002", "239.1.1.2:5000"]),
        relayed("b", "239.1.1.2:5001", "239.1.1.3:5000"),
        relayed("fed-by-b", "239.1.1.3:5000", "239.1.1.4:5000"),
    ];
    assert_eq!(refusals(&flows), [""; 0]);
}

#[test]
fn an_output_that_is_the_input_is_a_loop() {
    let refusals = refusals(&[relayed("a", "239.1.1.7:5000", "rtp://239.1.1.7:5000")]);
    assert_eq!(refusals, ["a loop: flow \"a\" receives at 239.1.1.7:5000, where it sends; send to another address"]);
}

#[test]
fn flows_that_feed_each_other_are_a_loop() {
    let flows = [
        relayed("a", "239.1.1.1:5000", "239.1.1.2:5000"),
        relayed("b", "239.1.1.2:5000", "239.1.1.3:5000"),
        relayed("c", "239.1.1.3:5000", "239.1.1.1:5000"),
        relayed("d", "239.1.1.3:5000", "239.1.1.4:5000"),
    ];
    let refusals = refusals(&flows);
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert!(refusals[0].contains("\"a\" -> \"b\" -> \"c\" -> \"a\"") && refusals[0].contains("239.1.1.1:5000"));
}

#[test]
fn what_cannot_be_heard_is_no_loop() {
    let on_another_link = relayed("a", "239.1.1.7:5000?iface=eth0", "239.1.1.7:5000?iface=eth1");
    let of_another_sender = relayed("b", "10.0.0.1@232.1.1.7:5000", "232.1.1.7:5000?src=10.0.0.2");
    let on_another_port = relayed("c", "0.0.0.0:5000", "127.0.0.1:5001");
    assert_eq!(refusals(&[on_another_link, of_another_sender, on_another_port]), [""; 0]);
    assert_eq!(refusals(&[relayed("d", "0.0.0.0:5000", "127.0.0.1:5000")]).len(), 1);
    assert_eq!(refusals(&[relayed("e", "239.1.1.7:5000", "239.1.1.7:5000?iface=eth1")]).len(), 1);
}

#[test]
fn two_outputs_to_one_address_are_refused_unless_on_two_interfaces() {
    let two = |one: &str, other: &str| refusals(&[flow("a", "test:", &[one]), flow("b", "test:", &[other])]);
    let refused = two("239.1.1.7:5000", "rtp://239.1.1.7:5000");
    assert!(refused[0].contains("239.1.1.7:5000 is an output of flow \"a\" and of flow \"b\""), "{refused:?}");
    assert_eq!(two("239.1.1.7:5000?iface=eth0", "239.1.1.7:5000").len(), 1);
    assert_eq!(two("239.1.1.7:5000?iface=eth0", "239.1.1.7:5000?iface=eth1"), [""; 0]);
    assert_eq!(two("239.1.1.7:5000", "239.1.1.7:5001"), [""; 0]);
    let own = refusals(&[flow("a", "test:", &["239.1.1.7:5000", "239.1.1.7:5000"])]);
    assert!(own[0].contains("flow \"a\" twice"), "{own:?}");
}

#[test]
fn a_name_given_twice_is_told_once() {
    let outputs = ["239.1.1.1:5000", "239.1.1.2:5000", "239.1.1.3:5000"];
    let flows = outputs.map(|output| flow("same", "test:", &[output]));
    assert_eq!(refusals(&flows), ["two flows are called \"same\": give each a name of its own"]);
}

#[test]
fn all_that_is_out_of_range_is_told() {
    let wrong = FlowSpec {
        packets_per_datagram: 349,
        receive_buffer_bytes: 1,
        reorder_window: Duration::from_secs(11),
        ..flow("a b", "test:", &[])
    };
    let refusals = refusals(&[wrong]);
    let words = ["\"a b\" is wrong", "packets_per_datagram = 349", "receive_buffer_bytes = 1", "11s"];
    assert_eq!(refusals.len(), words.len());
    assert!(refusals.iter().zip(words).all(|(refusal, words)| refusal.contains(words)), "{refusals:?}");
}

#[test]
fn what_cannot_be_recorded_is_told_with_the_reason() {
    let recorded =
        |source: &str, record: Record| FlowSpec { record: Some(record), ..flow("a", source, &["239.1.1.7:5000"]) };
    let pcapng = Record { format: RecordFormat::Pcapng, ..Record::new("recordings") };
    assert_eq!(refusals(&[recorded("udp://239.1.1.1:5000", pcapng.clone())]), [""; 0]);
    assert!(refusals(&[recorded("test:", pcapng)])[0].contains("record this source as ts"));
    let unseen = FlowSpec { inspect: Inspect::Continuity, ..recorded("test:", Record::new("recordings")) };
    assert!(refusals(&[unseen])[0].contains("leave inspect as it is"));
    let before = Duration::from_secs(601);
    let wrong =
        Record { before, after: before, most_files: 0, most_bytes: 1, memory_bytes: 2, ..Record::new("recordings") };
    let refusals = refusals(&[recorded("test:", wrong)]);
    let fields = ["memory_bytes = 2", "most_files = 0", "most_bytes = 1", "before = 10m 1s", "after = 10m 1s"];
    assert_eq!(refusals.len(), fields.len());
    assert!(
        refusals.iter().zip(fields).all(|(refusal, field)| refusal.contains(&format!("record.{field}"))),
        "{refusals:?}"
    );
}

fn paired(name: &str, outputs: &[&str]) -> FlowSpec {
    FlowSpec { pair: Some(PairSpec::default()), ..flow(name, "test:", outputs) }
}

#[test]
fn instances_meet_at_a_group_and_talk_at_the_port_after_it() {
    assert_eq!(refusals(&[paired("a", &["10.0.0.9:6000", "239.1.1.7:5000"])]), [""; 0]);
    for nowhere in [&[][..], &["10.0.0.9:6000"]] {
        let refusal = &refusals(&[paired("a", nowhere)])[0];
        assert!(
            refusal.starts_with("flow \"a\" cannot be paired: ") && refusal.contains("output to a group"),
            "{refusal}"
        );
    }
    let last_port = &refusals(&[paired("a", &["239.1.1.7:65535"])])[0];
    assert!(last_port.contains("239.1.1.7:65535") && last_port.contains("take a lower port"), "{last_port}");
}

#[test]
fn nothing_else_is_where_instances_talk() {
    let beside = |other: FlowSpec| refusals(&[paired("a", &["239.1.1.7:5000"]), other]);
    let sends = beside(flow("b", "test:", &["239.1.1.7:5001"]));
    assert!(sends[0].contains("at 239.1.1.7:5001, and flow \"b\" sends there"), "{sends:?}");
    let receives = beside(relayed("b", "239.1.1.7:5001", "239.1.1.8:5000"));
    assert!(receives[0].contains("flow \"b\" receives there"), "{receives:?}");
    assert_eq!(beside(paired("b", &["239.1.1.7:5002"])), [""; 0]);
    assert_eq!(refusals(&[paired("a", &["239.1.1.7:5000", "239.1.1.7:5001"])]).len(), 1);
    let on_two_links = ["239.1.1.7:5000?iface=eth0", "239.1.1.7:5001?iface=eth1"];
    assert_eq!(refusals(&[paired("a", &on_two_links)]), [""; 0]);
}

#[test]
fn legs_are_rtp_to_two_groups_or_more() {
    let leg = |leg: u16, outputs: &[&str]| {
        refusals(&[FlowSpec { leg: Some(LegNumber(leg)), ..flow("a", "test:", outputs) }]).concat()
    };
    let legs = ["rtp://239.1.1.7:5000", "rtp://239.1.2.7:5000"];
    assert_eq!((leg(1, &legs), leg(2, &legs)), (String::new(), String::new()));
    for wrong in [0, 3] {
        let refusal = leg(wrong, &legs);
        assert!(refusal.contains(&format!("pair_leg = {wrong} is none of its outputs; it is 1 to 2")), "{refusal}");
    }
    assert!(leg(1, &legs[..1]).contains("each instance sends one of its outputs, and it has 1; give it two or more"));
    for other in ["udp://239.1.2.7:5000", "rtp://10.0.0.9:5000"] {
        let refusal = leg(1, &[legs[0], other]);
        assert!(refusal.contains(&format!("{other} is no leg")) && refusal.contains("RTP to a group"), "{refusal}");
    }
    assert_eq!(leg(1, &["rtp://239.1.1.7:5000?iface=eth0", "rtp://239.1.1.7:5000?iface=eth1"]), "");
    assert!(leg(1, &[legs[0], legs[0]]).contains("name two interfaces"));
}

#[test]
fn patience_has_its_limits() {
    let patience = |least, most| {
        let [patience, most_patience] = [least, most].map(Duration::from_millis);
        let pair = PairSpec { patience, most_patience, ..PairSpec::default() };
        refusals(&[FlowSpec { pair: Some(pair), ..paired("a", &["239.1.1.7:5000"]) }])
    };
    assert_eq!(patience(1, 1), [""; 0]);
    assert_eq!(patience(10_000, 10_000), [""; 0]);
    assert!(patience(0, 100)[0].contains("pair_patience = 0s is out of range: 1ms to 10s"));
    assert!(patience(20, 10)[0].contains("pair_most_patience = 10ms is out of range: pair_patience to 10s"));
    assert_eq!(patience(10_001, 10_001).len(), 2);
}
