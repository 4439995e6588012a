//! What it takes to read a datagram in place: seven transport packets, with and without an RTP header.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use relay::wire::rtp::Rtp;
use relay::wire::ts::{PACKET_LEN, Packet};

/// Looks at what the inspecting stages look at in each packet.
fn read_packets(datagram: &[u8]) -> u64 {
    let packets = datagram.chunks_exact(PACKET_LEN).filter_map(Packet::new);
    packets.map(|packet| u64::from(packet.pid()) + u64::from(packet.continuity()) + pcr_ticks(packet)).sum()
}

fn pcr_ticks(packet: Packet<'_>) -> u64 {
    packet.adaptation().and_then(|field| field.pcr()).map_or(0, |pcr| pcr.get())
}

fn wire(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire");
    let plain = bench::cycle().swap_remove(0);
    let rtp = bench::with_rtp_header(1, &plain);
    group.throughput(Throughput::Elements(1));
    group.bench_function("ts_datagram_of_7", |bench| bench.iter(|| read_packets(black_box(&plain))));
    group.bench_function("rtp_header", |bench| bench.iter(|| Rtp::parse(black_box(&rtp))));
    group.finish();
}

criterion_group!(benches, wire);
criterion_main!(benches);
