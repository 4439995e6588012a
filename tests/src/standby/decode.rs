//! What a decoder says of a channel whose pair is killed and handed over.

use std::thread::sleep;
use std::time::Duration;

use super::event::Event;
use super::lab::{IN_GROUP, Lab, OUT_GROUP};
use super::pair::Pair;
use crate::lab::{Flowclient, Process, Signal};

/// So long nothing is done at first and at last.
const QUIET: Duration = Duration::from_secs(3);

/// Lets ffmpeg decode a synthetic channel while each of the `kinds` happens `times` times in turn; gives the lines that
/// it wrote from the first event on: before that it has joined amid a group of pictures.
///
/// # Panics
/// When ffmpeg ends before it is told to.
pub fn decode(kinds: &[Event], times: usize) -> Vec<String> {
    let lab = Lab::new();
    let decoder = decoder(&lab);
    let mut pair = Pair::start(&lab);
    let _channel =
        Flowclient::start(&lab.segment.source, &["--handler", "ch7", "--out", &format!("udp://{IN_GROUP}?iface=eth0")]);
    pair.settle();
    sleep(QUIET);
    let before = decoder.stderr().lines().count();
    for event in kinds.repeat(times) {
        pair.suffer(event);
    }
    sleep(QUIET);
    decoder.signal(Signal::INT);
    let ended = decoder.wait();
    assert!(ended.stdout.contains("frame="), "ffmpeg decoded nothing: {}", ended.stderr);
    ended.stderr.lines().skip(before).filter(|line| !line.starts_with("Exiting normally")).map(str::to_owned).collect()
}

fn decoder(lab: &Lab) -> Process {
    let input = format!("udp://{OUT_GROUP}?fifo_size=100000");
    let mut command = lab.segment.viewer.command("ffmpeg");
    command.args("-nostdin -hide_banner -loglevel warning -progress pipe:1 -i".split(' '));
    command.arg(input).args("-map 0:v -map 0:a -f null -".split(' '));
    Process::start(&mut command)
}
