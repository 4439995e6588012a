//! Moves a packet's counter and stamps on to the round that it is sent in.

use std::collections::BTreeMap;
use std::ops::Range;

use super::stamps::STAMP_TICKS;
use super::survey::Survey;
use super::track::{Counter, Track};
use crate::time::Ticks27;
use crate::wire::pes::{STAMP_MODULUS, move_stamps};
use crate::wire::ts::{NULL_PACKET, NULL_PID, PACKET_LEN, PCR_OFFSET, Packet, read_pcr, write_pcr};

const CLOCK_LEN: usize = 6;
const ADAPTATION_FLAGS_OFFSET: usize = 5;
const DISCONTINUITY: u8 = 0x80;
const PCR_FLAG: u8 = 0x10;
const OPCR_FLAG: u8 = 0x08;

/// By how much the clocks are ahead in a round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    round: u64,
    ticks: u64,
}

impl Shift {
    /// That of round number `round`, each `round_ticks` long.
    pub(super) const fn new(round: u64, round_ticks: u64) -> Self {
        Self { round, ticks: round * round_ticks }
    }

    /// `pcr` as it is in this round.
    pub(super) const fn pcr(self, pcr: Ticks27) -> Ticks27 {
        pcr.plus(self.ticks)
    }

    const fn stamp_ticks(self) -> u64 {
        self.ticks / STAMP_TICKS % STAMP_MODULUS
    }

    const fn counter(self, value: u8, step: u8) -> u8 {
        (value + (self.round % 16) as u8 * step) & 0x0F
    }
}

/// What differs from round to round.
pub(super) struct Stamper {
    streams: BTreeMap<u16, Stream>,
    first_pcr: Option<u64>,
    clock_jumps: bool,
}

/// What the loop does to one PID.
struct Stream {
    counter: Counter,
    first_packet: u64,
    whole: Range<u64>,
}

impl Stream {
    fn new(track: &Track) -> Self {
        Self { counter: track.counter(), first_packet: *track.packets().start(), whole: track.whole() }
    }
}

impl Stamper {
    pub(super) fn new(survey: &Survey) -> Self {
        Self {
            streams: survey.tracks.iter().map(|(&pid, track)| (pid, Stream::new(track))).collect(),
            first_pcr: survey.clock.points().first().map(|point| point.packet),
            clock_jumps: survey.clock.jumps(),
        }
    }

    /// The last counter of `pid` in the round of `shift`.
    pub(super) fn last_counter(&self, pid: u16, shift: Shift) -> u8 {
        self.streams.get(&pid).map_or(0, |stream| shift.counter(stream.counter.last, stream.counter.step()))
    }

    /// Moves packet number `index` of the file to the round of `shift`. What belongs to no whole unit becomes a null
    /// packet, or loses its payload if it has a PCR. A scrambled packet keeps its PTS and DTS, which cannot be read.
    pub(super) fn stamp(&self, bytes: &mut [u8; PACKET_LEN], index: u64, shift: Shift) {
        let Some(pid) = Packet::new(bytes).map(Packet::pid).filter(|&pid| pid != NULL_PID) else { return };
        let Some(stream) = self.streams.get(&pid) else { return };
        if !stream.whole.contains(&index) {
            let is_before = index < stream.whole.start;
            drop_payload(bytes, if is_before { stream.counter.before } else { stream.counter.last });
        }
        let Some(packet) = Packet::new(bytes).filter(|packet| packet.pid() == pid) else { return };
        let (has_stamps, payload_len) = (packet.unit_start() && packet.scrambling() == 0, packet.payload().len());
        let counter = shift.counter(packet.continuity(), stream.counter.step());
        let adaptation_len = packet.adaptation().map_or(0, |_| usize::from(bytes[4]));
        bytes[3] = bytes[3] & 0xF0 | counter;
        if let [flags, fields @ ..] = &mut bytes[ADAPTATION_FLAGS_OFFSET..][..adaptation_len] {
            self.flag(flags, index, stream.first_packet);
            move_clocks(*flags, fields, shift);
        }
        if has_stamps {
            move_stamps(&mut bytes[PACKET_LEN - payload_len..], shift.stamp_ticks());
        }
    }

    /// A PID goes on where the file starts, so it is not discontinuous there; a clock that jumps in the file jumps
    /// back there.
    fn flag(&self, flags: &mut u8, index: u64, first_packet: u64) {
        if index == first_packet {
            *flags &= !DISCONTINUITY;
        }
        if self.clock_jumps && self.first_pcr == Some(index) {
            *flags |= DISCONTINUITY;
        }
    }
}

/// Moves PCR and OPCR, in this order the first of an adaptation field's fields.
fn move_clocks(flags: u8, fields: &mut [u8], shift: Shift) {
    let count = usize::from(flags & PCR_FLAG != 0) + usize::from(flags & OPCR_FLAG != 0);
    let (clocks, _) = fields.as_chunks_mut::<CLOCK_LEN>();
    for clock in clocks.iter_mut().take(count) {
        *clock = write_pcr(shift.pcr(read_pcr(clock)));
    }
}

/// Leaves a packet's PCR only, with the counter at `counter`; a packet without PCR becomes a null packet.
fn drop_payload(bytes: &mut [u8; PACKET_LEN], counter: u8) {
    const FIELD_LEN_MAX: u8 = (PACKET_LEN - ADAPTATION_FLAGS_OFFSET) as u8;
    if Packet::new(bytes).and_then(Packet::adaptation).and_then(|field| field.pcr()).is_none() {
        *bytes = NULL_PACKET;
        return;
    }
    bytes[1] &= 0x1F;
    bytes[3] = 0x20 | counter;
    bytes[4] = FIELD_LEN_MAX;
    bytes[ADAPTATION_FLAGS_OFFSET] &= DISCONTINUITY | PCR_FLAG;
    bytes[PCR_OFFSET + CLOCK_LEN..].fill(0xFF);
}
