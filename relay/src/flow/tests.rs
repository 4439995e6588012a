use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::spec::{Input, Inspect, Output, Pace};
use crate::stats::Counters;
use crate::time::Ticks27;
use crate::wire::rtp::write_header;
use crate::wire::ts::{NULL_PACKET, PACKET_LEN, write_pcr};

const SLOTS: u32 = 48;
const WINDOW: Duration = Duration::from_millis(10);

struct Bench {
    pool: Pool,
    flow: Flow,
    now: Time,
}

fn spec(transport: Transport) -> FlowSpec {
    let address = "239.1.1.1:5000".parse().unwrap();
    let output = Output {
        transport: Transport::Udp,
        address: "239.1.1.2:5000".parse().unwrap(),
        interface: None,
        ttl: 1,
        dscp: 0,
        source: None,
        multicast_loop: true,
    };
    FlowSpec {
        name: "ch7".to_owned(),
        source: Source::Network(Input { transport, source: None, address, interface: None }),
        outputs: vec![output],
        pace: Pace::Arrival,
        inspect: Inspect::Continuity,
        pair: None,
        leg: None,
        packets_per_datagram: 7,
        reorder_window: WINDOW,
        receive_buffer_bytes: 1 << 20,
        pace_delay: Duration::from_millis(100),
        record: None,
    }
}

impl Bench {
    fn new(transport: Transport) -> Self {
        Self::with(&spec(transport))
    }

    fn with(spec: &FlowSpec) -> Self {
        Self { pool: Pool::new(SLOTS, 32_768), flow: Flow::new(spec), now: Time(1_000_000_000) }
    }

    fn receive(&mut self, bytes: &[u8]) -> SlotId {
        self.receive_joined(bytes, None)
    }

    fn receive_joined(&mut self, bytes: &[u8], segment_len: Option<usize>) -> SlotId {
        let slot = self.pool.take().unwrap();
        self.pool.slot_mut(slot)[..bytes.len()].copy_from_slice(bytes);
        let arrived = Arrived { slot, start: 0, len: bytes.len(), segment_len, arrival: self.now, truncated: false };
        self.flow.receive(&mut self.pool, arrived);
        slot
    }

    /// Sends what is due: each datagram's bytes.
    fn send(&mut self) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        while self.flow.poll(self.now, &mut self.pool) == Poll::Emit {
            for (_, spans) in self.flow.queue().due(self.now) {
                out.push(spans.flat_map(|span| self.pool.bytes(span).to_vec()).collect());
            }
            self.flow.sent(self.now, self.now, &mut self.pool);
        }
        out
    }

    fn counters(&self) -> &Counters {
        &self.flow.counters
    }
}

/// Packets of one PID, `first` and up, whose continuity counters are right and whose bytes all differ.
fn packets(first: usize, count: usize) -> Vec<u8> {
    (first..first + count)
        .flat_map(|number| {
            let mut packet = NULL_PACKET;
            packet[1..4].copy_from_slice(&[0x01, 0x00, 0x10 | (number & 0x0F) as u8]);
            packet[4..12].copy_from_slice(&number.to_be_bytes());
            packet
        })
        .collect()
}

fn rtp(sequence: u16, payload: &[u8]) -> Vec<u8> {
    [&write_header(sequence, 7, 9)[..], payload].concat()
}

#[test]
fn a_datagram_is_sent_from_the_address_that_it_was_received_at() {
    let mut bench = Bench::new(Transport::Rtp);
    let slot = bench.receive(&rtp(1, &packets(0, 7)));
    let received_at = bench.pool.bytes(Span { slot, start: 12, len: 1 }).as_ptr();
    let sent_from: Vec<_> = bench
        .flow
        .queue()
        .due(bench.now)
        .flat_map(|(_, spans)| spans)
        .map(|span| (bench.pool.bytes(span).as_ptr(), span.len))
        .collect();
    assert_eq!(sent_from, [(received_at, 1_316)]);
}

