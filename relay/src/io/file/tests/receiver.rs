//! A receiver that minds everything, with a reader that is not our own.

use std::collections::{BTreeMap, HashSet};

use mpeg2ts::ts::{Pid, ReadTsPacket, TsPacket, TsPacketReader, TsPayload};

use crate::time::Ticks27;
use crate::wire::pes::STAMP_MODULUS;

/// What the receiver saw of one PID.
#[derive(Default)]
pub(super) struct Seen {
    counter: Option<u8>,
    pcr: Option<u64>,
    decoded: Option<u64>,
    shown: HashSet<u64>,
    /// Steps of PCR, 27 MHz.
    pub(super) pcr_steps: Vec<u64>,
    /// Steps of decoding stamps, 90 kHz.
    pub(super) stamp_steps: Vec<u64>,
    pub(super) flagged: usize,
}

/// Reads `stream` and fails on a counter that does not go on, a PCR or stamp that does not move on, and a presentation
/// stamp that comes twice.
pub(super) fn receive(stream: &[u8]) -> BTreeMap<u16, Seen> {
    let mut reader = TsPacketReader::new(stream);
    let mut seen = BTreeMap::<u16, Seen>::new();
    let mut index = 0;
    while let Some(packet) = reader.read_ts_packet().unwrap() {
        let pid = packet.header.pid.as_u16();
        if pid != Pid::NULL {
            seen.entry(pid).or_default().take(&packet, &format!("packet {index}, PID {pid:#x}"));
        }
        index += 1;
    }
    seen
}

impl Seen {
    fn take(&mut self, packet: &TsPacket, place: &str) {
        self.count(packet, place);
        if let Some(field) = &packet.adaptation_field {
            self.flagged += usize::from(field.discontinuity_indicator);
            if let Some(pcr) = field.pcr {
                let pcr = pcr.as_u64();
                assert!(field.opcr.is_none_or(|opcr| opcr.as_u64() == pcr), "OPCR at {place}");
                self.pcr_steps.extend(self.pcr.replace(pcr).map(|before| step(before, pcr, Ticks27::MODULUS)));
            }
        }
        if let Some(TsPayload::PesStart(pes)) = &packet.payload
            && let Some(shown) = pes.header.pts
        {
            assert!(self.shown.insert(shown.as_u64()), "PTS again at {place}");
            let decoded = pes.header.dts.unwrap_or(shown).as_u64();
            assert!(
                step(decoded, shown.as_u64(), STAMP_MODULUS) < STAMP_MODULUS / 2,
                "shown before decoded at {place}"
            );
            self.stamp_steps.extend(self.decoded.replace(decoded).map(|before| step(before, decoded, STAMP_MODULUS)));
        }
    }

    fn count(&mut self, packet: &TsPacket, place: &str) {
        let counter = packet.header.continuity_counter.as_u8();
        if let Some(before) = self.counter.replace(counter) {
            let wanted = (before + u8::from(packet.payload.is_some())) % 16;
            assert_eq!(counter, wanted, "counter at {place}");
        }
    }
}

/// Forward from `before` to `after`; a step back is a very long one.
fn step(before: u64, after: u64, modulus: u64) -> u64 {
    (after + modulus - before) % modulus
}
