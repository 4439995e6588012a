//! Recording on alarm: what came around a fault, byte by byte, and no more than there is room for.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path as FilePath, PathBuf};
use std::process::Command;

use relay::io::capture::{self, Item};
use relay::wire::ts::PACKET_LEN;
use serde_json::Value;
use tempfile::TempDir;
use tests::lab::{Capture, Flowclient, Metrics, Path, Process, Sender, until};
use tests::media;
use tests::shapes::rtp;

use crate::{HEARD_AT, IN, OUT, SEND_TO};

/// A relay that records the flow `ch7` into a folder, fed with a stream of 6 s.
struct Lab {
    path: Path,
    folder: TempDir,
    flowclient: Flowclient,
}

impl Lab {
    fn new(input: &str, options: &[&str]) -> Self {
        let (path, folder) = (Path::new(), tempfile::tempdir().unwrap());
        let record = ["--record", folder.path().to_str().unwrap(), "--name", "ch7", "--in", input, "--out", OUT];
        let flowclient = Flowclient::start(&path.relay, &[&record, options].concat());
        path.relay.wait_for_member("in0", "239.9.9.9".parse().unwrap());
        Self { path, folder, flowclient }
    }

    /// Sends these at the stream's own rate, and waits until the last of them has left the relay.
    fn send(&self, datagrams: &[Vec<u8>]) {
        let sink = Capture::start(&self.path.sink, "eth0", HEARD_AT);
        let sender = Sender::new(&self.path.source, Path::SOURCE, SEND_TO);
        sender.send_at(media::datagrams_a_second(media::capture()), datagrams);
        sink.wait_for(datagrams.len());
    }

    /// The recordings, by name.
    fn recordings(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// The recordings, once the flow has stopped.
    fn stop(self) -> (Vec<PathBuf>, TempDir) {
        let pending = self.recordings();
        let Self { folder, flowclient, path: _path } = self;
        let ended = flowclient.stop().expect_success();
        assert!(!ended.stderr.contains("cannot be saved"), "{}", ended.stderr);
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= pending.len());
        (files, folder)
    }
}

/// The stream in datagrams, of which one is missing.
fn with_gap(lost: usize) -> Vec<Vec<u8>> {
    let stream = media::capture().chunks_exact(7 * PACKET_LEN).map(<[u8]>::to_vec);
    stream.enumerate().filter(|(number, _)| *number != lost).map(|(_, datagram)| datagram).collect()
}

/// Recordings that ended so.
fn recordings(metrics: &Metrics, outcome: &str) -> f64 {
    metrics.sum("flowclient_recordings_total", &[("flow", "ch7"), ("outcome", outcome)])
}

/// The first datagram from number `from` on that is full of pictures, so that its loss is seen at once.
fn full_datagram(from: usize) -> usize {
    let mut datagrams = media::capture().chunks_exact(7 * PACKET_LEN).enumerate().skip(from);
    let is_picture = |packet: &[u8]| packet[1] & 0x1F == 1 && packet[2] == 0;
    datagrams.find(|(_, datagram)| datagram.chunks(PACKET_LEN).all(is_picture)).expect("pictures").0
}

