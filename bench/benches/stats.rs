//! What counting costs: a datagram's latency, and a turn's publication of all counters.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use relay::stats::{Counters, FlowStats};

fn stats(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stats");
    let mut counters = Counters::default();
    let latency = Duration::from_micros(40);
    group.bench_function("observe_latency", |bench| bench.iter(|| counters.observe_latency(black_box(latency))));
    let published = FlowStats::default();
    group.bench_function("publish", |bench| bench.iter(|| published.publish(black_box(&counters))));
    group.finish();
}

criterion_group!(benches, stats);
criterion_main!(benches);
