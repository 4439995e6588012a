//! What a loop must know of each PID: where its counter and its stamps start and end.

use std::ops::{Range, RangeInclusive};

use super::stamps::{Stamp, Stamps};
use super::unit::Unit;
use crate::time::Ticks27;
use crate::wire::pes::PesHead;
use crate::wire::ts::Packet;

/// One PID from start to end.
///
/// A unit is a PES packet, or what else starts with a payload_unit_start_indicator. What is left of one that started
/// before the file did, and of one that would end after it, is no part of a loop.
#[derive(Default)]
pub(super) struct Track {
    counter: Option<Counter>,
    pcr: Option<LastPcr>,
    packets: Option<RangeInclusive<u64>>,
    stamps: Option<Stamps>,
    first_unit: Option<u64>,
    unit: Option<Unit>,
    has_orphans: bool,
    end: Option<u64>,
}

/// The last PCR of a PID.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastPcr {
    pub(super) packet: u64,
    pub(super) pcr: Ticks27,
}

/// The value before the first packet with payload, and that of the last packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counter {
    pub(super) before: u8,
    pub(super) last: u8,
}

impl Counter {
    /// By how much the counter must be moved on in each round, `0..16`, so that it goes on across the seam.
    pub(super) const fn step(self) -> u8 {
        self.last.wrapping_sub(self.before) & 0x0F
    }
}

impl Track {
    /// Takes in a packet of this PID, which the pace puts at about `pace_ticks` of 27 MHz.
    pub(super) fn observe(&mut self, index: u64, packet: Packet<'_>, pace_ticks: u64) {
        let first_packet = self.packets.as_ref().map_or(index, |packets| *packets.start());
        self.packets = Some(first_packet..=index);
        if let Some(pcr) = packet.adaptation().and_then(|field| field.pcr()) {
            self.pcr = Some(LastPcr { packet: index, pcr });
        }
        if packet.has_payload() {
            if packet.unit_start() {
                self.start_unit(index, packet, pace_ticks);
            } else if let Some(unit) = &mut self.unit {
                unit.extend(packet.payload());
            } else {
                self.has_orphans = true;
            }
        }
        self.count(packet);
    }

    fn start_unit(&mut self, index: u64, packet: Packet<'_>, pace_ticks: u64) {
        if self.first_unit.is_none() {
            self.first_unit = Some(index);
            self.counter = None;
        }
        let head = if packet.scrambling() == 0 { PesHead::parse(packet.payload()) } else { None };
        let counter_before = self.counter.unwrap_or_else(|| counter_of(packet)).last;
        self.unit.get_or_insert_default().restart(index, counter_before, head, packet.payload());
        if let Some(stamp) = head.as_ref().and_then(Stamp::of) {
            match &mut self.stamps {
                Some(stamps) => stamps.advance(stamp, pace_ticks),
                None => self.stamps = Some(Stamps::new(stamp, pace_ticks)),
            }
        }
    }

    fn count(&mut self, packet: Packet<'_>) {
        self.counter.get_or_insert_with(|| counter_of(packet)).last = packet.continuity();
    }

    /// Whether the file was surely cut out of a longer one: it starts or ends inside a unit of this PID.
    pub(super) fn is_cut(&self) -> bool {
        self.has_orphans && self.first_unit.is_some() || self.unit.as_ref().is_some_and(Unit::lacks_bytes)
    }

    /// Leaves out the last unit if it is not whole: it lacks bytes, or it has no length and the file is cut.
    pub(super) fn drop_broken_unit(&mut self, file_is_cut: bool) {
        let Some(unit) = &self.unit else { return };
        if unit.lacks_bytes() || file_is_cut && unit.is_open_ended() {
            self.end = Some(unit.first_packet());
            if let Some(counter) = &mut self.counter {
                counter.last = unit.counter_before();
            }
        }
    }

    /// The packets that make up whole units, and those of no payload between them.
    pub(super) fn whole(&self) -> Range<u64> {
        let start = self.first_unit.filter(|_| self.has_orphans).unwrap_or(0);
        start..self.end.unwrap_or(u64::MAX)
    }

    /// The counter over the whole units.
    pub(super) fn counter(&self) -> Counter {
        self.counter.unwrap_or_default()
    }

    /// The last PCR, if the PID carries any.
    pub(super) const fn last_pcr(&self) -> Option<LastPcr> {
        self.pcr
    }

    /// The first packet and the last.
    pub(super) fn packets(&self) -> RangeInclusive<u64> {
        self.packets.clone().unwrap_or(0..=0)
    }

    /// How long after its start the stream would go on with another unit, in ticks of 27 MHz; `None` for streams
    /// without stamps and for sparse ones, whose end says nothing about the length of the programme.
    pub(super) fn span_ticks(&self) -> Option<u64> {
        let (stamps, unit) = (self.stamps.as_ref()?, self.unit.as_ref()?);
        if !unit.is_video() && !stamps.are_dense() {
            return None;
        }
        Some(match self.end {
            None => stamps.span_ticks(unit.duration_ticks(stamps)),
            Some(_) => stamps.span_ticks_before_last(),
        })
    }
}

fn counter_of(packet: Packet<'_>) -> Counter {
    let value = packet.continuity();
    let before = value.wrapping_sub(u8::from(packet.has_payload())) & 0x0F;
    Counter { before, last: before }
}
