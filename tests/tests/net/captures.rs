//! Captures made and read by other programs.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path as FilePath, PathBuf};
use std::process::Command;
use std::time::Duration;

use relay::io::capture::write::PcapngWriter;
use relay::io::capture::{self, Counters, Item, Kind};
use relay::time::{Time, Utc};
use relay::wire::ts::PACKET_LEN;
use tests::lab::{Capture, NetNs, Path, Process, Sender, Signal, until};
use tests::media;
use tests::shapes::{datagrams, numbers, packets, rtp};

use crate::{SEND_TO, bytes};

/// A running tcpdump that saves UDP datagrams.
struct Tcpdump {
    process: Process,
    file: PathBuf,
}

impl Tcpdump {
    /// Starts it in `namespace` with `arguments`, and waits until it listens. What it saves is named after `name`.
    fn start(namespace: &NetNs, name: &str, arguments: &str) -> Self {
        let file = media::folder().join(name);
        let mut command = namespace.command("tcpdump");
        command.args(arguments.split(' ')).args(["-Z", "root", "-U", "--immediate-mode", "-B", "65536", "-w"]);
        let process = Process::start(command.arg(&file).arg("udp"));
        until("tcpdump to listen", || process.stderr().contains("listening on").then_some(()));
        Self { process, file }
    }

    /// The capture, once it holds `len` bytes of transport packets to [`SEND_TO`].
    fn stop(self, len: usize) -> Read {
        until(&format!("{len} bytes of packets in the capture"), || {
            Read::try_of(&self.file).filter(|read| read.packets.len() >= len).map(drop)
        });
        self.process.signal(Signal::INT);
        self.process.wait().expect_success();
        Read::of(&self.file)
    }
}

/// What a capture holds.
struct Read {
    kind: Kind,
    packets: Vec<u8>,
    sequences: Vec<u16>,
    last: Time,
    counters: Counters,
}

impl Read {
    fn of(file: &FilePath) -> Self {
        Self::try_of(file).expect("a capture that can be read")
    }

    fn try_of(file: &FilePath) -> Option<Self> {
        let mut capture = capture::open(file, None).ok()?;
        let (mut packets, mut sequences, mut last) = (Vec::new(), Vec::new(), Time(0));
        let mut take = |item: Item<'_>| match item {
            Item::Datagram(datagram) => sequences.extend(datagram.rtp.map(|rtp| rtp.sequence)),
            Item::Run(run) => {
                for (at, packet) in run.packets() {
                    packets.extend(packet);
                    last = at;
                }
            }
            other => panic!("{other:?} in a whole capture"),
        };
        while capture.read(&mut take).ok()? {}
        Some(Self { kind: capture.kind(), packets, sequences, last, counters: capture.counters() })
    }
}

#[test]
fn what_tcpdump_saves_reads_back_as_what_was_sent() {
    let path = Path::new();
    for (name, arguments) in [
        ("ethernet.pcap", "-i in0"),
        ("nanoseconds.pcap", "-i in0 --time-stamp-precision=nano"),
        ("cooked.pcap", "-i any -y LINUX_SLL"),
        ("cooked2.pcap", "-i any -y LINUX_SLL2"),
    ] {
        let tcpdump = Tcpdump::start(&path.relay, name, arguments);
        Sender::new(&path.source, Path::SOURCE, SEND_TO).send_at(1_000, datagrams(0, 500));
        let read = tcpdump.stop(500 * 7 * PACKET_LEN);
        assert_eq!(numbers(&read.packets), (0..3_500).collect::<Vec<_>>(), "{name}");
        assert_eq!((read.kind, read.counters.datagrams), (Kind::Pcap, 500));
        assert_eq!(read.last, span_by_tcpdump(&media::folder().join(name)), "{name}");
    }
}

/// Time from the first to the last datagram, as tcpdump prints it.
fn span_by_tcpdump(file: &FilePath) -> Time {
    let mut tcpdump = Command::new("tcpdump");
    tcpdump.args("-nn -tt --time-stamp-precision=nano -r".split(' ')).arg(file);
    let text = Process::run(&mut tcpdump).expect_success().stdout;
    let nanos = |line: &str| line.split(' ').next().unwrap().replace('.', "").parse::<u64>().unwrap();
    let (first, last) = (text.lines().next().unwrap(), text.lines().next_back().unwrap());
    Time(nanos(last) - nanos(first))
}

