//! Any bytes as a capture, by themselves or behind a start that makes them one: time never runs backwards, and every
//! byte of a transport stream is in a packet or counted.
#![no_main]

use std::io::Cursor;
use std::net::SocketAddr;

use libfuzzer_sys::fuzz_target;
use relay::io::capture::write::PcapngWriter;
use relay::io::capture::{Capture, Item, Kind};
use relay::time::{Time, Utc};
use relay::wire::ts::{NULL_PACKET, PACKET_LEN, SYNC_BYTE};

fuzz_target!(|script: &[u8]| {
    let Some((&start, bytes)) = script.split_first() else { return };
    let bytes = [start_of(start), bytes.to_vec()].concat();
    let Ok(mut capture) = Capture::new("fuzz", Cursor::new(bytes.clone()), None) else { return };
    let mut seen = Seen::default();
    let ended = loop {
        match capture.read(|item| seen.take(item)) {
            Ok(true) => {}
            Ok(false) => break true,
            Err(_) => break false,
        }
    };
    let counters = capture.counters();
    assert_eq!(
        (seen.packets, seen.bad_syncs, seen.losses),
        (counters.packets, counters.bad_syncs, counters.sync_losses)
    );
    if ended && capture.kind() == Kind::TransportStream {
        let in_packets = (counters.packets + counters.bad_syncs) * PACKET_LEN as u64;
        assert_eq!(in_packets + counters.skipped_bytes, bytes.len() as u64);
    }
});

/// What a capture of each kind starts with, so that the bytes behind it are read as one.
fn start_of(kind: u8) -> Vec<u8> {
    let datagram = NULL_PACKET.repeat(2);
    match kind % 6 {
        0 => Vec::new(),
        1 => NULL_PACKET.repeat(5),
        2 => (0_u32..5).flat_map(|number| [&number.to_be_bytes()[..], &NULL_PACKET].concat()).collect(),
        3 => NULL_PACKET.iter().copied().chain([0; 16]).collect::<Vec<_>>().repeat(5),
        4 => pcap(&datagram),
        _ => pcapng(&datagram).unwrap_or_default(),
    }
}

/// A big-endian capture of raw IP with one datagram.
fn pcap(datagram: &[u8]) -> Vec<u8> {
    const RAW_IP: u32 = 101;
    let words = |values: &[u32]| values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<u8>>();
    let (udp_len, ip_len) = (8 + datagram.len() as u16, 28 + datagram.len() as u16);
    let mut ip = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 239, 1, 1, 1];
    ip[2..4].copy_from_slice(&ip_len.to_be_bytes());
    let udp = [4_000, 5_000, udp_len, 0].map(u16::to_be_bytes).concat();
    let len = u32::from(ip_len);
    let header = words(&[0xA1B2_C3D4, 0x0002_0004, 0, 0, 262_144, RAW_IP]);
    [header, words(&[1, 2, len, len]), ip, udp, datagram.to_vec()].concat()
}

fn pcapng(datagram: &[u8]) -> std::io::Result<Vec<u8>> {
    let (source, group) = (SocketAddr::from(([10, 0, 0, 1], 4_000)), SocketAddr::from(([239, 1, 1, 1], 5_000)));
    let mut writer = PcapngWriter::new(Vec::new())?;
    writer.datagram(Utc(1), source, group, datagram)?;
    writer.finish()
}

#[derive(Default)]
struct Seen {
    now: Time,
    packets: u64,
    bad_syncs: u64,
    losses: u64,
}

impl Seen {
    fn take(&mut self, item: Item<'_>) {
        match item {
            Item::Datagram(datagram) => self.at(datagram.at),
            Item::Run(run) => {
                for (at, packet) in run.packets() {
                    self.at(at);
                    assert_eq!(packet[0], SYNC_BYTE);
                }
                self.packets += run.len() as u64;
            }
            Item::BadSync { at, packet } => {
                self.at(at);
                assert_ne!(packet[0], SYNC_BYTE);
                self.bad_syncs += 1;
            }
            Item::SyncLost { at } => {
                self.at(at);
                self.losses += 1;
            }
            Item::SyncFound { at, .. } => self.at(at),
        }
    }

    fn at(&mut self, at: Time) {
        assert!(at >= self.now, "time runs backwards");
        self.now = at;
    }
}
