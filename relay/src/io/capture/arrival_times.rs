//! Times of an m2ts, from the arrival stamp before each packet (Blu-ray's TP_extra_header).

use super::held::{Held, Part};
use super::item::{Item, Run, Step};
use super::layout::{ARRIVAL_TIME_LEN, Layout};
use crate::time::{Time, ticks_to_nanos};
use crate::wire::ts::PACKET_LEN;

/// The stamp's 30 bits of 27 MHz wrap every 39.8 s.
const MODULUS: u32 = 1 << 30;
/// Packets looked at to see whether the stamps mean anything.
const PACKETS_LOOKED_AT: usize = 100;
const LAYOUT: Layout = Layout::WITH_ARRIVAL_TIME;

/// Unwraps arrival stamps. One that steps back stops time, and time goes on from there.
#[derive(Default)]
pub(super) struct ArrivalTimes {
    last: Option<u32>,
    ticks: u64,
}

impl ArrivalTimes {
    /// Whether the stamps of the packets that `bytes` start with tell one packet from another: some writers leave them 0.
    pub(super) fn are_in(bytes: &[u8]) -> bool {
        let mut stamps = bytes.chunks(LAYOUT.stride).take(PACKETS_LOOKED_AT).filter_map(stamp);
        let first = stamps.next();
        stamps.any(|stamp| Some(stamp) != first)
    }

    /// Gives out `part` with its times.
    pub(super) fn give(&mut self, held: Held<'_>, part: Part, take: &mut impl FnMut(Item<'_>)) {
        match part {
            Part::Run { from, to } => self.give_run(held.slice(from, to), take),
            Part::BadSync { at } => {
                let stamped = held.slice(at, at + LAYOUT.packet_end() as u64);
                let time = self.advance(stamped);
                if let Some(packet) = held.packet(at + LAYOUT.prefix as u64) {
                    take(Item::BadSync { at: time, packet });
                }
            }
            Part::SyncLost { .. } => take(Item::SyncLost { at: self.now() }),
            Part::SyncFound { skipped, .. } => take(Item::SyncFound { at: self.now(), skipped }),
        }
    }

    fn give_run(&mut self, bytes: &[u8], take: &mut impl FnMut(Item<'_>)) {
        for packet in bytes.chunks(LAYOUT.stride) {
            let at = self.advance(packet);
            take(Item::Run(Run::new(&packet[LAYOUT.prefix..], PACKET_LEN, at, Step::ZERO)));
        }
    }

    fn advance(&mut self, packet: &[u8]) -> Time {
        if let Some(stamp) = stamp(packet) {
            let step = stamp.wrapping_sub(self.last.unwrap_or(stamp)) % MODULUS;
            self.ticks += if step < MODULUS / 2 { u64::from(step) } else { 0 };
            self.last = Some(stamp);
        }
        self.now()
    }

    const fn now(&self) -> Time {
        Time(ticks_to_nanos(self.ticks))
    }
}

fn stamp(packet: &[u8]) -> Option<u32> {
    let header: &[u8; ARRIVAL_TIME_LEN] = packet.first_chunk()?;
    Some(u32::from_be_bytes(*header) % MODULUS)
}
