//! What came in comes out: every transport packet, identical and in order.

use std::process::Command;

use relay::wire::rtp::Rtp;
use tests::lab::{Capture, Flowclient, NetNs, Path, Process, Sender};
use tests::media;

use crate::{HEARD_AT, IN, OUT, SEND_TO};

#[test]
fn a_capture_sent_at_its_own_rate_comes_out_identical() {
    let path = Path::new();
    let _flowclient = Flowclient::start(&path.relay, &["--in", IN, "--out", OUT]);
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    let stream = media::capture();
    let whole = &stream[..stream.len() / 1_316 * 1_316];
    let sender = Sender::new(&path.source, Path::SOURCE, SEND_TO);
    sender.send_at(media::datagrams_a_second(whole), whole.chunks(1_316));
    sink.wait_for_bytes(whole.len());
    assert!(sink.bytes() == whole, "the capture came out changed");
}

#[test]
fn what_ffmpeg_sends_live_comes_out_identical() {
    let path = Path::new();
    let _flowclient = Flowclient::start(&path.relay, &["--in", IN, "--out", OUT]);
    let heard = Capture::start(&path.source, "eth0", SEND_TO);
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    let mut ffmpeg = path.source.command("ffmpeg");
    ffmpeg.args("-v error -re -f lavfi -i testsrc2=size=640x360:rate=25 -re -f lavfi -i sine=440 -t 5".split(' '));
    ffmpeg.args("-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a mp2 -f mpegts -muxrate 3M".split(' '));
    ffmpeg.arg(format!("udp://{SEND_TO}?pkt_size=1316&bitrate=3000000&localaddr={}", Path::SOURCE));
    Process::run(&mut ffmpeg).expect_success();
    // The last datagrams are those that ffmpeg flushes, and the last of them may be short: seven packets come out.
    let sent = heard.bytes();
    let whole = &sent[..sent.len() / 1_316 * 1_316];
    sink.wait_for_bytes(whole.len());
    assert!(whole.len() > 1_000_000, "ffmpeg sent {} bytes only", whole.len());
    assert!(sink.bytes().starts_with(whole), "the stream came out changed");
}

#[test]
fn what_gstreamer_sends_as_rtp_comes_out_identical() {
    let path = Path::new();
    let _flowclient = Flowclient::start(&path.relay, &["--in", "rtp://239.9.9.9:5000?iface=in0", "--out", OUT]);
    let heard = Capture::start(&path.source, "eth0", SEND_TO);
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    Process::run(&mut gstreamer(&path.source)).expect_success();
    let sent = heard.so_far();
    let sent: Vec<u8> = sent.iter().flat_map(|datagram| payload_of(&datagram.payload).to_vec()).collect();
    let whole = &sent[..sent.len() / 1_316 * 1_316];
    sink.wait_for_bytes(whole.len());
    assert!(whole.len() > 200_000, "GStreamer sent {} bytes only", whole.len());
    assert!(sink.bytes().starts_with(whole), "the stream came out changed");
}

pub(crate) fn gstreamer(source: &NetNs) -> Command {
    let mut command = source.command("gst-launch-1.0");
    command.args(
        "-q videotestsrc is-live=true num-buffers=125 ! video/x-raw,width=320,height=240,framerate=25/1".split(' '),
    );
    command.args("! x264enc tune=zerolatency speed-preset=ultrafast bitrate=1000 ! h264parse".split(' '));
    command.args(
        "! mpegtsmux alignment=7 ! rtpmp2tpay ! udpsink host=239.9.9.9 port=5000 auto-multicast=false".split(' '),
    );
    command
}

pub(crate) fn payload_of(datagram: &[u8]) -> &[u8] {
    let rtp = Rtp::parse(datagram).expect("GStreamer writes RTP");
    &datagram[rtp.payload_start..rtp.payload_end]
}
