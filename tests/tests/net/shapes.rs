//! Datagrams of every shape come out as seven transport packets each; what is none is counted.

use tests::lab::{Capture, Flowclient, Metrics, Path, Sender};
use tests::shapes::{datagrams, numbers, packet, packets, with_parity};

use crate::{HEARD_AT, IN, OUT, SEND_TO};

struct Lab {
    path: Path,
    flowclient: Flowclient,
    sink: Capture,
    sender: Sender,
}

fn lab(arguments: &[&str]) -> Lab {
    let path = Path::new();
    let flowclient = Flowclient::start(&path.relay, &[&["--in", IN, "--out", OUT], arguments].concat());
    let sink = Capture::start(&path.sink, "eth0", HEARD_AT);
    let sender = Sender::new(&path.source, Path::SOURCE, SEND_TO);
    Lab { path, flowclient, sink, sender }
}

impl Lab {
    fn send(&self, datagrams: impl IntoIterator<Item = impl AsRef<[u8]>>) {
        self.sender.send_at(2_000, datagrams);
    }

    fn wait_for_packets(&self, count: u64) -> Metrics {
        self.flowclient.wait_until("packets counted", |metrics| metrics.count("flowclient_ts_packets_total") >= count)
    }

    fn assert_all_in_sevens(&self, packets: u32) {
        self.sink.wait_for_bytes(188 * packets as usize);
        assert!(self.sink.so_far().iter().all(|datagram| datagram.payload.len() == 1_316), "not seven packets each");
        assert_eq!(numbers(&self.sink.bytes()), (0..packets).collect::<Vec<_>>());
    }
}

#[test]
fn packets_come_out_in_sevens_however_they_come_in() {
    let lab = lab(&[]);
    let stream = packets(0, 7 * 60);
    let mut rest = stream.as_slice();
    let mut odd = Vec::new();
    for packets in [1, 3, 6, 7, 8, 2, 5].iter().cycle() {
        let length = (188 * packets).min(rest.len());
        odd.push(&rest[..length]);
        rest = &rest[length..];
        if rest.is_empty() {
            break;
        }
    }
    lab.send(odd);
    lab.assert_all_in_sevens(7 * 60);
}

#[test]
fn another_number_of_packets_a_datagram_is_kept_to() {
    let lab = lab(&["--packets-per-datagram", "3"]);
    lab.send(datagrams(0, 30));
    lab.sink.wait_for_bytes(1_316 * 30);
    assert!(lab.sink.so_far().iter().all(|datagram| datagram.payload.len() == 3 * 188));
    assert_eq!(numbers(&lab.sink.bytes()), (0..210).collect::<Vec<_>>());
}

#[test]
fn parity_of_204_byte_packets_is_left_out() {
    let lab = lab(&[]);
    lab.send(packets(0, 7 * 40).chunks(6 * 188).map(with_parity));
    lab.assert_all_in_sevens(7 * 40);
}

#[test]
fn junk_is_counted_and_dropped_and_the_stream_goes_on() {
    let lab = lab(&[]);
    lab.send(datagrams(0, 10));
    lab.send((0..20).map(|length| vec![0x00; 100 * length]));
    lab.send([vec![0xFF; 65_000]]);
    lab.send(datagrams(10, 10));
    let metrics = lab.wait_for_packets(140);
    lab.assert_all_in_sevens(140);
    let malformed = metrics.dropped("malformed");
    assert!((20..=21).contains(&malformed), "{malformed} malformed; an empty datagram may be none");
}

#[test]
fn a_packet_cut_short_or_without_sync_byte_costs_no_other_packet() {
    let lab = lab(&[]);
    lab.send(datagrams(0, 10));
    let mut hurt = packets(70, 7);
    hurt[188 * 3] = 0;
    lab.send([hurt]);
    lab.send(datagrams(11, 10));
    lab.sink.wait_for_bytes(188 * 140);
    let out = lab.sink.bytes();
    let lost: Vec<u32> =
        (0..147).filter(|number| !out.windows(188).step_by(188).any(|p| p == packet(*number))).collect();
    assert!(lost.contains(&73) && lost.len() <= 7, "lost: {lost:?}");
    assert!(lab.path.relay.name().starts_with("fc-"));
}
