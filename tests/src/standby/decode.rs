//! What a decoder says of a channel whose pair is killed and handed over.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use super::event::Event;
use super::lab::{IN_GROUP, Lab, OUT_GROUP};
use super::pair::Pair;
use crate::lab::{Flowclient, NetNs, Process, Signal, until};

/// So long nothing is done at last.
const QUIET: Duration = Duration::from_secs(3);
/// Pictures that the decoder has to have decoded before anything is done: it joins amid a group of pictures, and complains.
const PICTURES_BEFORE: u64 = 150;

/// What came of it.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// Lines that ffmpeg wrote from the first event on.
    pub messages: Vec<String>,
    /// Datagrams that the kernel dropped before ffmpeg, its buffer being full: no fault of the pair.
    pub dropped_at_viewer: u64,
    /// Datagrams that the kernel dropped before the instances.
    pub dropped_at_hosts: u64,
}

/// Lets ffmpeg decode a synthetic channel while each of the `kinds` happens `times` times in turn.
///
/// # Panics
/// When ffmpeg decodes nothing.
pub fn decode(kinds: &[Event], times: usize) -> Decoded {
    let lab = Lab::new();
    let progress = tempfile::NamedTempFile::new().expect("a file for the progress");
    let decoder = decoder(&lab, progress.path());
    let mut pair = Pair::start(&lab);
    let out = format!("udp://{IN_GROUP}?iface=eth0");
    let _channel = Flowclient::start(&lab.segment.source, &["--handler", "ch7", "--out", &out]);
    until("pictures", || (pictures(progress.path()) >= PICTURES_BEFORE).then_some(()));
    let (before, drops) = (decoder.stderr().lines().count(), drops(&lab));
    kinds.repeat(times).into_iter().for_each(|event| pair.suffer(event));
    sleep(QUIET);
    let dropped = self::drops(&lab);
    decoder.signal(Signal::INT);
    let text = decoder.wait().stderr;
    let messages = text.lines().skip(before).filter(|line| !line.starts_with("Exiting normally"));
    Decoded {
        messages: messages.map(str::to_owned).collect(),
        dropped_at_viewer: dropped[0] - drops[0],
        dropped_at_hosts: dropped[1] - drops[1],
    }
}

fn decoder(lab: &Lab, progress: &Path) -> Process {
    let mut command = lab.segment.viewer.command("ffmpeg");
    command.args("-nostdin -hide_banner -loglevel warning -progress".split(' ')).arg(progress).arg("-y");
    command.args(["-i", &format!("udp://{OUT_GROUP}?fifo_size=100000&buffer_size=4000000")]);
    command.args("-map 0:v -map 0:a -f null -".split(' '));
    Process::start(&mut command)
}

/// Decoded so far, as ffmpeg tells twice a second.
fn pictures(progress: &Path) -> u64 {
    let text = fs::read_to_string(progress).unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix("frame=")?.trim().parse().ok()).next_back().unwrap_or(0)
}

/// At the viewer, and at the hosts together.
fn drops(lab: &Lab) -> [u64; 2] {
    [full_buffers(&lab.segment.viewer), lab.segment.hosts.iter().map(full_buffers).sum()]
}

/// Datagrams that found the buffer of their socket full.
fn full_buffers(namespace: &NetNs) -> u64 {
    let text = namespace.inside(|| fs::read_to_string("/proc/thread-self/net/snmp").expect("the kernel's counters"));
    let mut lines = text.lines().filter(|line| line.starts_with("Udp: "));
    let (names, values) = (lines.next().expect("names"), lines.next().expect("values"));
    let column = names.split(' ').position(|name| name == "RcvbufErrors").expect("RcvbufErrors");
    values.split(' ').nth(column).and_then(|value| value.parse().ok()).expect("a number")
}
