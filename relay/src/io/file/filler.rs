//! What is sent at the seam where the file has nothing to send.

use std::collections::BTreeMap;

use super::clock::Rate;
use super::stamp::{Shift, Stamper};
use super::timeline::Timeline;
use super::track::Track;
use crate::time::Ticks27;
use crate::wire::ts::{NULL_PACKET, PACKET_LEN, PCR_OFFSET, SYNC_BYTE, write_pcr};

/// A seam shorter than this needs no PCR (2.7.2: one each 100 ms at least).
const PCR_GAP_MAX: u64 = Ticks27::HZ / 10;
/// How often a PCR is repeated in a longer one.
const PCR_INTERVAL: u64 = Ticks27::HZ / 25;

/// A clock as the file's last packet leaves it.
struct Clock {
    pid: u16,
    pcr: Ticks27,
    ticks: u64,
}

/// The packets between the end of the file and the end of the round: null packets, and PCRs where they would be missed.
pub(super) struct Filler {
    clocks: Vec<Clock>,
    interval_slots: u64,
}

impl Filler {
    /// For a seam that is gone over at the rate `seam`.
    pub(super) fn new(tracks: &BTreeMap<u16, Track>, seam: Rate, timeline: &Timeline) -> Self {
        let clocks = if seam.ticks > PCR_GAP_MAX { clocks_of(tracks, timeline) } else { Vec::new() };
        Self { interval_slots: seam.packets_in(PCR_INTERVAL).max(clocks.len() as u64).max(1), clocks }
    }

    /// The packet number `index` after the file's last, sent at `ticks` of the round of `shift`.
    pub(super) fn packet(&self, index: u64, ticks: u64, shift: Shift, stamper: &Stamper) -> [u8; PACKET_LEN] {
        let turn = usize::try_from(index % self.interval_slots).unwrap_or(usize::MAX);
        self.clocks.get(turn).map_or(NULL_PACKET, |clock| clock.packet(ticks, shift, stamper))
    }
}

fn clocks_of(tracks: &BTreeMap<u16, Track>, timeline: &Timeline) -> Vec<Clock> {
    let clock = |(&pid, track): (&u16, &Track)| {
        let last = track.last_pcr()?;
        Some(Clock { pid, pcr: last.pcr, ticks: timeline.ticks_at(last.packet) })
    };
    tracks.iter().filter_map(clock).collect()
}

impl Clock {
    /// A packet of a PCR and no payload, which leaves the counter as it is.
    fn packet(&self, ticks: u64, shift: Shift, stamper: &Stamper) -> [u8; PACKET_LEN] {
        const FIELD_LEN: u8 = (PACKET_LEN - 5) as u8;
        let mut packet = [0xFF; PACKET_LEN];
        let [pid_high, pid_low] = self.pid.to_be_bytes();
        let counter = stamper.last_counter(self.pid, shift);
        packet[..PCR_OFFSET].copy_from_slice(&[SYNC_BYTE, pid_high, pid_low, 0x20 | counter, FIELD_LEN, 0x10]);
        let pcr = shift.pcr(self.pcr.plus(ticks - self.ticks));
        packet[PCR_OFFSET..][..6].copy_from_slice(&write_pcr(pcr));
        packet
    }
}
