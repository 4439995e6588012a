//! Memory: a packet in the steady state allocates nothing, and a hostile stream cannot make the inspector grow for ever.
#![allow(clippy::unwrap_used, reason = "a channel that cannot be made is a failed test")]

use std::sync::LazyLock;
use std::time::Duration;

use allocation_counter::measure;
use relay::flow::{Arrived, Flow, Poll};
use relay::io::Generator;
use relay::io::synthetic::SyntheticChannel;
use relay::mem::Pool;
use relay::spec::{FlowSpec, Input, Inspect, Record, RecordFormat, Source, TestInput, Transport};
use relay::stage::inspect::Inspector;
use relay::time::{Time, Utc};
use relay::wire::psi::{Head, long_section};
use relay::wire::ts::{PACKET_LEN, PACKETS_PER_DATAGRAM, Packet};

const DATAGRAM_LEN: usize = PACKETS_PER_DATAGRAM * PACKET_LEN;
/// After this all that grows with the stream has grown: the drift of the clock is taken over a minute.
const WARM_UP: Duration = Duration::from_secs(65);
/// In this each table comes at least once.
const MEASURED: Duration = Duration::from_secs(15);

type Datagram = (Time, [u8; DATAGRAM_LEN]);

/// What a synthetic channel sends, from the start of its clock.
fn datagrams(span: Duration) -> Vec<Datagram> {
    let input = TestInput { bitrate: 1_000_000, ..TestInput::default() };
    let mut channel = SyntheticChannel::new(&input, PACKETS_PER_DATAGRAM).unwrap();
    channel.seek(Utc(0));
    let mut sent = Vec::new();
    while let Some(due) = channel.due().filter(|&due| due < Utc(0) + span) {
        let mut datagram = [0; DATAGRAM_LEN];
        channel.fill(&mut datagram).unwrap();
        sent.push((Time(due.0), datagram));
    }
    sent
}

fn show(inspector: &mut Inspector, datagrams: &[Datagram]) {
    for (at, datagram) in datagrams {
        while inspector.next_tick() <= *at {
            inspector.tick(inspector.next_tick());
        }
        datagram.chunks(PACKET_LEN).filter_map(Packet::new).for_each(|packet| inspector.packet(*at, packet));
    }
}

/// The datagrams that warm up, and those that are measured.
fn warm_and_measured() -> (&'static [Datagram], &'static [Datagram]) {
    static ALL: LazyLock<Vec<Datagram>> = LazyLock::new(|| datagrams(WARM_UP + MEASURED));
    ALL.split_at(ALL.partition_point(|(at, _)| *at < Time(0) + WARM_UP))
}

#[test]
fn inspection_in_the_steady_state_allocates_nothing() {
    let (warm, measured) = warm_and_measured();
    let mut inspector = Inspector::default();
    show(&mut inspector, warm);
    let memory = measure(|| show(&mut inspector, measured));
    assert_eq!(memory.count_total, 0);
    assert_eq!(inspector.report(Time(0) + WARM_UP + MEASURED).ts.packets, ((warm.len() + measured.len()) * 7) as u64);
}

/// A flow with nobody behind it.
struct Lab {
    pool: Pool,
    flow: Flow,
}

impl Lab {
    fn new(inspect: Inspect, record: Option<Record>) -> Self {
        let address = ([239, 1, 1, 1], 5_000).into();
        let input = Input { transport: Transport::Udp, source: None, address, interface: None };
        let spec = FlowSpec { inspect, record, ..FlowSpec::new("allocation", Source::Network(input), Vec::new()) };
        Self { pool: Pool::new(64, 2_048), flow: Flow::new(&spec) }
    }

    fn relay(&mut self, datagrams: &[Datagram]) {
        for &(arrival, datagram) in datagrams {
            let slot = self.pool.take().unwrap();
            self.pool.slot_mut(slot)[..DATAGRAM_LEN].copy_from_slice(&datagram);
            let arrived = Arrived { slot, start: 0, len: DATAGRAM_LEN, segment_len: None, arrival, truncated: false };
            self.flow.receive(&mut self.pool, arrived);
            while self.flow.poll(arrival, &mut self.pool) == Poll::Emit {
                self.flow.sent(arrival, arrival, &mut self.pool);
            }
            assert_eq!(self.flow.drain_alarms().count(), 0);
        }
    }
}

