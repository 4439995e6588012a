//! A file looped for ever, so that a receiver notices nothing.

use std::fs;
use std::process::Command;

use relay::wire::ts::{NULL_PACKET, PACKET_LEN};
use tests::continuity::Continuity;
use tests::lab::{Capture, Flowclient, Path, Process};
use tests::media;

use crate::{HEARD_AT, OUT};

/// Seams that a receiver must not notice.
const SEAMS: usize = 20;

#[test]
fn ffmpeg_reads_over_twenty_seams_without_a_warning() {
    let path = Path::new();
    let file = format!("file:{}?loop=true", media::short().display());
    let _flowclient = Flowclient::start(&path.relay, &["--in", &file, "--out", OUT]);
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    sink.wait_for_bytes((SEAMS + 4) * fs::metadata(media::short()).unwrap().len() as usize);
    let recording = sink.bytes();
    let (passes, count) = media::whole_passes(&recording);
    assert!(count > SEAMS, "{count} passes");
    assert_eq!(Continuity::gaps_in(&recording), 0);
    let looped = media::folder().join("looped.ts");
    fs::write(&looped, passes).unwrap();
    assert_eq!(complaints_of_ffmpeg(&looped), "");
    assert_pictures_follow_each_other(&looped, 25 * count);
}

/// What ffmpeg says while it decodes all streams. It counts time in ticks of 90 kHz, as the stream does: in pictures of
/// 40 ms it would complain of a file that is no whole number of them long.
fn complaints_of_ffmpeg(recording: &std::path::Path) -> String {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "warning", "-i"]).arg(recording);
    ffmpeg.args("-map 0 -fps_mode passthrough -enc_time_base 1:90000 -f null -".split(' '));
    Process::run(&mut ffmpeg).expect_success().stderr
}

fn assert_pictures_follow_each_other(recording: &std::path::Path, count: usize) {
    let mut ffprobe = Command::new("ffprobe");
    ffprobe.args("-v error -select_streams v -show_packets -of compact".split(' ')).arg(recording);
    let listing = Process::run(&mut ffprobe).expect_success().stdout;
    let times = listing.split('|').filter_map(|field| field.strip_prefix("dts_time="));
    let times: Vec<f64> = times.map(|time| time.parse().unwrap()).collect();
    assert_eq!(times.len(), count, "pictures");
    assert!(times.windows(2).all(|pair| pair[1] > pair[0] && pair[1] < pair[0] + 0.1), "time jumps: {times:?}");
}

#[test]
fn a_file_that_is_not_looped_ends_with_exit_code_0() {
    let path = Path::new();
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    let file = format!("file:{}", media::short().display());
    let ended = Flowclient::run(&path.relay, &["--in", &file, "--out", OUT]).expect_success();
    let sent = fs::read(media::short()).unwrap();
    sink.wait_for_bytes(sent.len());
    let heard = sink.bytes();
    let (file, filling) = heard.split_at(sent.len());
    assert!(file == sent, "the file came out changed");
    assert!(filling.chunks(PACKET_LEN).all(|packet| packet == NULL_PACKET), "more than null packets at the end");
    assert!(ended.stderr.contains("source has ended"), "{}", ended.stderr);
}
