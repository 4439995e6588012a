//! How fast captures are read from the page cache, and inspected.
#![expect(clippy::expect_used, reason = "a bench whose premise fails is to end")]

use std::hint::black_box;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use relay::io::capture::write::PcapngWriter;
use relay::io::capture::{Inspection, Item, open};
use relay::time::{Ticks27, Utc};
use relay::wire::ts::{PACKET_LEN, PACKETS_PER_DATAGRAM, write_pcr};
use tempfile::NamedTempFile;

const PACKETS: usize = 1 << 20;
/// A PCR each 40 ms at 10 Mb/s.
const PACKETS_PER_PCR: usize = 266;
const TICKS_PER_PCR: usize = Ticks27::HZ as usize / 25;

/// A clean stream of one PID.
fn stream() -> impl Iterator<Item = [u8; PACKET_LEN]> {
    (0..PACKETS).map(|number| {
        let mut packet = [0xA5; PACKET_LEN];
        packet[..4].copy_from_slice(&[0x47, 1, 0, 0x10 | (number % 16) as u8]);
        if number.is_multiple_of(PACKETS_PER_PCR) {
            let ticks = number / PACKETS_PER_PCR * TICKS_PER_PCR;
            packet[3] |= 0x20;
            packet[4..6].copy_from_slice(&[7, 0x10]);
            packet[6..12].copy_from_slice(&write_pcr(Ticks27::wrapping(ticks as u64)));
        }
        packet
    })
}

fn plain() -> Vec<u8> {
    stream().flatten().collect()
}

fn m2ts() -> Vec<u8> {
    let stamped = (0_u32..).zip(stream());
    stamped.flat_map(|(number, packet)| [&(number * 4_061 % (1 << 30)).to_be_bytes()[..], &packet].concat()).collect()
}

fn pcapng() -> Vec<u8> {
    let (source, group) = (SocketAddr::from(([10, 0, 0, 1], 4_000)), SocketAddr::from(([239, 1, 1, 1], 5_000)));
    let mut writer = PcapngWriter::new(Vec::new()).expect("memory takes all");
    for (number, payload) in (0_u64..).zip(plain().chunks(PACKETS_PER_DATAGRAM * PACKET_LEN)) {
        writer.datagram(Utc(number * 1_052_800), source, group, payload).expect("memory takes all");
    }
    writer.finish().expect("memory takes all")
}

/// What an inspector looks at in each packet, so that its header is fetched: the floor of any inspection.
fn look_at(path: &Path) -> u64 {
    let (mut sum, mut packets) = (0, 0);
    let mut capture = open(path, None).expect("a capture");
    let mut look = |item: Item<'_>| {
        if let Item::Run(run) = item {
            for (at, packet) in run.packets() {
                sum += at.0 + u64::from(packet[1]) + u64::from(packet[3]);
                packets += 1;
            }
        }
    };
    while capture.read(&mut look).expect("a whole capture") {}
    assert_eq!(packets, PACKETS);
    sum
}

fn inspect(path: &Path) -> u64 {
    let mut capture = open(path, None).expect("a capture");
    let mut inspection = Inspection::new(capture.kind(), None);
    while capture.read(|item| inspection.take(item)).expect("a whole capture") {}
    let report = inspection.report();
    assert_eq!((report.ts.packets, report.ts.continuity_errors), (PACKETS as u64, 0));
    report.ts.bitrate
}

fn capture(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("capture");
    group.sample_size(20);
    for (name, bytes) in [("plain", plain()), ("m2ts", m2ts()), ("pcapng", pcapng())] {
        let mut file = NamedTempFile::new().expect("a temporary file");
        file.write_all(&bytes).expect("room for the capture");
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format!("{name}/read"), |bench| bench.iter(|| look_at(black_box(file.path()))));
        group.bench_function(format!("{name}/inspect"), |bench| bench.iter(|| inspect(black_box(file.path()))));
    }
    group.finish();
}

criterion_group!(benches, capture);
criterion_main!(benches);
