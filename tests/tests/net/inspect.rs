//! `flowclient inspect`: what it counts, beside counters that know nothing of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::process::Command;

use relay::io::capture::write::PcapngWriter;
use relay::time::Utc;
use relay::wire::ts::PACKET_LEN;
use serde_json::Value;
use tests::lab::{Ended, Flowclient, NetNs, Path, Process, Sender, Signal};
use tests::media;
use tests::shapes::{rtp, with_parity};

use crate::{IN, SEND_TO};

/// What is counted of a PID.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    packets: u64,
    clocks: u64,
    stamps: u64,
}

type CountsByPid = BTreeMap<u64, Counts>;

/// Counts by the letter of the headers, byte by byte.
fn naive_counts(stream: &[u8]) -> CountsByPid {
    let mut pids = CountsByPid::new();
    for packet in stream.chunks(PACKET_LEN) {
        let pid = pids.entry(u64::from(packet[1] & 0x1F) << 8 | u64::from(packet[2])).or_default();
        let payload_at = if packet[3] & 0x20 != 0 { 5 + usize::from(packet[4]) } else { 4 };
        let payload = if packet[3] & 0x10 != 0 { &packet[payload_at..] } else { &[] };
        pid.packets += 1;
        pid.clocks += u64::from(payload_at > 5 && packet[5] & 0x10 != 0);
        let starts_unit = packet[1] & 0x40 != 0 && payload.starts_with(&[0, 0, 1]);
        pid.stamps += u64::from(starts_unit && payload[7] & 0x80 != 0);
    }
    pids
}

/// What the report says of the same.
fn reported_counts(report: &Value) -> CountsByPid {
    let number = |pid: &Value, name: &str| pid[name].as_u64().unwrap();
    let counts = |pid: &Value| Counts {
        packets: number(pid, "packets"),
        clocks: number(pid, "pcr_count"),
        stamps: number(pid, "pts_count"),
    };
    let pids = report["pids"].as_array().unwrap();
    pids.iter().map(|pid| (number(pid, "pid"), counts(pid))).collect()
}

/// PES packets by PID, as ffprobe counts them: its parsers, which cut them into frames, are switched off.
fn ffprobe_counts(file: &FilePath) -> BTreeMap<u64, u64> {
    let mut ffprobe = Command::new("ffprobe");
    ffprobe.args("-v error -fflags +noparse+nofillin -count_packets -of json -show_entries".split(' '));
    let ended = Process::run(ffprobe.arg("stream=id,nb_read_packets").arg(file)).expect_success();
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    let text = |stream: &Value, name: &str| stream[name].as_str().unwrap().to_owned();
    let streams = answer["streams"].as_array().unwrap().iter();
    let pid = |stream: &Value| u64::from_str_radix(text(stream, "id").trim_start_matches("0x"), 16).unwrap();
    streams.map(|stream| (pid(stream), text(stream, "nb_read_packets").parse().unwrap())).collect()
}

fn parsed(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr))
}

fn inspect(arguments: &[&str]) -> Ended {
    let mut command = Command::new(Flowclient::binary());
    Process::run(command.args(["inspect", "--json"]).args(arguments))
}

/// Indicators with errors, by name.
fn errors(report: &Value) -> BTreeMap<&str, u64> {
    let indicators = report["tr101290"].as_object().unwrap().iter();
    let counted = indicators.map(|(name, indicator)| (name.as_str(), indicator["errors"].as_u64().unwrap()));
    counted.filter(|(_, errors)| *errors > 0).collect()
}

#[track_caller]
fn assert_whole_and_counted(file: &FilePath) -> Value {
    let ended = inspect(&[file.to_str().unwrap()]);
    let report = parsed(&ended);
    assert_eq!((errors(&report), ended.code()), (BTreeMap::new(), Some(0)));
    let stream = fs::read(file).unwrap();
    assert_eq!(reported_counts(&report), naive_counts(&stream));
    assert_eq!(report["ts"]["packets"], stream.len() / PACKET_LEN);
    let stamps = |pid: u64| reported_counts(&report)[&pid].stamps;
    for (pid, packets) in ffprobe_counts(file) {
        assert_eq!(stamps(pid), packets, "PES packets of PID {pid}");
    }
    report
}

