//! Flows as they stand in files, and their schema.

use std::convert::Infallible;
use std::time::Duration;

use crate::spec::{Bitrate, FlowEntry, FlowSpec, LegNumber, Output, Pace, PairSpec, Source};

fn entry(text: &str) -> FlowEntry {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

fn resolve(entry: FlowEntry) -> FlowSpec {
    entry.resolve(|_| Ok::<Source, Infallible>("test:".parse().unwrap())).unwrap()
}

#[test]
fn what_is_left_out_is_as_by_default() {
    let flow = resolve(entry("in = 'test:'\nout = '239.1.1.7:5000'"));
    let output: Output = "239.1.1.7:5000".parse().unwrap();
    assert_eq!(flow, FlowSpec::new("239.1.1.7:5000", "test:".parse().unwrap(), vec![output]));
}

#[test]
fn all_that_a_flow_has_can_be_written() {
    let flow = resolve(entry(
        "name = 'seven'\nhandler = 'ch7'\nout = ['239.1.1.7:5000', 'rtp://239.1.1.8:5000']\npace = 'pcr'\n\
         packets_per_datagram = 1\nreorder_window = '25ms'\nreceive_buffer_bytes = 65536\npace_delay = '1s'",
    ));
    assert_eq!((flow.name.as_str(), flow.outputs.len(), flow.pace), ("seven", 2, Pace::Pcr));
    assert_eq!((flow.packets_per_datagram, flow.receive_buffer_bytes), (1, 65_536));
    assert_eq!((flow.reorder_window, flow.pace_delay), (Duration::from_millis(25), Duration::from_secs(1)));
}

#[test]
fn a_pair_has_settings_that_count_only_when_it_is_on() {
    let flow = |pair: &str| {
        resolve(entry(&format!(
            "in = 'test:'\nout = '239.1.1.7:5000'\npair = '{pair}'\npair_rank = 7\npair_key_file = '/run/key'\n\
             pair_patience = '20ms'\npair_most_patience = '1s'\npair_least_bitrate = '1500K'"
        )))
    };
    let wanted = PairSpec {
        rank: 7,
        key_file: Some("/run/key".into()),
        patience: Duration::from_millis(20),
        most_patience: Duration::from_secs(1),
        least_bitrate: Bitrate::new(1_500_000),
    };
    assert_eq!(flow("standby").pair, Some(wanted));
    assert_eq!(flow("off").pair, None);
    let plain = resolve(entry("in = 'test:'\nout = '239.1.1.7:5000'\npair = 'standby'"));
    assert_eq!(plain.pair, Some(PairSpec::default()));
}

#[test]
fn a_flow_is_called_as_its_handler_unless_it_has_a_name() {
    assert_eq!(resolve(entry("handler = 'ch7'\nout = '239.1.1.7:5000'")).name, "ch7");
}

#[test]
fn a_leg_is_one_of_the_outputs_and_has_no_settings_of_a_standby() {
    let flow = |lines: &str| {
        let text = format!("in = 'test:'\nout = ['rtp://239.1.1.7:5000', 'rtp://239.1.2.7:5000']\n{lines}");
        entry(&text).resolve(|_| Err("not asked for")).map_err(|error| error.to_string())
    };
    let second = flow("pair = 'active-active'\npair_leg = 2").unwrap();
    assert_eq!((second.leg, &second.pair), (Some(LegNumber(2)), &None));
    assert_eq!(second.own_outputs(), &second.outputs[1..]);
    assert_eq!(flow("").unwrap().own_outputs().len(), 2);
    let refused = |lines: &str, words: &str| {
        let refusal = flow(lines).unwrap_err();
        assert!(refusal.contains("\"rtp://239.1.1.7:5000\"") || refusal.contains("\"239.1.1.7:5000\""), "{refusal}");
        assert!(refusal.contains(words), "{refusal}");
    };
    refused("pair = 'active-active'", "say with pair_leg which of its outputs");
    refused("pair = 'standby'\npair_leg = 1", "has pair standby, and pair_leg means nothing then");
    refused("pair_leg = 1", "has pair off, and pair_leg means nothing then");
    for setting in ["rank = 1", "key_file = 'k'", "patience = '9ms'", "most_patience = '1s'", "least_bitrate = '8M'"] {
        let field = setting.split(' ').next().unwrap();
        let lines = format!("pair = 'active-active'\npair_leg = 1\npair_{setting}");
        refused(&lines, &format!("has pair active-active, and pair_{field} means nothing then: leave it out"));
    }
}

#[test]
fn a_flow_has_one_source() {
    let refusal = |text: &str| entry(text).resolve(|_| Err("not asked for")).unwrap_err().to_string();
    assert!(refusal("out = '239.1.1.7:5000'").contains("give it a handler or in"));
    assert!(refusal("out = '239.1.1.7:5000'\nhandler = 'a'\nin = 'test:'").contains("leave out one"));
}

#[test]
fn a_wrong_line_is_shown_with_what_would_be_right() {
    let refusal = |line: &str| {
        let file = format!("handler = 'ch7'\n{line}\n");
        toml::from_str::<FlowEntry>(&file).unwrap_err().to_string()
    };
    let cases = [
        ("out = '239.1.1.7'", "write 239.1.1.7:5000"),
        ("out = ['239.1.1.7:5000', 'nonsense']", "nonsense"),
        ("out = '239.1.1.7:5000'\npase = 'pcr'", "pase"),
        ("out = '239.1.1.7:5000'\npace = 'slow'", "arrival"),
        ("out = '239.1.1.7:5000'\npace_delay = 'soon'", "write a duration, as 10ms"),
        ("out = '239.1.1.7:5000'\npair = 'always'", "standby"),
        ("out = '239.1.1.7:5000'\npair_rank = 65536", "65536"),
        ("out = '239.1.1.7:5000'\npair_least_bitrate = 'fast'", "as 2500K or 8M"),
    ];
    for (line, words) in cases {
        let refusal = refusal(line);
        assert!(refusal.contains(line.lines().last().unwrap()) && refusal.contains(words), "{refusal}");
    }
}

#[test]
fn the_schema_says_what_each_part_is() {
    let schema = serde_json::to_value(schemars::schema_for!(FlowEntry)).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], serde_json::json!(["out"]));
    assert_eq!(schema["properties"]["packets_per_datagram"]["maximum"], 348);
    assert_eq!(schema["properties"]["pace"]["default"], "arrival");
    assert_eq!(schema["properties"]["reorder_window"]["default"], "10ms");
    let input = &schema["properties"]["in"];
    assert!(input["description"].as_str().is_some_and(|text| !text.is_empty()), "{input:#}");
}
