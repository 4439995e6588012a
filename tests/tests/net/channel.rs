//! The built-in channels, as a player sees them.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tests::lab::{Capture, Datagram, Flowclient, NetNs, Path, Process};
use tests::media;

use crate::HEARD_AT;

const CHANNEL: [&str; 4] = ["--handler", "ch7", "--out", HEARD_AT];

#[test]
fn ffprobe_reads_ch7_as_video_and_audio_with_its_name() {
    let path = Path::new();
    let _flowclient = Flowclient::start(&path.relay, &CHANNEL);
    let mut ffprobe = path.sink.command("ffprobe");
    ffprobe.args("-v error -print_format json -show_streams -show_programs -read_intervals %+3".split(' '));
    let report = Process::run(ffprobe.arg(format!("udp://{HEARD_AT}"))).expect_success();
    let report: Value = serde_json::from_str(&report.stdout).expect("ffprobe writes JSON");
    let kinds: Vec<&str> =
        report["streams"].as_array().unwrap().iter().filter_map(|s| s["codec_type"].as_str()).collect();
    assert!(kinds.contains(&"video") && kinds.contains(&"audio"), "streams: {kinds:?}");
    assert_eq!(report["streams"][0]["codec_name"], "h264");
    let name = report["programs"][0]["tags"]["service_name"].as_str().unwrap_or_default();
    assert!(name.contains('7'), "the channel's name in the SDT: {name:?}");
}

#[test]
fn a_decoded_frame_of_ch7_shows_a_picture() {
    let path = Path::new();
    let _flowclient = Flowclient::start(&path.relay, &CHANNEL);
    let picture = frame(&path.sink);
    let header = fs::read(&picture).expect("a picture");
    let side = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
    assert_eq!(&header[1..4], b"PNG");
    assert!(side(16) >= 320 && side(20) >= 180, "{} x {}", side(16), side(20));
    assert!(media::grey_levels(&picture) >= 2, "a blank screen");
}

fn frame(sink: &NetNs) -> PathBuf {
    let picture = media::folder().join("ch7.png");
    let mut ffmpeg = sink.command("ffmpeg");
    ffmpeg.args(["-v", "error", "-i", &format!("udp://{HEARD_AT}"), "-frames:v", "1", "-y"]);
    Process::run(ffmpeg.arg(&picture)).expect_success();
    picture
}

#[test]
fn two_instances_of_ch7_emit_the_same_bytes_at_the_same_moment() {
    let (one, other) = (Path::new(), Path::new());
    let _first = Flowclient::start(&one.relay, &CHANNEL);
    let _second = Flowclient::start(&other.relay, &CHANNEL);
    let (left, right) = (Capture::start(&one.sink, "eth0", HEARD_AT), Capture::start(&other.sink, "eth0", HEARD_AT));
    left.wait_for(2_000);
    right.wait_for(2_000);
    let (left, right) = (left.so_far(), right.so_far());
    let (left, right) = overlap(&left, &right);
    assert!(left.len() > 1_000, "they share {} datagrams", left.len());
    let same = left.iter().zip(right).filter(|(left, right)| left.payload == right.payload).count();
    assert_eq!(same, left.len());
    let mut apart: Vec<_> =
        left.iter().zip(right).map(|(left, right)| left.at.max(right.at) - left.at.min(right.at)).collect();
    apart.sort();
    // Half of them within a frame's time: the machine may be busy, the channel's clock is not.
    assert!(apart[apart.len() / 2].as_millis() < 40, "half of them are {:?} apart", apart[apart.len() / 2]);
}

/// The parts of both that carry the same datagrams, found by the first datagram that both hold.
fn overlap<'a>(left: &'a [Datagram], right: &'a [Datagram]) -> (&'a [Datagram], &'a [Datagram]) {
    let place =
        |all: &[Datagram], wanted: &Datagram| all.iter().position(|datagram| datagram.payload == wanted.payload);
    let (left, right) = match (place(left, &right[0]), place(right, &left[0])) {
        (Some(start), _) => (&left[start..], right),
        (None, Some(start)) => (left, &right[start..]),
        (None, None) => panic!("the two instances share nothing"),
    };
    let length = left.len().min(right.len());
    (&left[..length], &right[..length])
}
