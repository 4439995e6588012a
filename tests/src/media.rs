//! Streams made with the encoders of ffmpeg, and readers that judge what came out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use relay::time::{Ticks27, ticks_to_nanos};
use relay::wire::ts::{PACKET_LEN, Packet};
use tempfile::TempDir;

use crate::lab::Process;

/// Where ffmpeg puts the video, unless told otherwise.
const VIDEO_PID: u16 = 0x100;
/// Where ffmpeg puts PAT, SDT and PMT, unless told otherwise.
const TABLE_PIDS: [u16; 3] = [0x00, 0x11, 0x1000];

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

/// The path of a transport stream of 1 second with one key frame, for loops with many seams.
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

/// The whole passes in a recording of a looped [`short`] file, from the tables before one key frame to those before the last,
/// and how many they are. What is cut off is what any receiver misses that tunes in and out.
///
/// # Panics
/// When there is no whole pass.
pub fn whole_passes(recording: &[u8]) -> (&[u8], usize) {
    let packets: Vec<Packet<'_>> = recording.chunks(PACKET_LEN).filter_map(Packet::new).collect();
    let is_table = |packet: &Packet<'_>| TABLE_PIDS.contains(&packet.pid());
    let tables_before = |key: usize| packets[..key].iter().rev().take_while(|packet| is_table(packet)).count();
    let keys = (0..packets.len()).filter(|&place| is_key_frame(packets[place]));
    let starts: Vec<usize> = keys.map(|key| PACKET_LEN * (key - tables_before(key))).collect();
    let (first, last) = (starts.first().expect("a key frame"), starts.last().expect("a key frame"));
    (&recording[*first..*last], starts.len() - 1)
}

fn is_key_frame(packet: Packet<'_>) -> bool {
    packet.pid() == VIDEO_PID && packet.adaptation().is_some_and(|field| field.random_access())
}

/// The distinct grey levels of a picture: one for a blank screen, dozens for a picture of something.
pub fn grey_levels(picture: &Path) -> usize {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-i"]).arg(picture).args(["-f", "rawvideo", "-pix_fmt", "gray", "-"]);
    let pixels = ffmpeg.output().expect("ffmpeg").stdout;
    (0..=255).filter(|level| pixels.contains(level)).count()
}
