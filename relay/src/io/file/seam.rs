//! The seam: from the last PCR of a round to the start of the next round.

use std::collections::BTreeMap;

use super::clock::Rate;
use super::plan::Plan;
use super::stamp::{Shift, Stamper};
use super::timeline::Timeline;
use super::track::Track;
use crate::time::Ticks27;
use crate::wire::ts::{PACKET_LEN, PCR_OFFSET, SYNC_BYTE, write_pcr};

/// A seam shorter than this needs no PCR (2.7.2: one each 100 ms at least).
const PCR_GAP_MAX: u64 = Ticks27::HZ / 10;
/// How often a PCR is repeated in a longer one.
const PCR_INTERVAL: u64 = Ticks27::HZ / 25;

/// What is sent as one packet of a round.
pub(super) enum Content<'a> {
    /// This packet of the file.
    File(u64),
    /// A PCR that the file lacks.
    Pcr(&'a SeamClock),
    /// A null packet.
    Null,
}

/// A clock as its last PCR in the file leaves it.
pub(super) struct SeamClock {
    pid: u16,
    pcr: Ticks27,
    ticks: u64,
}

/// Which packets of a round come from the file. If the seam is long, a PCR of each clock stands every so often between
/// those that follow the last packet of the PIDs with PCR. Null packets fill the round.
pub(super) struct Seam {
    start: u64,
    file_packets: u64,
    interval: u64,
    clocks: Vec<SeamClock>,
}

impl Seam {
    /// For a file of `file_packets`, played by `plan`, that goes from its last PCR to the next at the rate `rate`.
    pub(super) fn new(
        tracks: &BTreeMap<u16, Track>,
        file_packets: u64,
        plan: Plan,
        rate: Rate,
        timeline: &Timeline,
    ) -> Self {
        let mut clocks = if rate.ticks > PCR_GAP_MAX { clocks_of(tracks, timeline) } else { Vec::new() };
        let last_packet = |clock: &SeamClock| tracks.get(&clock.pid).map_or(0, |track| *track.packets().end());
        let start = clocks.iter().map(|clock| last_packet(clock) + 1).max().unwrap_or(file_packets);
        let clock_count = clocks.len() as u64;
        let (slots, turns) = (plan.slots - start, (plan.slots - file_packets) / clock_count.max(1));
        if turns == 0 {
            clocks.clear();
        }
        let sparing = slots.div_ceil(turns.max(1));
        let interval = rate.packets_in(PCR_INTERVAL).max(sparing).max(clock_count).max(1);
        Self { start, file_packets, interval, clocks }
    }

    /// What is sent as packet number `slot` of the round.
    pub(super) fn content(&self, slot: u64) -> Content<'_> {
        let Some(offset) = slot.checked_sub(self.start) else { return Content::File(slot) };
        let turn = usize::try_from(offset % self.interval).unwrap_or(usize::MAX);
        if let Some(clock) = self.clocks.get(turn) {
            return Content::Pcr(clock);
        }
        let packet = slot - (offset / self.interval + 1) * self.clocks.len() as u64;
        if packet < self.file_packets { Content::File(packet) } else { Content::Null }
    }
}

fn clocks_of(tracks: &BTreeMap<u16, Track>, timeline: &Timeline) -> Vec<SeamClock> {
    let clock = |(&pid, track): (&u16, &Track)| {
        let last = track.last_pcr()?;
        Some(SeamClock { pid, pcr: last.pcr, ticks: timeline.ticks_at(last.packet) })
    };
    tracks.iter().filter_map(clock).collect()
}

impl SeamClock {
    /// The clock's PCR at `ticks` of the round of `shift`: a packet without payload, which leaves the counter as it
    /// is.
    pub(super) fn packet(&self, ticks: u64, shift: Shift, stamper: &Stamper) -> [u8; PACKET_LEN] {
        const FIELD_LEN: u8 = (PACKET_LEN - 5) as u8;
        let mut packet = [0xFF; PACKET_LEN];
        let counter = stamper.last_counter(self.pid, shift);
        let [pid_high, pid_low] = self.pid.to_be_bytes();
        packet[..PCR_OFFSET].copy_from_slice(&[SYNC_BYTE, pid_high, pid_low, 0x20 | counter, FIELD_LEN, 0x10]);
        let pcr = shift.pcr(self.pcr.plus(ticks - self.ticks));
        packet[PCR_OFFSET..][..6].copy_from_slice(&write_pcr(pcr));
        packet
    }
}
