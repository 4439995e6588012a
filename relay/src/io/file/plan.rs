//! How long a round of the file is, in time and in packets.

use super::clock::{Clock, Rate};
use super::stamps::STAMP_TICKS;
use super::survey::Survey;
use super::track::Track;

/// One round: the packets of the file, then null packets up to a whole number of datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Length in ticks of 27 MHz.
    pub(super) ticks: u64,
    /// Packets, those of the file and the added ones.
    pub(super) slots: u64,
}

impl Plan {
    /// A round that is played once: from the first packet to the last at the file's own pace.
    pub(super) fn once(packets: u64, clock: &Clock, packets_per_datagram: u64) -> Self {
        let slots = packets.next_multiple_of(packets_per_datagram);
        let between = slots - packets_between(clock);
        Self { ticks: clock.span_ticks() + clock.mean().ticks_for(between), slots }
    }

    /// A round that is followed by itself, a whole number of ticks of 90 kHz, so that PCR and PTS move by the same
    /// time. It lasts until each audio and video stream would go on with its next frame, and until the packets after
    /// the last PCR are sent, no faster than the file ever is.
    pub(super) fn looped(packets: u64, survey: &Survey, packets_per_datagram: u64) -> Self {
        let clock = &survey.clock;
        let across = packets - packets_between(clock);
        let sent = clock.span_ticks() + clock.peak().ticks_for(across).max(1);
        let streams = survey.tracks.values().filter_map(Track::span_ticks).max().unwrap_or(0);
        let ticks = sent.max(streams).next_multiple_of(STAMP_TICKS);
        let room = clock.mean().packets_in(ticks - clock.span_ticks());
        let slots = packets_between(clock) + room.max(across);
        Self { ticks, slots: nearest_multiple(slots, packets_per_datagram, packets) }
    }

    /// The rate at which the round goes over the seam: from the last PCR to the first of the next round.
    pub(super) fn seam(&self, clock: &Clock) -> Rate {
        Rate { packets: self.slots - packets_between(clock), ticks: self.ticks - clock.span_ticks() }
    }
}

/// Packets from the first PCR to the last.
fn packets_between(clock: &Clock) -> u64 {
    match clock.points() {
        [first, .., last] => last.packet - first.packet,
        _ => 0,
    }
}

/// The multiple of `unit` next to `value`, at least `min`.
fn nearest_multiple(value: u64, unit: u64, min: u64) -> u64 {
    let nearest = (value + unit / 2) / unit * unit;
    nearest.max(min.next_multiple_of(unit))
}
