//! What cannot work is refused before anything starts: exit code 2, and a message that says what would be right.

use tests::config::{ConfigFile, Flow};
use tests::lab::{Ended, Flowclient, NetNs};

fn refused(arguments: &[&str]) -> Ended {
    let namespace = NetNs::new("refused");
    let ended = Flowclient::run(&namespace, arguments);
    assert_eq!(ended.code(), Some(2), "{arguments:?}: {}", ended.stderr);
    ended
}

fn assert_says(ended: &Ended, words: &[&str]) {
    for word in words {
        assert!(ended.stderr.contains(word), "no {word:?} in: {}", ended.stderr);
    }
}

#[test]
fn an_unknown_handler_names_the_nearest_and_lists_all() {
    let ended = refused(&["--handler", "ch77", "--out", "239.1.1.7:5000"]);
    assert_says(&ended, &["ch77", "ch7", "ch1", "ch9"]);
}

#[test]
fn addresses_that_are_none_are_refused() {
    for address in
        ["239.1.1.7", "239.1.1.777:5000", "239.1.1.7:0", "239.1.1.7:70000", "tcp://239.1.1.7:5000", "ch7", ""]
    {
        let ended = refused(&["--handler", "ch7", "--out", address]);
        assert_says(&ended, &["--out"]);
    }
}

#[test]
fn a_missing_interface_is_named_with_those_that_exist() {
    let ended = refused(&["--handler", "ch7", "--out", "239.1.1.7:5000?iface=eth77"]);
    assert_says(&ended, &["eth77", "lo"]);
}

#[test]
fn options_that_an_address_does_not_have_are_refused() {
    let ended = refused(&["--handler", "ch7", "--out", "239.1.1.7:5000?tll=4"]);
    assert_says(&ended, &["tll", "ttl"]);
    refused(&["--handler", "ch7", "--out", "239.1.1.7:5000?ttl=256"]);
    refused(&["--handler", "ch7", "--out", "239.1.1.7:5000?dscp=64"]);
}

#[test]
fn an_output_that_is_the_input_is_a_loop() {
    let ended = refused(&["--in", "udp://239.1.1.7:5000", "--out", "239.1.1.7:5000"]);
    assert_says(&ended, &["239.1.1.7:5000", "loop"]);
}

#[test]
fn a_handler_and_an_input_at_once_are_refused() {
    refused(&["--handler", "ch7", "--in", "udp://239.1.1.8:5000", "--out", "239.1.1.7:5000"]);
    refused(&["--handler", "ch7"]);
    refused(&["--out", "239.1.1.7:5000"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let ended = refused(&["--in", "file:/nowhere/a.ts", "--out", "239.1.1.7:5000"]);
    assert_says(&ended, &["/nowhere/a.ts"]);
    let ended = refused(&["--config", "/nowhere/flows.toml"]);
    assert_says(&ended, &["/nowhere/flows.toml"]);
}

#[test]
fn two_flows_to_one_group_are_refused() {
    let flow = |name| Flow { name, input: "test:", output: "239.1.1.7:5000" };
    let config = ConfigFile::new(&[flow("a"), flow("b")]);
    let ended = refused(&["--config", config.argument()]);
    assert_says(&ended, &["239.1.1.7:5000", "a", "b"]);
    let ended = refused(&["check", "--config", config.argument()]);
    assert_says(&ended, &["239.1.1.7:5000"]);
}