fn encode(name: &str, options: &str) -> PathBuf {
    let file = media::folder().join(name);
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args("-v error -f lavfi -i testsrc2=size=320x240:rate=25 -f lavfi -i sine=440 -t 6".split(' '));
    ffmpeg
        .args("-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 -c:a aac -metadata:s:a:0 language=deu".split(' '));
    Process::run(ffmpeg.args(options.split(' ')).arg(&file)).expect_success();
    file
}

#[test]
fn what_ffmpeg_multiplexes_at_a_constant_rate_is_whole_and_counted() {
    let report = assert_whole_and_counted(&encode("inspect-cbr.ts", "-muxrate 2M -f mpegts"));
    let bitrate = report["ts"]["bitrate"].as_u64().unwrap();
    assert!(bitrate.abs_diff(2_000_000) < 200, "{bitrate}");
    let service = &report["services"][0];
    assert_eq!((&service["name"], &service["provider"]), (&"Service01".into(), &"FFmpeg".into()));
    assert_eq!(service["streams"][1]["languages"][0], "deu");
    let tables: Vec<u64> =
        report["tables"].as_array().unwrap().iter().map(|table| table["table_id"].as_u64().unwrap()).collect();
    assert_eq!(tables, [0x00, 0x42, 0x02]);
}

#[test]
fn what_ffmpeg_multiplexes_at_a_variable_rate_is_whole_and_counted() {
    assert_whole_and_counted(&encode("inspect-vbr.ts", "-f mpegts"));
}

#[test]
fn what_gstreamer_multiplexes_is_whole_and_counted() {
    for (name, options) in [("inspect-gst-vbr.ts", ""), ("inspect-gst-cbr.ts", " bitrate=2000000")] {
        let file = media::folder().join(name);
        let mut gstreamer = Command::new("gst-launch-1.0");
        gstreamer.args("-q videotestsrc num-buffers=150 ! video/x-raw,width=320,height=240,framerate=25/1".split(' '));
        gstreamer.args("! x264enc tune=zerolatency speed-preset=ultrafast bitrate=1000 ! h264parse".split(' '));
        gstreamer.args(format!("! mpegtsmux{options} ! filesink").split(' '));
        Process::run(gstreamer.arg(format!("location={}", file.display()))).expect_success();
        assert_whole_and_counted(&file);
    }
}

