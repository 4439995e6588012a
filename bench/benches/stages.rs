//! Each stage by itself, a datagram of seven packets at a time.
#![expect(clippy::expect_used, reason = "a bench whose premise fails is to end")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use relay::mem::{Pool, Span};
use relay::stage::continuity::Continuity;
use relay::stage::frame::Framer;
use relay::stage::queue::Queue;
use relay::stage::reorder::Reorder;
use relay::stage::{Payload, RtpHead};
use relay::time::Time;
use relay::wire::ts::{PACKET_LEN, PACKETS_PER_DATAGRAM, Packet};

const DATAGRAM_LEN: usize = PACKET_LEN * PACKETS_PER_DATAGRAM;

/// A pool with one slot taken, `bytes` in it.
fn filled(bytes: &[u8]) -> (Pool, Span) {
    let mut pool = Pool::new(4, 2 * DATAGRAM_LEN);
    let slot = pool.take().expect("a new pool has free slots");
    pool.slot_mut(slot)[..bytes.len()].copy_from_slice(bytes);
    (pool, Span { slot, start: 0, len: bytes.len() as u32 })
}

fn continuity(criterion: &mut Criterion) {
    let cycle = bench::cycle();
    let mut datagrams = cycle.iter().cycle();
    let mut continuity = Continuity::default();
    let check = || {
        let packets = datagrams.next().into_iter().flat_map(|datagram| datagram.chunks_exact(PACKET_LEN));
        packets.filter_map(Packet::new).filter(|&packet| !continuity.check(packet)).count()
    };
    per_datagram(criterion, "continuity", check);
}

fn framing(criterion: &mut Criterion) {
    let datagram = bench::cycle().swap_remove(0);
    let (mut pool, whole) = filled(&datagram);
    let mut aligned = Framer::default();
    per_datagram(criterion, "frame_aligned", || aligned.feed(&mut pool, whole, |_, run| _ = black_box(run)));
    let (mut pool, span) = filled(&[&datagram[100..], &datagram[..100]].concat());
    let mut astray = Framer::default();
    per_datagram(criterion, "frame_unaligned", || astray.feed(&mut pool, span, |_, run| _ = black_box(run)));
}

fn queue(criterion: &mut Criterion) {
    let (mut pool, span) = filled(&[0; DATAGRAM_LEN]);
    let mut queue = Queue::default();
    per_datagram(criterion, "queue_in_and_out", || {
        queue.append(&mut pool, span);
        queue.close(0, Time(1), Time(1), RtpHead::default());
        queue.pop(&mut pool)
    });
}

fn reorder(criterion: &mut Criterion) {
    let (_, span) = filled(&[0; DATAGRAM_LEN]);
    let mut reorder = Reorder::new(Duration::from_millis(10));
    let mut sequence = 0_u16;
    per_datagram(criterion, "reorder_in_order", || {
        sequence = sequence.wrapping_add(1);
        reorder.push(Payload {
            span,
            arrival: Time(1),
            rtp: RtpHead { sequence: Some(sequence), ssrc: Some(1), ..RtpHead::default() },
        })
    });
}

fn per_datagram<T>(criterion: &mut Criterion, name: &str, mut work: impl FnMut() -> T) {
    let mut group = criterion.benchmark_group("stage");
    group.throughput(Throughput::Elements(1)).bench_function(name, |bench| bench.iter(|| black_box(work())));
    group.finish();
}

criterion_group!(benches, continuity, framing, queue, reorder);
criterion_main!(benches);
