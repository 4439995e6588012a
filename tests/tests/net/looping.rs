//! A file looped for ever, so that a receiver notices nothing.

use tests::lab::{Capture, Flowclient, Path, Process};
use tests::media;

use crate::{HEARD_AT, OUT};

/// Seconds to listen to a file of one second.
const SECONDS: u32 = 24;

#[test]
fn ffmpeg_reads_over_twenty_seams_without_a_warning() {
    let path = Path::new();
    let file = format!("file:{}?loop=true", media::short().display());
    let _flowclient = Flowclient::start(&path.relay, &["--in", &file, "--out", OUT]);
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    let bytes = 2_000_000 / 8 * SECONDS as usize;
    sink.wait_for_bytes(bytes);
    let recording = media::folder().join("looped.ts");
    std::fs::write(&recording, sink.bytes()).unwrap();
    let mut ffmpeg = path.sink.command("ffmpeg");
    let ended =
        Process::run(ffmpeg.args(["-v", "warning", "-i"]).arg(&recording).args(["-map", "0", "-f", "null", "-"]));
    assert_eq!(ended.stderr, "", "{}", ended.status);
    assert!(timestamps_rise(&path, &recording), "a presentation time went back or jumped at a seam");
}

/// Whether each video packet is shown within a tenth of a second after the one before.
fn timestamps_rise(path: &Path, recording: &std::path::Path) -> bool {
    let mut ffprobe = path.sink.command("ffprobe");
    ffprobe.args("-v error -select_streams v -show_entries packet=dts_time -of csv=p=0".split(' ')).arg(recording);
    let ended = Process::run(&mut ffprobe).expect_success();
    let times = ended.stdout.lines().map(|line| line.trim_end_matches(',').parse::<f64>());
    let times: Vec<f64> = times.collect::<Result<_, _>>().expect("a time a line");
    assert!(times.len() > 25 * (SECONDS as usize - 2), "{} pictures", times.len());
    times.windows(2).all(|pair| pair[1] > pair[0] && pair[1] < pair[0] + 0.1)
}

#[test]
fn a_file_that_is_not_looped_ends_with_exit_code_0() {
    let path = Path::new();
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    let file = format!("file:{}", media::short().display());
    let ended = Flowclient::run(&path.relay, &["--in", &file, "--out", OUT]).expect_success();
    let sent = std::fs::read(media::short()).unwrap();
    sink.wait_for_bytes(sent.len());
    assert!(sink.bytes() == sent, "the file came out changed");
    assert!(ended.stderr.contains("source has ended"), "{}", ended.stderr);
}