#[test]
fn a_flow_in_the_steady_state_allocates_nothing_however_it_is_inspected() {
    for inspect in Inspect::ALL {
        assert_eq!(allocations(Lab::new(inspect, None)), 0, "{inspect}");
    }
}

#[test]
fn a_flow_that_is_recorded_allocates_nothing_in_the_steady_state() {
    let format = RecordFormat::Pcapng;
    let roomy = Record { format, ..Record::new("unused") };
    let tight = Record { memory_bytes: 1 << 20, before: Duration::from_secs(60), ..roomy.clone() };
    for record in [roomy.clone(), tight, Record { format: RecordFormat::Ts, ..roomy }] {
        assert_eq!(allocations(Lab::new(Inspect::Full, Some(record.clone()))), 0, "{record:?}");
    }
}

/// Bytes that a flow may take beside the slots of its pool, which are mapped and not allocated, inspected in full.
const MOST_BYTES_A_FLOW: i64 = 48 << 10;

#[test]
fn many_flows_in_turn_allocate_nothing_in_the_steady_state_and_each_takes_little() {
    const FLOWS: usize = 20;
    let (warm, measured) = warm_and_measured();
    let mut labs = Vec::new();
    let memory = measure(|| {
        labs.extend((0..FLOWS).map(|_| Lab::new(Inspect::Full, None)));
        labs.iter_mut().for_each(|lab| lab.relay(warm));
    });
    let bytes_a_flow = memory.bytes_current / FLOWS as i64;
    println!("{bytes_a_flow} bytes a flow");
    assert!(bytes_a_flow < MOST_BYTES_A_FLOW, "{bytes_a_flow} bytes a flow");
    let in_turn = || {
        measured.iter().for_each(|datagram| labs.iter_mut().for_each(|lab| lab.relay(std::slice::from_ref(datagram))));
    };
    assert_eq!(measure(in_turn).count_total, 0);
}

/// Allocations of a flow in the steady state.
fn allocations(mut lab: Lab) -> u64 {
    let (warm, measured) = warm_and_measured();
    lab.relay(warm);
    measure(|| lab.relay(measured)).count_total
}

/// Sections of any table on any PID, each other than the one before, each with its CRC right.
fn show_any_sections(inspector: &mut Inspector, count: u64) {
    for n in 0..count {
        let lot = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let [a, b, c, d, e, ..] = lot.to_be_bytes();
        let table_id = [0, 1, 2, 0x40, 0x42, 0x4E, 0x50, 0x70][usize::from(a) % 8];
        let pid =
            [0, 1, 0x10, 0x11, 0x12, 0x14, 0x20 + u16::from(b), u16::from_be_bytes([b & 0x0F, c])][usize::from(d) % 8];
        let head = Head { number: e, last_number: 255, ..Head::first(table_id, u16::from_be_bytes([c, b])) };
        let body: Vec<u8> = (0..160).map(|byte| (lot.rotate_left(byte) & 0xFF) as u8).collect();
        let section = long_section(head, &body).unwrap();
        let mut packet = [0xFF; PACKET_LEN];
        let [high, low] = pid.to_be_bytes();
        packet[..5].copy_from_slice(&[0x47, 0x40 | high, low, 0x10 | (n & 0x0F) as u8, 0]);
        packet[5..5 + section.len()].copy_from_slice(&section);
        inspector.packet(Time(n * 1_000_000), Packet::new(&packet).unwrap());
        if n % 100 == 0 {
            inspector.tick(Time(n * 1_000_000));
        }
    }
}

#[test]
fn a_hostile_stream_takes_memory_up_to_a_bound_only() {
    let mut inspector = Inspector::default();
    let first = measure(|| show_any_sections(&mut inspector, 100_000));
    let then = measure(|| show_any_sections(&mut inspector, 100_000));
    println!("{} bytes, then {} more", first.bytes_current, then.bytes_current);
    assert!(first.bytes_current < 32 << 20, "{} bytes", first.bytes_current);
    assert!(then.bytes_current < 1 << 20, "{} bytes more", then.bytes_current);
}
