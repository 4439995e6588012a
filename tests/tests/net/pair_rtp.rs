//! The RTP headers of a pair, over changes of who is on air.

use relay::wire::rtp::{HEADER_LEN, Rtp};
use tests::lab::{Capture, Flowclient, Path, Sender, Signal};
use tests::shapes::{datagrams, numbers, packets};

use crate::{HEARD_AT, IN, SEND_TO};

const ARGUMENTS: [&str; 5] = ["--in", IN, "--out", "rtp://239.1.1.7:5000?iface=out0", "--pair"];

/// An instance, whose air nothing else that runs on this machine is to take.
fn start(path: &Path, port: u16) -> Flowclient {
    let instance = Flowclient::start_on(&path.relay, port, &ARGUMENTS);
    instance.goes_first();
    instance
}

/// Starts one instance, then the other, ends the first by `signal`, and gives the headers and the packets heard at the
/// sink.
fn change_hands(signal: Signal) -> (Vec<Rtp>, Vec<u32>) {
    let path = Path::new();
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    let sender = Sender::new(&path.source, Path::SOURCE, SEND_TO);
    let first = start(&path, 9_090);
    // Another number than that of its first datagram is on air when the second comes.
    sender.send_at(1_000, datagrams(0, 1_000));
    let _second = start(&path, 9_091);
    sender.send_at(1_000, datagrams(1_000, 1_000));
    first.signal(signal);
    sender.send_at(1_000, datagrams(2_000, 1_000));
    sink.wait_for(3_000);
    without_copies(&sink)
}

/// The headers and the packets heard, copies of the datagram before left out.
fn without_copies(sink: &Capture) -> (Vec<Rtp>, Vec<u32>) {
    let mut heard: Vec<Vec<u8>> = sink.so_far().into_iter().map(|datagram| datagram.payload).collect();
    heard.dedup();
    let packets = heard.iter().flat_map(|datagram| numbers(&datagram[HEADER_LEN..])).collect();
    (heard.iter().map(|datagram| Rtp::parse(datagram).unwrap()).collect(), packets)
}

fn assert_one_sequence(headers: &[Rtp], packets: &[u32]) {
    assert!(packets.windows(2).all(|pair| pair[1] == pair[0] + 1), "packets are lost, doubled or out of order");
    for (index, pair) in headers.windows(2).enumerate() {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1), "datagram {} of {}", index + 1, headers.len());
        assert_eq!(pair[1].ssrc, pair[0].ssrc);
    }
}

#[test]
fn numbers_go_on_over_a_planned_hand_over() {
    let (headers, packets) = change_hands(Signal::TERM);
    assert_one_sequence(&headers, &packets);
}

#[test]
fn numbers_go_on_when_the_one_on_air_is_killed() {
    let (headers, packets) = change_hands(Signal::KILL);
    assert_one_sequence(&headers, &packets);
}

#[test]
fn one_that_began_elsewhere_in_the_stream_cuts_it_as_the_air_does() {
    let path = Path::new();
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    let sender = Sender::new(&path.source, Path::SOURCE, SEND_TO);
    let short = |numbers: std::ops::Range<u32>| numbers.map(|number| packets(4 * number, 4));
    let first = start(&path, 9_090);
    // The second begins with packet 5 of a datagram of the first.
    sender.send_at(2_000, short(0..2_004));
    let second = start(&path, 9_091);
    sender.send_at(2_000, short(2_004..4_000));
    first.signal(Signal::KILL);
    sender.send_at(2_000, short(4_000..6_000));
    sink.wait_for(6_000 * 4 / 7);
    let (headers, packets) = without_copies(&sink);
    assert_one_sequence(&headers, &packets);
    drop(second);
}
