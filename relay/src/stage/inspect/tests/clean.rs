//! Streams in which nothing is wrong.

use std::io::Write;
use std::time::Duration;

use super::program::play;
use super::stream::Stream;
use crate::io::Generator;
use crate::io::file;
use crate::io::synthetic::SyntheticChannel;
use crate::spec::{FileInput, TestInput};
use crate::time::{Ticks27, Time, Utc, ticks_to_nanos};

const PACKETS_A_DATAGRAM: usize = 7;

/// Shows what a generator sends in so many seconds, each datagram when it is due.
fn shown(generator: &mut impl Generator, start: Utc, seconds: u64) -> Stream {
    let mut stream = Stream::new();
    let (mut buffer, end) = ([0; PACKETS_A_DATAGRAM * 188], start + Duration::from_secs(seconds));
    generator.seek(start);
    stream.now = Time(generator.due().unwrap().0);
    while let Some(due) = generator.due().filter(|&due| due < end) {
        stream.wait(Time(due.0).since(stream.now));
        let len = generator.fill(&mut buffer).unwrap();
        buffer[..len].chunks(188).for_each(|packet| stream.send_bytes(packet.try_into().unwrap()));
    }
    stream
}

fn channel(bitrate: u64) -> SyntheticChannel {
    SyntheticChannel::new(&TestInput { bitrate, ..TestInput::default() }, PACKETS_A_DATAGRAM).unwrap()
}

#[test]
fn a_clean_channel_made_by_hand_raises_nothing() {
    let mut stream = Stream::new();
    play(&mut stream, Duration::from_secs(60));
    assert_eq!(stream.all_errors(), []);
    assert_eq!(stream.events(), []);
}

#[test]
fn a_minute_of_a_synthetic_channel_raises_nothing_at_any_rate_and_across_the_wrap_of_its_clock() {
    let wrap = Utc(19_000 * ticks_to_nanos(Ticks27::MODULUS));
    for bitrate in [1_000_000, 8_000_000] {
        let mut stream = shown(&mut channel(bitrate), wrap - Duration::from_secs(20), 60);
        assert_eq!(stream.all_errors(), []);
        assert_eq!(stream.events(), []);
        assert!(stream.inspector.pcr_error().unwrap() < Duration::from_nanos(100));
    }
}

#[test]
fn a_looped_file_raises_nothing() {
    let mut path = tempfile::NamedTempFile::new().unwrap();
    let (mut channel, mut datagram) = (channel(2_000_000), [0; PACKETS_A_DATAGRAM * 188]);
    channel.seek(Utc(0));
    while channel.due() < Some(Utc(7_300_000_000)) {
        channel.fill(&mut datagram).unwrap();
        path.write_all(&datagram).unwrap();
    }
    let input = FileInput { path: path.path().to_owned(), looped: true };
    let mut looped = file::open(&input, PACKETS_A_DATAGRAM).unwrap();
    let stream = shown(&mut looped, Utc(1_760_000_000_000_000_000), 60);
    assert_eq!(stream.all_errors(), []);
}