#[test]
fn joined_datagrams_stay_in_their_slot() {
    let mut bench = Bench::new(Transport::Udp);
    let stream = packets(0, 7 * 20);
    let slot = bench.receive_joined(&stream, Some(1_316));
    let places: Vec<_> = bench.flow.queue().due(bench.now).flat_map(|(_, spans)| spans).collect();
    let expected: Vec<_> = (0..20).map(|n| Span { slot, start: n * 1_316, len: 1_316 }).collect();
    assert_eq!(places, expected);
    assert_eq!(bench.send().concat(), stream);
    assert_eq!((bench.counters().input_datagrams, bench.counters().continuity_errors), (20, 0));
    assert_eq!(bench.pool.free_slots(), SLOTS as usize);
}

#[test]
fn small_datagrams_are_gathered_into_whole_ones() {
    let mut bench = Bench::new(Transport::Udp);
    let stream = packets(0, 21);
    for packet in stream.chunks(PACKET_LEN * 3) {
        bench.receive(packet);
    }
    let sent = bench.send();
    assert!(sent.iter().all(|datagram| datagram.len() == 1_316));
    assert_eq!(sent.concat(), stream);
}

#[test]
fn the_end_of_a_source_is_filled_up_with_null_packets() {
    let mut bench = Bench::new(Transport::Udp);
    let stream = packets(0, 9);
    bench.receive(&stream);
    bench.flow.finish(bench.now, &mut bench.pool);
    let sent = bench.send().concat();
    assert_eq!(sent.len(), 2 * 1_316);
    assert_eq!(sent[..stream.len()], stream);
    assert!(sent[stream.len()..].chunks(PACKET_LEN).all(|packet| packet == NULL_PACKET));
    assert_eq!(bench.pool.free_slots(), SLOTS as usize);
}

#[test]
fn rtp_out_of_order_is_put_right_and_what_never_comes_is_counted() {
    let mut bench = Bench::new(Transport::Rtp);
    let stream = packets(0, 7 * 6);
    let datagram = |n: usize| rtp(n as u16, &stream[n * 1_316..][..1_316]);
    for n in [0, 2, 1, 1, 4, 5] {
        bench.receive(&datagram(n));
    }
    assert_eq!(bench.send().concat(), stream[..3 * 1_316]);
    bench.now = bench.now + WINDOW;
    assert_eq!(bench.send().concat(), stream[4 * 1_316..]);
    let counters = bench.counters();
    assert_eq!((counters.rtp_lost, counters.rtp_reordered, counters.rtp_duplicates), (1, 1, 1));
    assert_eq!(counters.continuity_errors, 1);
    bench.receive(&datagram(3));
    assert_eq!(bench.counters().dropped_late, 1);
    assert_eq!(bench.pool.free_slots(), SLOTS as usize);
}

#[test]
fn an_rtp_header_is_kept_when_its_datagram_leaves_as_it_came() {
    let mut bench = Bench::new(Transport::Rtp);
    bench.receive(&rtp(77, &packets(0, 7)));
    bench.receive(&rtp(78, &packets(7, 6)));
    bench.receive(&rtp(79, &packets(13, 8)));
    let stamps: Vec<_> = bench.flow.queue().due(bench.now).map(|(datagram, _)| datagram.rtp.sequence).collect();
    assert_eq!(stamps, [Some(77), None, None]);
}

#[test]
fn a_datagram_put_together_anew_has_the_stamp_that_its_first_packet_came_with() {
    let mut bench = Bench::new(Transport::Rtp);
    for (sequence, timestamp, first) in [(1, 100, 0), (2, 200, 5), (3, 300, 10)] {
        let header = write_header(sequence, timestamp, 9);
        bench.receive(&[&header[..], &packets(first, 5)].concat());
    }
    let heads: Vec<_> = bench.flow.queue().due(bench.now).map(|(datagram, _)| datagram.rtp).collect();
    let head = |timestamp| RtpHead {
        sequence: None,
        timestamp: Some(timestamp),
        ssrc: Some(9),
        marker: false,
        payload_type: Some(33),
    };
    assert_eq!(heads, [head(100), head(200)]);
}

/// Packets as [`packets`] makes them; each tenth carries a PCR, a millisecond a packet.
fn clocked_packets(first: usize, count: usize) -> Vec<u8> {
    let mut stream = packets(first, count);
    for (number, packet) in (first..).zip(stream.chunks_mut(PACKET_LEN)).filter(|(number, _)| number % 10 == 0) {
        packet[3] |= 0x20;
        packet[4..6].copy_from_slice(&[7, 0x10]);
        packet[6..12].copy_from_slice(&write_pcr(Ticks27::wrapping(number as u64 * 27_000)));
    }
    stream
}

