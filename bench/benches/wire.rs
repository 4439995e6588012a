//! What it takes to read a datagram in place: seven transport packets, with and without an RTP header.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use relay::wire::rtp::{self, Rtp};
use relay::wire::ts::{PACKET_LEN, PACKETS_PER_DATAGRAM, Packet, SYNC_BYTE, write_pcr};

const VIDEO_PID: u16 = 0x100;

/// A datagram of video packets, the first with an adaptation field that carries a PCR.
fn datagram() -> Vec<u8> {
    let mut packets = vec![[0xA5; PACKET_LEN]; PACKETS_PER_DATAGRAM];
    for (packet, continuity) in packets.iter_mut().zip(0..) {
        let [pid_high, pid_low] = VIDEO_PID.to_be_bytes();
        packet[..4].copy_from_slice(&[SYNC_BYTE, pid_high, pid_low, 0x10 | continuity]);
    }
    packets[0][3] |= 0x20;
    packets[0][4..6].copy_from_slice(&[7, 0x10]);
    packets[0][6..12].copy_from_slice(&write_pcr(Default::default()));
    packets.concat()
}

fn with_rtp_header(payload: &[u8]) -> Vec<u8> {
    [&rtp::write_header(1, 90_000, 0xCAFE), payload].concat()
}

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
    let plain = datagram();
    let rtp = with_rtp_header(&plain);
    group.throughput(Throughput::Elements(1));
    group.bench_function("ts_datagram_of_7", |bench| bench.iter(|| read_packets(black_box(&plain))));
    group.bench_function("rtp_header", |bench| bench.iter(|| Rtp::parse(black_box(&rtp))));
    group.finish();
}

criterion_group!(benches, wire);
criterion_main!(benches);
