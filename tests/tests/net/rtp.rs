//! RTP in and out.

use relay::wire::rtp::{PAYLOAD_TYPE_MP2T, Rtp};
use tests::lab::{Capture, Flowclient, Path, Sender};
use tests::shapes::{datagrams, numbers, packets, rtp, rtp_with_all_parts};

use crate::{HEARD_AT, IN, OUT, SEND_TO};

const RTP_IN: &str = "rtp://239.9.9.9:5000?iface=in0";

struct Lab {
    _path: Path,
    flowclient: Flowclient,
    sink: Capture,
    sender: Sender,
}

fn lab(input: &str, output: &str) -> Lab {
    let path = Path::new();
    let flowclient = Flowclient::start(&path.relay, &["--in", input, "--out", output]);
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    let sender = Sender::new(&path.source, Path::SOURCE, SEND_TO);
    Lab { _path: path, flowclient, sink, sender }
}

/// RTP datagrams by sequence number, each with the seven packets that belong there.
fn numbered(sequences: impl IntoIterator<Item = u16>) -> Vec<Vec<u8>> {
    sequences.into_iter().map(|sequence| rtp(sequence, &packets(7 * u32::from(sequence), 7))).collect()
}

#[test]
fn csrc_extension_and_padding_stay_behind() {
    let lab = lab(RTP_IN, OUT);
    lab.sender.send_at(1_000, (0..50).map(|n| rtp_with_all_parts(n, &packets(7 * u32::from(n), 7))));
    lab.sink.wait_for_bytes(1_316 * 50);
    assert_eq!(numbers(&lab.sink.bytes()), (0..350).collect::<Vec<_>>());
}

#[test]
fn reordered_datagrams_come_out_in_order_and_are_counted() {
    let lab = lab(RTP_IN, OUT);
    let mut order: Vec<u16> = (0..100).collect();
    order.swap(20, 21);
    order.swap(50, 52);
    lab.sender.send_at(1_000, numbered(order));
    lab.sink.wait_for_bytes(1_316 * 100);
    assert_eq!(numbers(&lab.sink.bytes()), (0..700).collect::<Vec<_>>());
    lab.flowclient.wait_until("reordering counted", |metrics| metrics.count("flowclient_input_reordered_total") >= 2);
}

#[test]
fn duplicates_are_dropped_and_counted() {
    let lab = lab(RTP_IN, OUT);
    lab.sender.send_at(1_000, numbered((0..100).flat_map(|n| if n % 10 == 5 { vec![n, n] } else { vec![n] })));
    lab.sink.wait_for_bytes(1_316 * 100);
    lab.flowclient.wait_until("duplicates counted", |metrics| metrics.count("flowclient_input_duplicates_total") == 10);
    assert_eq!(numbers(&lab.sink.bytes()), (0..700).collect::<Vec<_>>());
}

#[test]
fn lost_datagrams_are_counted_and_what_follows_comes_out() {
    let lab = lab(RTP_IN, OUT);
    lab.sender.send_at(1_000, numbered((0..300).filter(|n| ![40, 41, 42, 100].contains(n))));
    lab.sink.wait_for_bytes(1_316 * 296);
    let metrics =
        lab.flowclient.wait_until("loss counted", |metrics| metrics.count("flowclient_input_lost_total") == 4);
    assert_eq!(metrics.dropped("kernel"), 0);
    let expected: Vec<u32> = (0..2_100).filter(|n| ![40, 41, 42, 100].contains(&(n / 7))).collect();
    assert_eq!(numbers(&lab.sink.bytes()), expected);
}

#[test]
fn headers_that_are_none_are_counted_as_malformed() {
    let lab = lab(RTP_IN, OUT);
    lab.sender.send_at(1_000, numbered(0..20));
    let mut version = rtp(20, &packets(0, 7));
    version[0] = 0x40;
    let mut padding = rtp(20, &packets(0, 1));
    padding[0] |= 0x20;
    *padding.last_mut().unwrap() = 0;
    lab.sender.send_at(1_000, [vec![0x80; 5], version, padding]);
    lab.sender.send_at(1_000, numbered(20..40));
    lab.sink.wait_for_bytes(1_316 * 40);
    assert_eq!(lab.flowclient.metrics().dropped("malformed"), 3);
    assert_eq!(numbers(&lab.sink.bytes()), (0..280).collect::<Vec<_>>());
}

#[test]
fn an_rtp_output_counts_its_datagrams_and_stamps_them() {
    let lab = lab(IN, "rtp://239.1.1.7:5000?iface=out0");
    lab.sender.send_at(1_000, datagrams(0, 200));
    lab.sink.wait_for(200);
    let datagrams = lab.sink.so_far();
    let headers: Vec<Rtp> = datagrams.iter().map(|datagram| Rtp::parse(&datagram.payload).unwrap()).collect();
    assert!(headers.iter().all(|header| header.payload_type == PAYLOAD_TYPE_MP2T && header.ssrc == headers[0].ssrc));
    assert!(headers.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
    assert!(headers.windows(2).all(|pair| pair[1].timestamp.wrapping_sub(pair[0].timestamp) < 90_000));
    let payload: Vec<u8> = datagrams.iter().flat_map(|datagram| datagram.payload[12..].to_vec()).collect();
    assert_eq!(numbers(&payload), (0..1_400).collect::<Vec<_>>());
}

#[test]
fn rtp_in_keeps_its_numbers_and_stamps_going_out() {
    let lab = lab(RTP_IN, "rtp://239.1.1.7:5000?iface=out0");
    let sequences = (65_500..=u16::MAX).chain(0..100);
    let sent: Vec<Vec<u8>> = sequences.map(|n| rtp(n, &packets(u32::from(n), 7))).collect();
    lab.sender.send_at(1_000, &sent);
    lab.sink.wait_for(sent.len());
    let place = |datagram: &[u8]| Rtp::parse(datagram).map(|rtp| (rtp.sequence, rtp.timestamp)).unwrap();
    let out: Vec<_> = lab.sink.so_far().iter().map(|datagram| place(&datagram.payload)).collect();
    assert_eq!(out, sent.iter().map(|datagram| place(datagram)).collect::<Vec<_>>());
}
