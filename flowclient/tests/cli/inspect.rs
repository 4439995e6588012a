//! `inspect`: its schema, and what it refuses.

use std::fs;
use std::path::Path;

use crate::run::{Place, run};

/// A null packet.
fn null_packet() -> Vec<u8> {
    [&[0x47, 0x1F, 0xFF, 0x10][..], &[0xFF; 184]].concat()
}

#[test]
fn the_schema_in_the_documents_is_the_one_that_is_written() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/inspect-schema.json");
    let documented = fs::read_to_string(&path).unwrap();
    let written = run(&["inspect", "--schema"]).succeeded();
    assert!(documented == written, "write it anew: flowclient inspect --schema > docs/inspect-schema.json");
}

#[test]
fn what_is_no_capture_is_refused() {
    let place = Place::new();
    let text = place.write("a.ts", "no transport stream");
    place.run(&["inspect", &text]).refused_with(&[&text, "neither pcap nor pcapng", "sync bytes"]);
    let empty = place.write("b.ts", "");
    place.run(&["inspect", &empty]).refused_with(&[&empty]);
    run(&["inspect", "/nowhere/a.ts"]).refused_with(&["/nowhere/a.ts", "udp://, rtp://, file: or test:"]);
    run(&["inspect", "/"]).refused_with(&["/"]);
}

#[test]
fn what_is_no_source_is_refused() {
    run(&["inspect"]).refused_with(&["FILE|URL"]);
    run(&["inspect", "udp://239.1.1.7"]).refused_with(&["a port is missing"]);
    run(&["inspect", "udp://239.1.1.7:5000?iface=nosuch0"]).refused_with(&["nosuch0", "lo (127.0.0.1)"]);
    run(&["inspect", "test:", "--flow", "239.1.1.7:5000"]).refused_with(&["--flow", "pcap"]);
    run(&["inspect", "test:", "--for", "10"]).refused_with(&["--for", "10"]);
}

#[test]
fn a_stream_of_null_packets_is_whole() {
    let place = Place::new();
    let path = place.write("null.ts", null_packet().repeat(100));
    let report = place.run(&["inspect", &path]).succeeded();
    assert!(report.contains("100, 100 of them null"), "{report}");
    assert!(!report.contains('\x1b'), "{report}");
}

#[test]
fn a_lost_packet_is_an_error_of_priority_1_and_exit_code_1() {
    let place = Place::new();
    let packet = |counter: u8| [&[0x47, 0x01, 0x00, 0x10 | counter][..], &[counter; 184]].concat();
    let stream: Vec<u8> = (0..40).filter(|n| *n != 20).flat_map(|n| packet(n % 16)).collect();
    let path = place.write("gap.ts", stream);
    let ended = place.run(&["inspect", "--json", &path]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["tr101290"]["continuity_count_error"]["errors"], 1);
    assert_eq!((&report["pids"][0]["pid"], &report["pids"][0]["missing_packets"]), (&256.into(), &1.into()));
}
