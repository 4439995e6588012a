//! The whole path of a datagram but for the system calls: taken, inspected, queued, and let go when sent.
#![expect(clippy::expect_used, reason = "a bench whose premise fails is to end")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use relay::flow::{Arrived, Flow, Poll};
use relay::mem::Pool;
use relay::spec::{FlowSpec, Input, Inspect, Record, Source, Transport};
use relay::time::Time;

/// Datagrams a turn: what one receive call gives when there is much to do.
const BATCH: usize = 64;
const SLOT_LEN: usize = 66_560;

fn spec(inspect: Inspect) -> FlowSpec {
    let address = ([239, 9, 0, 1], 5_001).into();
    let input = Input { transport: Transport::Udp, source: None, address, interface: None };
    FlowSpec { inspect, ..FlowSpec::new("bench", Source::Network(input), Vec::new()) }
}

/// A flow, with its input lying in slots that are received over and over.
struct Bench {
    pool: Pool,
    flow: Flow,
    arrivals: Vec<Arrived>,
}

impl Bench {
    /// Each of `inputs` in a slot of its own, of which the bench keeps a hold.
    fn new(spec: &FlowSpec, inputs: &[Vec<u8>], segment_len: Option<usize>) -> Self {
        let mut pool = Pool::new(4 * BATCH as u32, SLOT_LEN);
        let arrivals = inputs.iter().map(|bytes| {
            let slot = pool.take().expect("the pool has a slot for each");
            pool.slot_mut(slot)[..bytes.len()].copy_from_slice(bytes);
            Arrived { slot, start: 0, len: bytes.len(), segment_len, arrival: Time(1), truncated: false }
        });
        Self { arrivals: arrivals.collect(), flow: Flow::new(spec), pool }
    }

    fn turn(&mut self) {
        for &arrived in &self.arrivals {
            self.pool.hold(arrived.slot);
            self.flow.receive(&mut self.pool, arrived);
        }
        while self.flow.poll(Time(2), &mut self.pool) == Poll::Emit {
            self.flow.sent(Time(2), Time(3), &mut self.pool);
        }
    }
}

fn flow(criterion: &mut Criterion) {
    let datagrams: Vec<_> = bench::cycle().into_iter().cycle().take(BATCH).collect();
    let mut group = criterion.benchmark_group("flow");
    group.throughput(Throughput::Elements(BATCH as u64));
    let runs: Vec<_> = datagrams.chunks(BATCH / 2).map(<[_]>::concat).collect();
    for inspect in Inspect::ALL {
        let mut apart = Bench::new(&spec(inspect), &datagrams, None);
        group.bench_function(format!("udp_batch_of_64/{inspect}"), |bench| bench.iter(|| apart.turn()));
        let mut joined = Bench::new(&spec(inspect), &runs, Some(datagrams[0].len()));
        group.bench_function(format!("udp_64_joined_in_2/{inspect}"), |bench| bench.iter(|| joined.turn()));
    }
    // As much memory as 10 s at 8 Mb/s take.
    let record = Record { memory_bytes: 10 << 20, ..Record::new("unused") };
    let mut recorded = Bench::new(&FlowSpec { record: Some(record), ..spec(Inspect::Full) }, &datagrams, None);
    group.bench_function("udp_batch_of_64/full, recorded", |bench| bench.iter(|| recorded.turn()));
    group.finish();
}

criterion_group!(benches, flow);
criterion_main!(benches);
