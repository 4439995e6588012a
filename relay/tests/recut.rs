//! Two flows with the same input that begin at different places of it and lose different parts: the one that listens ends up
//! with the datagrams of the other.

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;
use relay::flow::{Arrived, Flow};
use relay::mem::Pool;
use relay::pair::comparison::Comparison;
use relay::pair::fingerprint::Fingerprint;
use relay::pair::recut::Recut;
use relay::spec::{FlowSpec, Input, Inspect, Output, Pace, Source, Transport};
use relay::time::Time;
use relay::wire::ts::{NULL_PACKET, PACKET_LEN};

const SIZE: usize = 7;

struct Side {
    pool: Pool,
    flow: Flow,
}

impl Side {
    fn new() -> Self {
        Self { pool: Pool::new(64, 4_096), flow: Flow::new(&spec()) }
    }

    /// Takes an input datagram and gives those that it completes, each with the number of its first packet.
    fn pass(&mut self, bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let Some(slot) = self.pool.take() else { return Vec::new() };
        self.pool.slot_mut(slot)[..bytes.len()].copy_from_slice(bytes);
        let arrived =
            Arrived { slot, start: 0, len: bytes.len(), segment_len: None, arrival: Time(1), truncated: false };
        self.flow.receive(&mut self.pool, arrived);
        let due = self.flow.queue().due(Time(1));
        let made = due
            .map(|(datagram, spans)| {
                (datagram.first_packet, spans.flat_map(|span| self.pool.bytes(span).to_vec()).collect())
            })
            .collect();
        self.flow.sent(Time(1), Time(1), &mut self.pool);
        made
    }
}

fn spec() -> FlowSpec {
    let address = (std::net::Ipv4Addr::new(239, 1, 1, 1), 5_000).into();
    let output = Output {
        transport: Transport::Udp,
        address,
        interface: None,
        ttl: 1,
        dscp: 0,
        source: None,
        multicast_loop: true,
    };
    FlowSpec {
        name: "ch7".to_owned(),
        source: Source::Network(Input { transport: Transport::Udp, source: None, address, interface: None }),
        outputs: vec![output],
        pace: Pace::Arrival,
        inspect: Inspect::Continuity,
        pair: None,
        leg: None,
        packets_per_datagram: SIZE,
        reorder_window: Duration::ZERO,
        receive_buffer_bytes: 1 << 20,
        pace_delay: Duration::ZERO,
        record: None,
    }
}

/// Packet `number` of a stream of which every ninth packet is null.
fn packet(number: usize) -> [u8; PACKET_LEN] {
    let mut packet = NULL_PACKET;
    if !number.is_multiple_of(9) {
        packet[1..4].copy_from_slice(&[1, 0, 0x10 | (number % 16) as u8]);
        packet[4..12].copy_from_slice(&number.to_be_bytes());
    }
    packet
}

/// Runs both over `turns` input datagrams of `size` packets, of which each loses some; what is on air is heard `lag` datagrams
/// late. Gives the turns at which two datagrams were found to be equal.
fn run(size: usize, turns: usize, begins: usize, lost: [&[usize]; 2], lag: usize) -> Vec<usize> {
    let (mut air, mut ours) = (Side::new(), Side::new());
    let (mut recut, mut comparison) = (Recut::new(SIZE), Comparison::default());
    // Of those that went before none is looked for: each but null packets comes once.
    let is_repeat = |other| other == Fingerprint::of([&NULL_PACKET.repeat(SIZE)[..]].into_iter());
    let (mut on_its_way, mut equal_at) = (VecDeque::new(), Vec::new());
    for turn in 0..turns {
        let input: Vec<u8> = (turn * size..(turn + 1) * size).flat_map(packet).collect();
        if !lost[0].contains(&turn) {
            on_its_way.extend(air.pass(&input));
        }
        while on_its_way.len() > lag {
            let Some((_, payload)) = on_its_way.pop_front() else { break };
            comparison.heard(Fingerprint::of([&payload[..]].into_iter()), is_repeat);
            let cut = recut.heard(&payload, comparison.agreement().equal);
            cut.into_iter().for_each(|packet| ours.flow.cut_before(packet));
        }
        if turn >= begins && !lost[1].contains(&turn) {
            for (first_packet, payload) in ours.pass(&input) {
                assert!(payload.len() <= SIZE * PACKET_LEN);
                comparison.made(Time(1), Fingerprint::of([&payload[..]].into_iter()), is_repeat);
                let cut = recut.made(first_packet, [&payload[..]].into_iter(), comparison.agreement().equal);
                cut.into_iter().for_each(|packet| ours.flow.cut_before(packet));
            }
        }
        if comparison.agreement().equal > equal_at.len() as u64 {
            equal_at.resize(comparison.agreement().equal as usize, turn);
        }
    }
    equal_at
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn after_each_loss_on_either_side_both_make_the_same_datagrams_again(
        size in 1_usize..10,
        begins in 0_usize..100,
        lost in [proptest::collection::vec(150_usize..400, 0..6), proptest::collection::vec(150_usize..400, 0..6)],
        lag in 0_usize..20,
    ) {
        // All in datagrams of the output.
        let turn = |datagram: usize| datagram * SIZE / size;
        let lost = lost.map(|lost| lost.into_iter().map(turn).collect::<Vec<_>>());
        let equal_at = run(size, turn(700), turn(begins), [&lost[0], &lost[1]], lag);
        let equal = equal_at.iter().filter(|&&at| at >= turn(500)).count();
        prop_assert!(equal + lag + 2 >= 200, "{equal} of 200");
    }
}

#[test]
fn cuts_are_learned_within_a_few_datagrams() {
    let equal_at = run(4, 300, 100, [&[], &[]], 0);
    let first = equal_at.first().copied();
    assert!(first.is_some_and(|turn| (100..130).contains(&turn)), "the first at turn {first:?}");
}
