//! What a datagram takes from its arrival to its departure, but for the system calls, so that instructions can be counted.
//!
//!     hot-path CASE
//!
//! relays a synthetic channel, first to warm up, then in [`measured`], which is what `bench/instructions` counts. The last line
//! says how many datagrams that were.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench whose premise fails is to end; its result is its output"
)]

use std::time::Duration;

use relay::flow::{Arrived, Flow, Poll};
use relay::io::Generator;
use relay::io::synthetic::SyntheticChannel;
use relay::mem::Pool;
use relay::spec::{FlowSpec, Input, Inspect, Pace, Source, TestInput, Transport};
use relay::stats::FlowStats;
use relay::time::{Time, Utc};
use relay::wire::rtp;
use relay::wire::ts::{PACKET_LEN, PACKETS_PER_DATAGRAM};

const DATAGRAM_LEN: usize = PACKETS_PER_DATAGRAM * PACKET_LEN;
const WARM_UP: Duration = Duration::from_secs(5);
const MEASURED: Duration = Duration::from_secs(10);
const BITRATE: u64 = 4_000_000;

struct Case {
    name: &'static str,
    transport: Transport,
    inspect: Inspect,
    pace: Pace,
    flows: usize,
}

const USUAL: Case =
    Case { name: "udp", transport: Transport::Udp, inspect: Inspect::Full, pace: Pace::Arrival, flows: 1 };
const CASES: &[Case] = &[
    USUAL,
    Case { name: "udp, continuity only", inspect: Inspect::Continuity, ..USUAL },
    Case { name: "rtp", transport: Transport::Rtp, ..USUAL },
    Case { name: "udp, paced", pace: Pace::Pcr, ..USUAL },
    Case { name: "udp, 10 flows in turn", flows: 10, ..USUAL },
];

struct Datagram {
    at: Time,
    bytes: Vec<u8>,
}

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some(case) = CASES.iter().find(|case| case.name == name) else {
        return CASES.iter().for_each(|case| println!("{}", case.name));
    };
    let stream = stream(case.transport);
    let (warm, measured_part) = stream.split_at(stream.partition_point(|datagram| datagram.at < Time(0) + WARM_UP));
    let mut lanes: Vec<_> = (0..case.flows).map(|_| Lane::new(case)).collect();
    let mut pool = Pool::new(1_024, 2_048);
    relay_through(&mut lanes, &mut pool, warm);
    measured(&mut lanes, &mut pool, measured_part);
    println!("{}", measured_part.len() * case.flows);
}

/// A synthetic channel, from the start of its clock.
fn stream(transport: Transport) -> Vec<Datagram> {
    let input = TestInput { bitrate: BITRATE, ..TestInput::default() };
    let mut channel = SyntheticChannel::new(&input, PACKETS_PER_DATAGRAM).expect("a channel of usual parameters");
    channel.seek(Utc(0));
    let mut sent = Vec::new();
    while let Some(due) = channel.due().filter(|&due| due < Utc(0) + WARM_UP + MEASURED) {
        let mut payload = [0; DATAGRAM_LEN];
        channel.fill(&mut payload).expect("a buffer of a datagram's size");
        let bytes = match transport {
            Transport::Udp => payload.to_vec(),
            Transport::Rtp => {
                [&rtp::write_header(sent.len() as u16, rtp::timestamp(due), 0xCAFE), &payload[..]].concat()
            }
        };
        sent.push(Datagram { at: Time(due.0), bytes });
    }
    sent
}

/// A flow and where it publishes its counters.
struct Lane {
    flow: Flow,
    stats: FlowStats,
}

impl Lane {
    fn new(case: &Case) -> Self {
        let address = ([239, 9, 0, 1], 5_001).into();
        let input = Input { transport: case.transport, source: None, address, interface: None };
        let spec = FlowSpec {
            inspect: case.inspect,
            pace: case.pace,
            ..FlowSpec::new("hot path", Source::Network(input), Vec::new())
        };
        Self { flow: Flow::new(&spec), stats: FlowStats::default() }
    }

    fn turn(&mut self, pool: &mut Pool, datagram: &Datagram) {
        let Datagram { at, bytes } = datagram;
        let slot = pool.take().expect("what is due leaves at once");
        pool.slot_mut(slot)[..bytes.len()].copy_from_slice(bytes);
        let arrived = Arrived { slot, start: 0, len: bytes.len(), segment_len: None, arrival: *at, truncated: false };
        self.flow.receive(pool, arrived);
        while self.flow.poll(*at, pool) == Poll::Emit {
            self.flow.sent(*at, *at, pool);
        }
        self.flow.drain_alarms().for_each(drop);
        self.stats.publish(&self.flow.counters);
    }
}

/// What is counted; it keeps its name in the program.
#[inline(never)]
fn measured(lanes: &mut [Lane], pool: &mut Pool, datagrams: &[Datagram]) {
    relay_through(lanes, pool, datagrams);
}

fn relay_through(lanes: &mut [Lane], pool: &mut Pool, datagrams: &[Datagram]) {
    for datagram in datagrams {
        lanes.iter_mut().for_each(|lane| lane.turn(pool, datagram));
    }
}
