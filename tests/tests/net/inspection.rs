//! Flows inspected while they are relayed: streams of several multiplexers raise nothing that matters, a lost datagram does.

use std::process::Command;

use relay::io::Generator;
use relay::io::synthetic::SyntheticChannel;
use relay::spec::TestInput;
use relay::stage::inspect::indicator::Indicator;
use relay::time::Utc;
use relay::wire::ts::{NULL_PID, PACKET_LEN, PACKETS_PER_DATAGRAM, Packet};
use tests::lab::{Flowclient, Metrics, NetNs, Ongoing, Path, Process, Sender, meanwhile};

use crate::{IN, OUT, SEND_TO};

const ERRORS: &str = "flowclient_tr101290_errors_total";
const ALARM: &str = "flowclient_tr101290_alarm";

/// What a multiplexer that leaves up to 80 ms between its PCRs is in error for when this host lets it wait for 20 more.
const BY_ARRIVAL: [&str; 2] = ["pcr_repetition_error", "pts_error"];

/// Indicators of priority 1 and 2 that have errors.
fn in_error(metrics: &Metrics) -> Vec<&'static str> {
    let watched = Indicator::ALL.into_iter().filter(|indicator| indicator.priority() < 3).map(Indicator::name);
    watched.filter(|name| metrics.sum(ERRORS, &[("indicator", name)]) > 0.0).collect()
}

/// Checks that what `source` sends raises no alarm of priority 1, and none of priority 2 but by how late it comes.
#[track_caller]
fn assert_clean(input: &str, source: impl FnOnce(&NetNs) -> Command) {
    let path = Path::new();
    let flowclient = Flowclient::start(&path.relay, &["--in", input, "--out", OUT]);
    let _source = Process::start(&mut source(&path.source));
    let metrics = flowclient
        .wait_until("some seconds of it", |metrics| metrics.sum("flowclient_ts_packets_total", &[]) > 4_000.0);
    assert!(metrics.has(ERRORS, &[("indicator", "pat_error_2"), ("priority", "1")]));
    let surprising: Vec<_> = in_error(&metrics).into_iter().filter(|name| !BY_ARRIVAL.contains(name)).collect();
    assert!(surprising.is_empty() && flowclient.logged("TR 101 290 1.") == 0, "{}", flowclient.stderr());
}

fn ffmpeg(source: &NetNs, options: &str) -> Command {
    let mut ffmpeg = source.command("ffmpeg");
    ffmpeg.args("-v error -re -f lavfi -i testsrc2=size=320x240:rate=25 -re -f lavfi -i sine=440 -t 60".split(' '));
    ffmpeg.args("-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 -b:v 1500k -c:a mp2 -f mpegts".split(' '));
    ffmpeg.args(options.split_whitespace());
    ffmpeg.arg(format!("udp://{SEND_TO}?pkt_size=1316&localaddr={}", Path::SOURCE));
    ffmpeg
}

fn gstreamer(source: &NetNs, multiplexer: &str) -> Command {
    let mut command = source.command("gst-launch-1.0");
    command.args("-q videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1".split(' '));
    command
        .args("! x264enc tune=zerolatency speed-preset=ultrafast bitrate=1500 key-int-max=25 ! h264parse !".split(' '));
    command.args(multiplexer.split(' '));
    command.args("! rtpmp2tpay ! udpsink host=239.9.9.9 port=5000 auto-multicast=false".split(' '));
    command
}

#[test]
fn what_ffmpeg_sends_raises_no_alarm_of_priority_1() {
    for options in ["-muxrate 4M", ""] {
        assert_clean(IN, |source| ffmpeg(source, options));
    }
}

#[test]
fn what_gstreamer_sends_raises_no_alarm_of_priority_1() {
    for multiplexer in ["mpegtsmux alignment=7", "mpegtsmux alignment=7 bitrate=3000000"] {
        assert_clean("rtp://239.9.9.9:5000?iface=in0", |source| gstreamer(source, multiplexer));
    }
}

/// The datagrams of a synthetic channel without end, less the first after `at` that holds more than null packets.
fn datagrams_less_one(at: usize) -> impl Iterator<Item = Vec<u8>> {
    let input = TestInput { bitrate: 2_000_000, ..TestInput::default() };
    let mut channel = SyntheticChannel::new(&input, PACKETS_PER_DATAGRAM).unwrap();
    channel.seek(Utc(0));
    let mut datagrams = std::iter::repeat_with(move || {
        let mut datagram = vec![0; PACKETS_PER_DATAGRAM * PACKET_LEN];
        channel.fill(&mut datagram).unwrap();
        datagram
    });
    let before: Vec<_> = datagrams.by_ref().take(at).collect();
    before.into_iter().chain(datagrams.skip_while(|datagram| is_null(datagram)).skip(1))
}

fn is_null(datagram: &[u8]) -> bool {
    datagram.chunks(PACKET_LEN).filter_map(Packet::new).all(|packet| packet.pid() == NULL_PID)
}

#[test]
fn a_lost_datagram_raises_clause_1_4_in_the_metrics_and_the_log_and_is_over_after_a_while() {
    let path = Path::new();
    let flowclient = Flowclient::start(&path.relay, &["--in", IN, "--out", OUT]);
    let sender = Sender::new(&path.source, Path::SOURCE, SEND_TO);
    let alarm = [("indicator", "continuity_count_error"), ("priority", "1")];
    let send = |work: &Ongoing| sender.send_at(190, datagrams_less_one(400).take_while(|_| work.goes_on()));
    meanwhile(send, || {
        let raised = flowclient.wait_until("the alarm", |metrics| metrics.sum(ALARM, &alarm) == 1.0);
        assert_eq!(in_error(&raised), ["continuity_count_error"]);
        flowclient.wait_for_log("TR 101 290 1.4 continuity_count_error on PID", 1);
        let over = flowclient.wait_until("its end", |metrics| metrics.sum(ALARM, &alarm) == 0.0);
        assert!(over.sum(ERRORS, &alarm) >= 1.0);
        flowclient.wait_for_log(": over, after", 1);
    });
    assert!(flowclient.logged("TR 101 290 1.4") >= 2, "{}", flowclient.stderr());
}