/// The stream as pcapng, in RTP if asked for, a datagram each 2 ms.
fn as_pcapng(stream: &[u8], in_rtp: bool) -> Vec<u8> {
    let (source, group) = ("10.0.0.1:4000".parse().unwrap(), SEND_TO.parse().unwrap());
    let mut writer = PcapngWriter::new(Vec::new()).unwrap();
    for (number, payload) in (0_u16..).zip(stream.chunks(7 * PACKET_LEN)) {
        let at = Utc(1_700_000_000_000_000_000 + u64::from(number) * 2_000_000);
        let payload = if in_rtp { rtp(number, payload) } else { payload.to_vec() };
        writer.datagram(at, source, group, &payload).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn the_same_stream_counts_the_same_in_each_kind_of_capture() {
    let stream = media::capture();
    let stamped = |(number, packet): (usize, &[u8])| [&(number as u32 * 13_500).to_be_bytes(), packet].concat();
    let captures = [
        ("ts204", with_parity(stream)),
        ("m2ts", stream.chunks(PACKET_LEN).enumerate().flat_map(stamped).collect()),
        ("pcapng", as_pcapng(stream, false)),
        ("pcapng", as_pcapng(stream, true)),
    ];
    for (kind, bytes) in captures {
        let file = media::folder().join(format!("inspect-kind.{kind}"));
        fs::write(&file, bytes).unwrap();
        let report = parsed(&inspect(&[file.to_str().unwrap()]));
        assert_eq!((&report["input"]["kind"], reported_counts(&report)), (&kind.into(), naive_counts(stream)));
        assert_eq!(report["ts"]["continuity_errors"], 0, "{kind}");
        assert_eq!(report["arrival"].is_null(), kind != "pcapng");
    }
}

#[test]
fn a_lost_packet_is_found_where_it_is_missing() {
    let mut stream = media::capture().to_vec();
    let video = |packet: &[u8]| packet[1] & 0x5F == 0x01 && packet[2] == 0 && packet[3] & 0x30 == 0x10;
    let lost = stream.chunks(PACKET_LEN).enumerate().skip(5_000).find(|(_, packet)| video(packet)).unwrap().0;
    stream.drain(lost * PACKET_LEN..(lost + 1) * PACKET_LEN);
    let file = media::folder().join("inspect-gap.ts");
    fs::write(&file, &stream).unwrap();
    let ended = inspect(&[file.to_str().unwrap()]);
    let report = parsed(&ended);
    assert_eq!((ended.code(), errors(&report)), (Some(1), BTreeMap::from([("continuity_count_error", 1)])));
    assert_eq!(report["tr101290"]["continuity_count_error"]["last_pid"], 0x100);
    assert_eq!(reported_counts(&report), naive_counts(&stream));
}

#[test]
fn part_of_a_file_is_inspected_by_its_own_time() {
    let file = media::folder().join("inspect-part.ts");
    fs::write(&file, media::capture()).unwrap();
    let report = parsed(&inspect(&[file.to_str().unwrap(), "--for", "2s"]));
    let packets = report["ts"]["packets"].as_u64().unwrap();
    // 2 s at 3 Mb/s.
    assert!(packets.abs_diff(3_989) < 20, "{packets}");
}

/// Sends a whole stream at its own rate to an inspection of [`IN`], and gives how that ended once `stop` has stopped it.
fn inspect_live(options: &[&str], stop: impl FnOnce(&Process)) -> (usize, Ended) {
    let path = Path::new();
    let arguments = [&["inspect", "--json", IN], options].concat();
    let inspection = Process::start(&mut Flowclient::command(&path.relay, &arguments));
    path.relay.wait_for_member("in0", "239.9.9.9".parse().unwrap());
    let stream = media::capture();
    let whole = &stream[..stream.len() / 1_316 * 1_316];
    let sender = Sender::new(&path.source, Path::SOURCE, SEND_TO);
    sender.send_at(media::datagrams_a_second(whole), whole.chunks(1_316));
    stop(&inspection);
    (whole.len(), inspection.wait())
}

#[test]
fn a_live_address_is_inspected_until_a_signal() {
    let (sent, ended) = inspect_live(&[], |process| process.signal(Signal::INT));
    let report = parsed(&ended);
    assert_eq!(report["ts"]["packets"], sent / PACKET_LEN);
    assert_eq!(reported_counts(&report), naive_counts(&media::capture()[..sent]));
    assert_eq!((&report["input"]["kind"], report["ts"]["continuity_errors"].as_u64()), (&"udp".into(), Some(0)));
    assert!(report["arrival"]["intervals_sum_seconds"].as_f64().unwrap() > 5.0);
}

#[test]
fn a_live_address_is_inspected_for_a_time() {
    let (sent, ended) = inspect_live(&["--for", "3s"], |_| {});
    let report = parsed(&ended);
    let packets = report["ts"]["packets"].as_u64().unwrap();
    assert!(packets > 0 && packets < (sent / PACKET_LEN) as u64, "{packets}");
}

#[test]
fn an_address_where_nothing_comes_in_is_an_error() {
    let namespace = NetNs::new("silent");
    let ended = Flowclient::run(&namespace, &["inspect", "udp://127.0.0.1:5000", "--for", "1s"]);
    assert_eq!(ended.code(), Some(1), "{}", ended.stderr);
    assert!(ended.stdout.contains("nothing was received"), "{}", ended.stdout);
}
