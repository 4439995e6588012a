//! `check` of what is right.

use crate::run::{Place, ended, run};

#[test]
fn a_flow_that_can_run_is_ok() {
    assert_eq!(run(&["check", "--handler", "ch7", "--out", "239.1.1.7:5000?iface=lo"]).succeeded(), "OK: 1 flow\n");
}

#[test]
fn the_examples_can_run() {
    let example = |name: &str| format!("{}/examples/{name}", env!("CARGO_MANIFEST_DIR"));
    let (flows, catalog) = (example("flows.toml"), example("catalog.toml"));
    assert_eq!(run(&["check", "--config", &flows, "--catalog", &catalog]).succeeded(), "OK: 6 flows\n");
}

/// A transport stream of nothing but clock references, 40 ms apart.
fn clock_references() -> Vec<u8> {
    let packet = |index: u8| {
        let ticks_90khz = u64::from(index) * 3_600;
        // ISO/IEC 13818-1, 2.4.3: PID 256, no payload; an adaptation field of 183 bytes that holds a PCR.
        let mut packet = vec![0x47, 0x01, 0x00, 0x20, 183, 0x10];
        packet.extend_from_slice(&(ticks_90khz << 15).to_be_bytes()[2..]);
        packet.resize(188, 0xff);
        packet
    };
    (0..50).flat_map(packet).collect()
}

#[test]
fn a_file_that_can_be_played_can_be_a_source() {
    let place = Place::new();
    let url = format!("file:{}?loop=true", place.write("a b.ts", clock_references()));
    place.run(&["check", "--in", &url, "--out", "127.0.0.1:5000?src=127.0.0.2"]).succeeded();
}

#[test]
fn a_file_that_cannot_be_played_is_refused() {
    let place = Place::new();
    let path = place.write("a.ts", "no transport stream");
    place.run(&["check", "--in", &format!("file:{path}"), "--out", "239.1.1.7:5000"]).refused_with(&[&path]);
}

#[test]
fn a_synthetic_channel_that_cannot_be_made_is_refused() {
    for first in [&["check"][..], &[]] {
        let arguments = [first, &["--in", "test:clock?bitrate=100k", "--out", "239.1.1.7:5000?iface=lo"]].concat();
        run(&arguments).refused_with(&["bitrate of 100000 b/s is out of range"]);
    }
}

const CATALOG: &str = "[handlers.news]\nsource = \"udp://239.9.9.9:5000\"\n";

#[test]
fn the_users_catalog_is_found_and_one_that_is_named_comes_before_it() {
    let place = Place::new();
    place.write("flowclient/catalog.toml", CATALOG);
    let named = place.write("other.toml", CATALOG.replace("news", "sport"));
    let check = |handler| place.command(&["check", "--out", "239.1.1.7:5000", "--handler", handler]);
    let code = |mut command: std::process::Command| ended(command.output().unwrap()).code;
    assert_eq!((code(check("news")), code(check("sport"))), (Some(0), Some(2)));
    let named_by_environment = |handler| {
        let mut command = check(handler);
        command.env("FLOWCLIENT_CATALOG", &named);
        code(command)
    };
    assert_eq!((named_by_environment("news"), named_by_environment("sport")), (Some(2), Some(0)));
    let named_by_option = |handler| {
        let mut command = check(handler);
        command.args(["--catalog", &named]);
        code(command)
    };
    assert_eq!((named_by_option("news"), named_by_option("sport")), (Some(2), Some(0)));
}