#[test]
fn a_stream_without_rtp_is_stamped_by_its_clock_wherever_one_begins() {
    let stamps = |first: usize, size: usize| {
        let mut bench = Bench::with(&FlowSpec {
            outputs: vec![Output { transport: Transport::Rtp, ..spec(Transport::Udp).outputs[0].clone() }],
            ..spec(Transport::Udp)
        });
        bench.receive_joined(&clocked_packets(first, 140 - first), Some(size * PACKET_LEN));
        let due = bench.flow.queue().due(bench.now);
        due.map(|(datagram, _)| (first as u64 + datagram.first_packet, datagram.rtp.timestamp)).collect::<Vec<_>>()
    };
    let clock: Vec<_> = (0..140).step_by(7).map(|packet| (packet, Some(packet as u32 * 90))).collect();
    assert_eq!(stamps(0, 7), clock);
    assert_eq!(stamps(0, 4), clock);
    assert_eq!(stamps(63, 3), clock[9..]);
}

#[test]
fn each_defect_is_counted_by_its_name() {
    let mut bench = Bench::new(Transport::Rtp);
    bench.receive(&[0x80; 5]);
    bench.receive(&[0x40; 40]);
    let mut padded = rtp(1, &packets(0, 7));
    padded[0] |= 0x20;
    *padded.last_mut().unwrap() = 0;
    bench.receive(&padded);
    bench.receive(&rtp(2, &[9; 1_316]));
    bench.receive(&[]);
    let slot = bench.pool.take().unwrap();
    let arrived = Arrived { slot, start: 0, len: 32_768, segment_len: None, arrival: bench.now, truncated: true };
    bench.flow.receive(&mut bench.pool, arrived);
    let counters = bench.counters();
    assert_eq!(
        (counters.malformed_rtp_truncated, counters.malformed_rtp_version, counters.malformed_rtp_padding),
        (1, 1, 1)
    );
    assert_eq!((counters.malformed_no_sync, counters.malformed_giant), (2, 1));
    assert_eq!((counters.dropped_malformed(), counters.input_datagrams), (6, 6));
    assert_eq!(bench.send(), Vec::<Vec<u8>>::new());
    assert_eq!(bench.pool.free_slots(), SLOTS as usize);
}

proptest! {
    #[test]
    fn any_input_gives_whole_datagrams_and_gives_all_slots_back(
        rtp_input in any::<bool>(),
        datagrams in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..600), proptest::option::of(20_usize..400), 0_u64..20_000_000),
            0..12),
    ) {
        let mut bench = Bench::new(if rtp_input { Transport::Rtp } else { Transport::Udp });
        for (mut bytes, segment_len, step) in datagrams {
            bytes.iter_mut().step_by(PACKET_LEN).for_each(|byte| *byte |= 0x47);
            bench.now = bench.now + Duration::from_nanos(step);
            bench.receive_joined(&bytes, segment_len);
            for datagram in bench.send() {
                prop_assert_eq!(datagram.len(), 1_316);
            }
        }
        bench.flow.finish(bench.now, &mut bench.pool);
        bench.send();
        prop_assert_eq!(bench.pool.free_slots(), SLOTS as usize);
    }

    #[test]
    fn a_stream_in_datagrams_of_any_size_comes_out_whole(
        sizes in proptest::collection::vec(1_usize..3_000, 1..40),
        joined in any::<bool>(),
    ) {
        let stream = packets(0, 100);
        let mut bench = Bench::new(Transport::Udp);
        let (mut rest, mut sent) = (&stream[..], Vec::new());
        for size in sizes.into_iter().cycle() {
            let (head, tail) = rest.split_at(size.max(400).min(rest.len()));
            bench.receive_joined(head, joined.then_some(376));
            sent.extend(bench.send().concat());
            rest = tail;
            if rest.is_empty() {
                break;
            }
        }
        bench.flow.finish(bench.now, &mut bench.pool);
        sent.extend(bench.send().concat());
        prop_assert_eq!(&sent[..stream.len()], &stream[..]);
        prop_assert_eq!(bench.counters().continuity_errors, 0);
    }
}
