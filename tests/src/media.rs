//! Streams made with the encoders of ffmpeg, and readers that judge what came out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use relay::time::{Ticks27, ticks_to_nanos};
use relay::wire::ts::{PACKET_LEN, Packet};
use tempfile::TempDir;

use crate::lab::Process;

/// A folder that lives as long as the program, for what several tests share.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::Builder::new().prefix("flowclient-tests-").tempdir().expect("a folder")).path()
}

/// A transport stream of 6 seconds at a constant 3 Mb/s: H.264 and two sounds, AAC and MPEG layer II.
pub fn capture() -> &'static [u8] {
    static CAPTURE: OnceLock<Vec<u8>> = OnceLock::new();
    CAPTURE.get_or_init(|| encode("capture.ts", 6, "3M"))
}

/// A transport stream of 1 second and its path, for loops with many seams.
pub fn short() -> PathBuf {
    static SHORT: OnceLock<Vec<u8>> = OnceLock::new();
    SHORT.get_or_init(|| encode("short.ts", 1, "2M"));
    folder().join("short.ts")
}

fn encode(name: &str, seconds: u32, multiplex_rate: &str) -> Vec<u8> {
    let path = folder().join(name);
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-f", "lavfi", "-i", "sine=440"]);
    ffmpeg.args(["-t", &seconds.to_string(), "-map", "0:v", "-map", "1:a", "-map", "1:a"]);
    ffmpeg.args("-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 25 -b:v 1M".split(' '));
    ffmpeg.args("-c:a:0 aac -c:a:1 mp2 -f mpegts -muxrate".split(' ')).arg(multiplex_rate).arg(&path);
    Process::run(&mut ffmpeg).expect_success();
    fs::read(path).expect("what ffmpeg wrote")
}

/// Datagrams of seven packets a second that `stream` needs to be sent at its own rate, from its first and last PCR.
///
/// # Panics
/// When `stream` has no two PCRs.
pub fn datagrams_a_second(stream: &[u8]) -> u32 {
    let mut clocks = stream.chunks(PACKET_LEN).enumerate().filter_map(|(place, packet)| Some((place, pcr(packet)?)));
    let (first, start) = clocks.next().expect("a first PCR");
    let (last, end) = clocks.next_back().expect("a last PCR");
    let span = ticks_to_nanos(end.signed_since(start).unsigned_abs());
    let packets = u64::try_from(last - first).unwrap_or(u64::MAX);
    u32::try_from(packets * 1_000_000_000 / span / 7).expect("a rate of this world")
}

fn pcr(packet: &[u8]) -> Option<Ticks27> {
    Packet::new(packet)?.adaptation()?.pcr()
}

/// The distinct grey levels of a picture: one for a blank screen, dozens for a picture of something.
pub fn grey_levels(picture: &Path) -> usize {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-i"]).arg(picture).args(["-f", "rawvideo", "-pix_fmt", "gray", "-"]);
    let pixels = ffmpeg.output().expect("ffmpeg").stdout;
    (0..=255).filter(|level| pixels.contains(level)).count()
}
