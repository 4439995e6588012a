//! What a decoder says of all this.

use std::process::Command;

use tests::lab::{NetNs, Process, Signal, until};

use super::lab::Lab;
use crate::{HEARD_AT, SEND_TO};

const PICTURE: &str = "-re -f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine=440";
const H264: &str = "-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 25 -b:v 2M -c:a mp2";
const MPEG2: &str = "-c:v mpeg2video -g 25 -b:v 2M -c:a mp2";

/// Kills and hand-overs, one after the other.
const TURNS: usize = 2;

#[test]
fn ffmpeg_decodes_h264_through_kills_and_hand_overs_without_a_message() {
    assert_decoded(H264);
}

#[test]
fn ffmpeg_decodes_mpeg_2_through_kills_and_hand_overs_without_a_message() {
    assert_decoded(MPEG2);
}

fn assert_decoded(codec: &str) {
    let mut lab = Lab::new(2);
    let viewer = Process::start(arguments(
        lab.segment.viewer.command("ffmpeg").args(["-v", "warning", "-progress", "-"]),
        &format!("-i udp://{HEARD_AT} -f null -"),
    ));
    viewer.goes_first();
    until("ffmpeg's socket, beside the one that counts", || (receivers(&lab.segment.viewer) == 2).then_some(()));
    let source = Process::start(arguments(
        lab.segment.source.command("ffmpeg").args(["-v", "error"]).args(PICTURE.split(' ')),
        &format!("{codec} -f mpegts -muxrate 4M -flush_packets 0 udp://{SEND_TO}?pkt_size=1316"),
    ));
    source.goes_first();
    for _ in 0..TURNS {
        lab.kill_and_restart(lab.on_air());
        lab.replace(lab.on_air());
    }
    // While the stream goes on: ffmpeg looks at signals when a datagram comes.
    viewer.signal(Signal::INT);
    let viewed = viewer.wait();
    assert_eq!(viewed.stderr, "");
    assert!(viewed.stdout.contains("progress=continue"), "{}", viewed.stdout);
}

fn receivers(viewer: &NetNs) -> usize {
    let port = HEARD_AT.rsplit(':').next().unwrap();
    let sockets = Process::run(viewer.command("ss").args(["-Huan", &format!("sport = :{port}")])).expect_success();
    sockets.stdout.lines().count()
}

fn arguments<'a>(command: &'a mut Command, separated_by_blanks: &str) -> &'a mut Command {
    command.args(separated_by_blanks.split(' '))
}