fn inspect(file: &FilePath) -> Value {
    let mut command = Command::new(Flowclient::binary());
    let ended = Process::run(command.args(["inspect", "--json"]).arg(file));
    assert_eq!(ended.code(), Some(1), "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

/// Where `part` is in `whole`.
fn position(whole: &[u8], part: &[u8]) -> usize {
    let places = (0..whole.len()).step_by(PACKET_LEN);
    places.into_iter().find(|&place| whole[place..].starts_with(part)).expect("what was sent")
}

#[test]
fn a_gap_is_recorded_with_what_was_sent_around_it() {
    let lab = Lab::new(IN, &["--record-before", "1s", "--record-after", "1s"]);
    let gap = full_datagram(700);
    let (sent, lost) = (with_gap(gap), gap * 7 * PACKET_LEN);
    lab.send(&sent);
    lab.flowclient.wait_for_log("what came around the alarm is saved", 1);
    let saved = lab.flowclient.wait_until("the recording counted", |metrics| recordings(metrics, "saved") > 0.0);
    assert!(recordings(&saved, "failed").abs() < f64::EPSILON);
    let files = lab.recordings();
    let name = files[0].file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("ch7-2") && name.ends_with("Z.ts"), "{name}");

    let (recorded, sent) = (fs::read(&files[0]).unwrap(), sent.concat());
    let start = position(&sent, &recorded);
    assert!(start < lost && lost < start + recorded.len(), "{start} {lost} {}", recorded.len());
    // A second is 375,000 bytes, give or take what the sender's clock does.
    assert!((lost - start).abs_diff(375_000) < 75_000, "{}", lost - start);

    let report = inspect(&files[0]);
    let found = &report["tr101290"]["continuity_count_error"];
    assert!(found["errors"].as_u64().unwrap() > 0, "{found}");
    assert_eq!(report["ts"]["packets"], recorded.len() / PACKET_LEN);
}

#[test]
fn datagrams_are_recorded_with_their_rtp_headers() {
    let gap = full_datagram(600);
    let input = "rtp://239.9.9.9:5000?iface=in0";
    let lab = Lab::new(input, &["--record-format", "pcapng", "--record-before", "1s", "--record-after", "500ms"]);
    let datagrams = media::capture().chunks_exact(7 * PACKET_LEN).map(<[u8]>::to_vec).enumerate();
    let datagrams = datagrams.filter(|(number, _)| *number != gap);
    let sent: Vec<Vec<u8>> = datagrams.map(|(number, payload)| rtp(number as u16, &payload)).collect();
    lab.send(&sent);
    lab.flowclient.wait_for_log("what came around the alarm is saved", 1);
    let (files, _folder) = lab.stop();
    let mut read = capture::open(&files[0], None).unwrap();
    assert_eq!(read.destination(), Some(SEND_TO.parse::<SocketAddr>().unwrap()));
    let (mut sequences, mut packets) = (Vec::new(), Vec::new());
    let mut take = |item: Item<'_>| match item {
        Item::Datagram(datagram) => sequences.push(datagram.rtp.unwrap().sequence),
        Item::Run(run) => run.packets().for_each(|(_, packet)| packets.extend(packet)),
        other => panic!("{other:?}"),
    };
    while read.read(&mut take).unwrap() {}
    let (first, last) = (sequences[0], *sequences.last().unwrap());
    let expected: Vec<u16> = (first..=last).filter(|number| usize::from(*number) != gap).collect();
    assert_eq!(sequences, expected);
    assert!(usize::from(first) < gap - 100 && usize::from(last) > gap + 50, "{first}..{last}");
    let payloads = with_gap(gap).concat();
    let start = usize::from(first) * 7 * PACKET_LEN;
    assert!(payloads[start..].starts_with(&packets), "the packets came out changed");
}

#[test]
fn there_are_no_more_recordings_than_asked_for() {
    let lab = Lab::new(IN, &["--record-before", "200ms", "--record-after", "0s", "--record-most-files", "2"]);
    let datagrams = with_gap(0);
    // An alarm ends when nothing has been wrong for 5 s; the next gap is another then.
    for round in 1..=3 {
        lab.send(&datagrams[..400]);
        lab.send(&datagrams[500..700]);
        lab.flowclient.wait_for_log("what came around the alarm is saved", round);
        lab.flowclient.wait_for_log("over, after", round);
    }
    let files = lab.recordings();
    let saved: Vec<String> = lab.flowclient.stderr().lines().filter_map(saved_path).collect();
    let kept: Vec<String> = files.iter().map(|file| file.to_str().unwrap().to_owned()).collect();
    assert_eq!((saved.len() >= 3, &kept[..]), (true, &saved[saved.len() - 2..]));
}

/// The path in a log line that says that a recording was saved.
fn saved_path(line: &str) -> Option<String> {
    let said = line.split("is saved: ").nth(1)?;
    Some(said.split(" (").next()?.to_owned())
}

#[test]
fn a_recording_is_saved_when_the_relay_stops_right_after_the_alarm() {
    let lab = Lab::new(IN, &["--record-before", "10s", "--record-after", "10m"]);
    let gap = full_datagram(300);
    let sent = with_gap(gap)[..gap + 100].to_vec();
    lab.send(&sent);
    until("the alarm", || (lab.flowclient.logged("continuity_count_error") > 0).then_some(()));
    assert!(lab.recordings().is_empty());
    let (files, _folder) = lab.stop();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(fs::read(&files[0]).unwrap(), sent.concat());
}

#[test]
fn where_recordings_cannot_be_written_is_told_and_nothing_else_suffers() {
    let lab = Lab::new(IN, &["--record-before", "1s", "--record-after", "0s"]);
    fs::remove_dir(lab.folder.path()).unwrap();
    lab.send(&with_gap(full_datagram(300))[..600]);
    lab.flowclient.wait_for_log("what came around the alarm cannot be saved", 1);
    lab.flowclient.wait_until("the failure counted", |metrics| recordings(metrics, "failed") > 0.0);
}
