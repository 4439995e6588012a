//! What cannot work is refused with exit code 2 and a message that says what would be right.

use crate::run::{Place, run};

/// A run and a check refuse the same, in the same words.
#[track_caller]
fn assert_refused(arguments: &[&str], words: &[&str]) {
    run(arguments).refused_with(words);
    run(&[&["check"], arguments].concat()).refused_with(words);
}

#[track_caller]
fn assert_output_refused(output: &str, words: &[&str]) {
    assert_refused(&["--handler", "ch7", "--out", output], &[&["--out"], words].concat());
}

#[test]
fn a_wrong_output_is_named_with_its_option() {
    assert_output_refused("239.1.1.7", &["error: --out \"239.1.1.7\": a port is missing; write 239.1.1.7:5000"]);
    assert_output_refused("239.1.1.7:0", &["from 1 to 65535"]);
    assert_output_refused("239.1.1.7:5000?tll=4", &["\"tll\"", "did you mean \"ttl\"?"]);
    assert_output_refused("srt://10.0.0.1:5000", &["not supported yet: srt://"]);
    assert_output_refused("", &["--out"]);
}

#[test]
fn an_unknown_handler_names_the_nearest_and_lists_all() {
    let words = ["--handler \"ch77\"", "did you mean \"ch7\"?", "ch1, ch2, ch3, ch4, ch5, ch6, ch7, ch8, ch9"];
    assert_refused(&["--handler", "ch77", "--out", "239.1.1.7:5000"], &words);
}

#[test]
fn an_output_that_is_the_input_is_a_loop() {
    assert_refused(&["--in", "udp://239.1.1.7:5000", "--out", "239.1.1.7:5000"], &["loop", "239.1.1.7:5000"]);
}

#[test]
fn an_interface_that_is_not_there_is_named_with_those_that_are() {
    let words = ["nosuch0", "lo (127.0.0.1)"];
    assert_refused(&["--handler", "ch7", "--out", "239.1.1.7:5000?iface=nosuch0"], &words);
    assert_refused(&["--in", "udp://239.9.9.9:5000?iface=nosuch0", "--out", "239.1.1.7:5000"], &words);
}

#[test]
fn an_address_that_this_host_does_not_have_is_refused() {
    let words = ["192.0.2.77", "lo (127.0.0.1)"];
    assert_refused(&["--handler", "ch7", "--out", "239.1.1.7:5000?src=192.0.2.77"], &words);
    assert_refused(&["--in", "udp://192.0.2.77:5000", "--out", "239.1.1.7:5000"], &words);
}

#[test]
fn a_pair_that_cannot_meet_is_told_why() {
    assert_refused(&["--in", "test:", "--out", "10.0.0.9:5000", "--pair"], &["cannot be paired", "output to a group"]);
    assert_refused(&["--in", "test:", "--out", "239.1.1.7:65535", "--pair"], &["take a lower port"]);
    let flow = ["--in", "test:", "--out", "239.1.1.7:5000?iface=lo"];
    assert_refused(&[&flow[..], &["--pair", "always"]].concat(), &["always", "off, standby"]);
    assert_refused(&[&flow[..], &["--pair-rank", "1"]].concat(), &["--pair"]);
    assert_refused(&[&flow[..], &["--pair", "--pair-patience", "0s"]].concat(), &["pair_patience = 0s", "1ms to 10s"]);
}

#[test]
fn a_key_that_cannot_be_used_is_named_and_never_told() {
    let place = Place::new();
    let (empty, long) = (place.write("empty", "\n"), place.write("long", "topsecret".repeat(600)));
    let flow = ["check", "--in", "test:", "--out", "239.1.1.7:5000?iface=lo", "--pair", "--pair-key-file"];
    for (file, words) in [("/nowhere/key", "cannot be read"), (&empty, "is empty"), (&long, "4096 bytes")] {
        place.run(&[&flow[..], &[file]].concat()).refused_with(&[
            "error: flow \"239.1.1.7:5000\": key file",
            file,
            words,
        ]);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let out = ["--out", "239.1.1.7:5000"];
    assert_refused(&["--in", "file:/nowhere/a.ts", out[0], out[1]], &["/nowhere/a.ts"]);
    assert_refused(&["--in", "file:/", out[0], out[1]], &["not a regular file"]);
    assert_refused(&["--config", "/nowhere/flows.toml"], &["/nowhere/flows.toml"]);
    assert_refused(&["--handler", "a", "--catalog", "/nowhere/c.toml", out[0], out[1]], &["/nowhere/c.toml"]);
}

#[test]
fn recordings_need_a_folder_and_a_source_that_fits() {
    let place = Place::new();
    let (file, folder) = (place.write("file", ""), std::env::temp_dir());
    let flow = ["--in", "test:", "--out", "239.1.1.7:5000"];
    let refused = |options: &[&str], words: &[&str]| assert_refused(&[&flow, options].concat(), words);
    refused(&["--record", "/nowhere/recordings"], &["cannot record to /nowhere/recordings"]);
    refused(&["--record", &file], &[&file, "not a folder"]);
    refused(&["--record-before", "10s"], &["--record <FOLDER>"]);
    refused(&["--record", folder.to_str().unwrap(), "--record-format", "pcapng"], &["record this source as ts"]);
    assert_refused(&["--config", "flows.toml", "--record", "/tmp"], &["--config", "--record"]);
}

#[test]
fn options_that_exclude_each_other_are_refused() {
    let out = ["--out", "239.1.1.7:5000"];
    assert_refused(&["--handler", "ch7", "--in", "test:", out[0], out[1]], &["--handler", "--in"]);
    assert_refused(&["--config", "flows.toml", out[0], out[1]], &["--config", "--out"]);
    assert_refused(&["--handler", "ch7"], &["--out"]);
    assert_refused(&out, &["--handler", "--in", "--config"]);
    assert_refused(&["--handler", "ch7", out[0], out[1], "--for", "10"], &["--for", "10"]);
    assert_refused(&["--handler", "ch7", out[0], out[1], "--packets-per-datagram", "0"], &["1..=348"]);
}

#[test]
fn a_wrong_line_of_a_file_is_shown() {
    let place = Place::new();
    let path = place.write("flows.toml", "[[flow]]\nhandler = \"ch7\"\nout = \"239.1.1.7:5000\"\npase = \"pcr\"\n");
    place.run(&["check", "--config", &path]).refused_with(&[&path, "line 4", "pase = \"pcr\"", "`pace`"]);
}

#[test]
fn each_problem_of_a_file_has_a_line_of_its_own() {
    let place = Place::new();
    let flow = "[[flow]]\nname = \"same\"\nin = \"test:\"\nout = \"239.1.1.7:5000\"\n";
    let path = place.write("flows.toml", flow.repeat(2));
    let ended = place.run(&["check", "--config", &path]);
    assert_eq!(ended.stderr.lines().filter(|line| line.starts_with("error: ")).count(), 2, "{}", ended.stderr);
    ended.refused_with(&["two flows are called \"same\"", "239.1.1.7:5000 is an output of"]);
}

#[test]
fn a_doctor_needs_no_flow_but_a_whole_one() {
    run(&["doctor", "--in", "test:"]).refused_with(&["--out"]);
    run(&["doctor", "--out", "239.1.1.7:5000"]).refused_with(&["--handler", "--in", "--config"]);
    run(&["doctor", "--config", "/nowhere/flows.toml"]).refused_with(&["/nowhere/flows.toml"]);
}