#[test]
fn rtp_over_ipv6_that_tcpdump_saves_reads_back() {
    let path = Path::new();
    let tcpdump = Tcpdump::start(&path.relay, "rtp.pcap", "-i in0");
    let sent = (65_500..=u16::MAX).chain(0..100);
    let payloads = sent.clone().enumerate().map(|(place, n)| rtp(n, &packets(7 * place as u32, 7)));
    Sender::new(&path.source, Path::SOURCE6, "[ff1e::9]:5000").send_at(1_000, payloads);
    let read = tcpdump.stop(136 * 7 * PACKET_LEN);
    assert_eq!(read.sequences, sent.collect::<Vec<_>>());
    assert_eq!(numbers(&read.packets), (0..7 * 136).collect::<Vec<_>>());
}

#[test]
fn what_gstreamer_sends_reads_back_as_what_was_heard() {
    let path = Path::new();
    let heard = Capture::start(&path.relay, "in0", SEND_TO);
    let tcpdump = Tcpdump::start(&path.relay, "gstreamer.pcap", "-i in0");
    Process::run(&mut bytes::gstreamer(&path.source)).expect_success();
    let sent: Vec<u8> = heard.so_far().iter().flat_map(|got| bytes::payload_of(&got.payload).to_vec()).collect();
    let read = tcpdump.stop(sent.len());
    assert!(sent.len() > 200_000, "GStreamer sent {} bytes only", sent.len());
    assert!(read.packets.starts_with(&sent), "the capture holds something else");
}

#[test]
fn what_ffmpeg_sends_reads_back_as_what_was_heard() {
    let path = Path::new();
    let heard = Capture::start(&path.relay, "in0", SEND_TO);
    let tcpdump = Tcpdump::start(&path.relay, "ffmpeg.pcap", "-i in0");
    let mut ffmpeg = path.source.command("ffmpeg");
    media::capture();
    ffmpeg.args(["-v", "error", "-i"]).arg(media::folder().join("capture.ts")).args("-c copy -f mpegts".split(' '));
    ffmpeg.arg(format!("udp://{SEND_TO}?pkt_size=1316&bitrate=20000000&localaddr={}", Path::SOURCE));
    Process::run(&mut ffmpeg).expect_success();
    let sent = heard.bytes();
    let read = tcpdump.stop(sent.len());
    assert!(sent.len() > 500_000, "ffmpeg sent {} bytes only", sent.len());
    assert!(read.packets.starts_with(&sent), "the capture holds something else");
}

#[test]
fn an_m2ts_of_ffmpeg_has_the_packets_and_the_times_of_its_transport_stream() {
    let stream = media::capture();
    let file = media::folder().join("capture.m2ts");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-y", "-i"]).arg(media::folder().join("capture.ts"));
    ffmpeg.args("-map 0 -c copy -muxrate 3M -mpegts_m2ts_mode 1 -f mpegts".split(' ')).arg(&file);
    Process::run(&mut ffmpeg).expect_success();
    let (plain, m2ts) = (Read::of(&media::folder().join("capture.ts")), Read::of(&file));
    assert_eq!((plain.kind, m2ts.kind), (Kind::TransportStream, Kind::M2ts));
    assert!(plain.packets == stream, "the file came out changed");
    let stripped: Vec<u8> = fs::read(&file).unwrap().chunks(192).flat_map(|packet| packet[4..].to_vec()).collect();
    assert!(m2ts.packets == stripped, "the m2ts came out changed");
    let apart = Duration::from_nanos(plain.last.0.abs_diff(m2ts.last.0));
    assert!(apart < Duration::from_millis(100), "{:?} and {:?}", plain.last, m2ts.last);
}

#[test]
fn tcpdump_reads_the_datagrams_that_we_save_and_finds_their_checksums_right() {
    let file = media::folder().join("ours.pcapng");
    let mut writer = PcapngWriter::new(fs::File::create(&file).unwrap()).unwrap();
    let flows = [("10.0.0.1:4000", "239.1.1.1:5000"), ("[fd00::1]:4000", "[ff1e::9]:5000")];
    for (source, destination) in flows.map(|(from, to)| (address(from), address(to))) {
        writer.datagram(Utc(1_700_000_000_123_456_789), source, destination, &packets(0, 7)).unwrap();
    }
    writer.finish().unwrap();
    let mut tcpdump = Command::new("tcpdump");
    tcpdump.args("-nn -e -tt -vv --time-stamp-precision=nano -r".split(' ')).arg(&file);
    let text = Process::run(&mut tcpdump).expect_success().stdout;
    assert_eq!(text.matches("1700000000.123456789").count(), 2, "{text}");
    assert_eq!(text.matches("[udp sum ok]").count(), 2, "{text}");
    assert!(!text.contains("bad cksum"), "{text}");
    assert!(text.contains("01:00:5e:01:01:01") && text.contains("33:33:00:00:00:09"), "{text}");
    assert!(text.contains("10.0.0.1.4000 > 239.1.1.1.5000") && text.contains("ff1e::9.5000"), "{text}");
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}
