//! Any packets at any times, behind a start that makes the inspector know the tables: it counts each, and what it reports
//! adds up.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use relay::io::Generator;
use relay::io::synthetic::SyntheticChannel;
use relay::spec::TestInput;
use relay::stage::inspect::{Inspector, TICK};
use relay::time::{Time, Utc};
use relay::wire::ids;
use relay::wire::psi::{Head, long_section};
use relay::wire::ts::{PACKET_LEN, PACKETS_PER_DATAGRAM, Packet, SYNC_BYTE};

/// PIDs that mean something: those of the tables, and those of the synthetic channel.
const PIDS: [u16; 12] = [
    ids::PAT_PID,
    ids::CAT_PID,
    ids::NIT_PID,
    ids::SDT_PID,
    ids::EIT_PID,
    ids::RST_PID,
    ids::TDT_PID,
    0x100,
    0x101,
    0x102,
    0x103,
    0x1FFF,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&start, bytes)) = bytes.split_first() else { return };
    let mut lab = Lab::default();
    if start & 1 == 1 {
        CHANNEL.chunks(PACKET_LEN).for_each(|packet| lab.show(packet, Duration::from_micros(1_500)));
    }
    let mut script = Script(bytes);
    while let Some(()) = script.step(&mut lab) {}
    lab.end();
});

/// A quarter of a second of a synthetic channel: all its tables, and a few pictures.
static CHANNEL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let input = TestInput { bitrate: 1_000_000, ..TestInput::default() };
    let Ok(mut channel) = SyntheticChannel::new(&input, PACKETS_PER_DATAGRAM) else { return Vec::new() };
    channel.seek(Utc(0));
    let mut datagram = [0; PACKETS_PER_DATAGRAM * PACKET_LEN];
    let mut next = || channel.fill(&mut datagram).map_or_else(|_| Vec::new(), |len| datagram[..len].to_vec());
    (0..24).flat_map(|_| next()).collect()
});

#[derive(Default)]
struct Lab {
    inspector: Inspector,
    now: Time,
    packets: u64,
}

impl Lab {
    fn show(&mut self, bytes: &[u8], after: Duration) {
        self.now = self.now + after;
        // As many ticks as are due would be many after a leap.
        if self.inspector.next_tick() <= self.now {
            self.inspector.tick(self.now);
        }
        if let Some(packet) = Packet::new(bytes) {
            self.inspector.packet(self.now, packet);
            self.packets += 1;
        }
    }

    fn end(mut self) {
        self.inspector.tick(self.now + TICK);
        let report = self.inspector.report(self.now);
        assert_eq!((report.ts.packets, report.pids.iter().map(|pid| pid.packets).sum()), (self.packets, self.packets));
        assert_eq!(report.ts.continuity_errors, self.inspector.continuity_errors());
        assert_eq!(report.ts.missing_packets, self.inspector.missing_packets());
        assert!(serde_json::to_string(&report).is_ok_and(|json| json.len() > 2));
        assert!(self.inspector.drain_events().all(|event| !event.to_string().is_empty()));
    }
}

/// The fuzzer's bytes: steps, each behind its kind, its PID and its time.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn step(&mut self, lab: &mut Lab) -> Option<()> {
        let (&[kind, pid, after, len], rest) = self.0.split_first_chunk()?;
        let (bytes, rest) = rest.split_at(usize::from(len).min(rest.len()).min(PACKET_LEN - 3));
        self.0 = rest;
        let pid = PIDS.get(usize::from(pid)).copied().unwrap_or(u16::from(pid) << 5);
        let after = Duration::from_micros(1 << (after & 0x1F));
        match kind {
            0 => lab.inspector.sync_lost(lab.now),
            1 => lab.inspector.bad_sync_byte(lab.now, None),
            2..=127 => lab.show(&packet(pid, bytes), after),
            128.. => {
                let (&table_id, body) = bytes.split_first()?;
                let section = long_section(Head::first(table_id, 1), body).unwrap_or_default();
                let payload = [&[0x40, 0x10 | kind & 0x0F, 0], section.as_slice()].concat();
                lab.show(&packet(pid, &payload[..payload.len().min(PACKET_LEN - 2)]), after);
            }
        }
        Some(())
    }
}

/// A packet of this PID; `bytes` are its flags, the fourth byte and on.
fn packet(pid: u16, bytes: &[u8]) -> [u8; PACKET_LEN] {
    let mut packet = [0xFF; PACKET_LEN];
    let [high, low] = pid.to_be_bytes();
    let (&flags, rest) = bytes.split_first().unwrap_or((&0, &[]));
    (packet[0], packet[1], packet[2]) = (SYNC_BYTE, flags & 0xE0 | high, low);
    packet[3..3 + rest.len()].copy_from_slice(rest);
    packet
}
