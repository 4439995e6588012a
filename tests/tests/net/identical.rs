//! What instances of a flow that know nothing of each other send, bit for bit.

use std::collections::HashMap;

use relay::time::Ticks27;
use relay::wire::rtp::{HEADER_LEN, Header, Rtp};
use tests::lab::{Capture, Datagram, Flowclient, Path, Sender};
use tests::media;
use tests::shapes::{packet, packets, pcr_packet};

use crate::{HEARD_AT, IN, SEND_TO};

const RTP_OUT: &str = "rtp://239.1.1.7:5000?iface=out0";

/// Two instances side by side, told apart by the port that they send from.
struct Two {
    first: Flowclient,
    second: Option<Flowclient>,
    path: Path,
    sink: Capture,
    arguments: Vec<String>,
}

impl Two {
    /// Starts the first one.
    fn new(input: &str) -> Self {
        let path = Path::new();
        let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
        // On one host AF_XDP would keep the second one's input from it until the first one has noticed it.
        let arguments = ["--engine", "socket", "--in", input, "--out", RTP_OUT, "--name", "ch7"];
        let first = Flowclient::start(&path.relay, &arguments);
        Self { first, second: None, path, sink, arguments: arguments.map(str::to_owned).to_vec() }
    }

    fn start_second(&mut self) {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.second = Some(Flowclient::start_on(&self.path.relay, 9_091, &arguments));
    }

    /// What each has sent.
    fn sent(&self) -> [Vec<Datagram>; 2] {
        let heard = self.sink.so_far();
        let first = heard[0].from;
        let (first, second) = heard.into_iter().partition(|datagram| datagram.from == first);
        [first, second]
    }
}

/// Starts the second when the first has been on for a while, and compares all that both have sent.
fn assert_same_bits(input: &str) {
    let mut two = Two::new(input);
    two.sink.wait_for(500);
    two.start_second();
    let heard = two.sink.count();
    two.sink.wait_for(heard + 3_000);
    let [first, second] = two.sent();
    let start = first.iter().position(|datagram| datagram.payload == second[0].payload).expect("they share nothing");
    let pairs: Vec<_> = first[start..].iter().zip(&second).collect();
    assert!(pairs.len() > 1_000, "they share {} datagrams", pairs.len());
    let other = pairs.iter().position(|(first, second)| first.payload != second.payload);
    assert_eq!(other, None, "of {}", pairs.len());
    drop((two.first, two.second));
}

#[test]
fn a_built_in_channel_is_the_same_bit_for_bit_from_the_first_datagram_on() {
    assert_same_bits("test:clock?bitrate=8M");
}

#[test]
fn a_looped_file_is_the_same_bit_for_bit_from_the_first_datagram_on() {
    assert_same_bits(&format!("file:{}?loop=true", media::short().display()));
}

/// Datagrams `numbers` of a stream with a PCR in each twentieth packet, at a millisecond a packet.
fn clocked(numbers: std::ops::Range<u32>) -> impl Iterator<Item = Vec<u8>> {
    let at = |number: u32| match number % 20 {
        0 => pcr_packet(number, Ticks27::wrapping(u64::from(number) * 27_000)),
        _ => packet(number),
    };
    numbers.map(move |datagram| (7 * datagram..7 * datagram + 7).flat_map(at).collect())
}

#[test]
fn a_stream_without_rtp_gets_the_same_stamps_and_source_from_both() {
    let mut two = Two::new(IN);
    let sender = Sender::new(&two.path.source, Path::SOURCE, SEND_TO);
    sender.send_at(1_000, clocked(0..200));
    two.start_second();
    sender.send_at(1_000, clocked(200..500));
    two.sink.wait_for(800);
    let [first, second] = two.sent();
    let header = |datagram: &Datagram| Rtp::parse(&datagram.payload).unwrap();
    let known: HashMap<_, _> =
        first.iter().map(|datagram| (&datagram.payload[HEADER_LEN..], header(datagram))).collect();
    // The second has seen two PCRs after six datagrams.
    for datagram in &second[6..] {
        let (ours, theirs) = (header(datagram), known[&datagram.payload[HEADER_LEN..]]);
        assert_eq!((ours.timestamp, ours.ssrc, ours.marker), (theirs.timestamp, theirs.ssrc, theirs.marker));
    }
    let stamps: Vec<u32> = first[6..].iter().map(|datagram| header(datagram).timestamp).collect();
    assert_eq!(stamps, (6..500).map(|datagram| datagram * 7 * 90).collect::<Vec<u32>>());
}

#[test]
fn an_rtp_header_goes_out_as_it_came_in() {
    let two = Two::new("rtp://239.9.9.9:5000?iface=in0");
    let sender = Sender::new(&two.path.source, Path::SOURCE, SEND_TO);
    let sent: Vec<Vec<u8>> = (0_u16..300)
        .map(|number| {
            let (sequence, timestamp) = (number.wrapping_sub(100), u32::from(number).wrapping_mul(98_765_432));
            let header = Header { payload_type: 98, marker: number % 3 == 0, sequence, timestamp, ssrc: 0xDEAD_BEEF };
            [&header.write()[..], &packets(7 * u32::from(number), 7)].concat()
        })
        .collect();
    sender.send_at(1_000, &sent);
    two.sink.wait_for(sent.len());
    let heard: Vec<Vec<u8>> = two.sink.so_far().into_iter().map(|datagram| datagram.payload).collect();
    assert!(heard == sent, "headers differ");
}
