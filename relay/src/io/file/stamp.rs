//! Moves a packet's counter and stamps on to the round that it is sent in.

use super::clock::Point;
use super::survey::Survey;
use crate::time::Ticks27;
use crate::wire::pes::{STAMP_MODULUS, move_stamps};
use crate::wire::ts::{NULL_PID, PACKET_LEN, PCR_OFFSET, PID_COUNT, Packet, read_pcr, write_pcr};

const FIELD_LEN: usize = 6;
const ADAPTATION_FLAGS_OFFSET: usize = 5;
const DISCONTINUITY: u8 = 0x80;
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
        self.ticks / 300 % STAMP_MODULUS
    }

    const fn counter(self, value: u8, step: u8) -> u8 {
        (value + (self.round % 16) as u8 * step) & 0x0F
    }
}

/// What differs from round to round.
pub(super) struct Stamper {
    counter_steps: Box<[u8]>,
    /// The first PCR of a file whose PCR jumps: the clock jumps back there too, and says so.
    jump: Option<u64>,
}

impl Stamper {
    pub(super) fn new(survey: &Survey) -> Self {
        let mut counter_steps = vec![0; PID_COUNT].into_boxed_slice();
        for (&pid, track) in &survey.tracks {
            counter_steps[usize::from(pid)] = track.counter_step();
        }
        let first_pcr = survey.clock.points().first().map(|&Point { packet, .. }| packet);
        Self { counter_steps, jump: first_pcr.filter(|_| survey.clock.jumps()) }
    }

    /// The counter of `pid`, `value` in the file, as it is in the round of `shift`.
    pub(super) fn counter(&self, pid: u16, value: u8, shift: Shift) -> u8 {
        shift.counter(value, self.counter_steps[usize::from(pid)])
    }

    /// Moves packet number `slot` of the file to the round of `shift`. A scrambled packet keeps its PTS and DTS, which
    /// cannot be read.
    pub(super) fn stamp(&self, bytes: &mut [u8; PACKET_LEN], slot: u64, shift: Shift) {
        let Some(packet) = Packet::new(bytes).filter(|packet| packet.pid() != NULL_PID) else { return };
        let (unit_start, scrambled, payload_len) =
            (packet.unit_start(), packet.scrambling() != 0, packet.payload().len());
        let counter = self.counter(packet.pid(), packet.continuity(), shift);
        let adaptation_len = packet.adaptation().map_or(0, |_| usize::from(bytes[4]));
        bytes[3] = bytes[3] & 0xF0 | counter;
        self.stamp_adaptation(&mut bytes[ADAPTATION_FLAGS_OFFSET..][..adaptation_len], slot, shift);
        if unit_start && !scrambled {
            move_stamps(&mut bytes[PACKET_LEN - payload_len..], shift.stamp_ticks());
        }
    }

    fn stamp_adaptation(&self, field: &mut [u8], slot: u64, shift: Shift) {
        const PCR_FLAG: u8 = 0x10;
        let Some(flags) = field.first_mut() else { return };
        if self.jump == Some(slot) {
            *flags |= DISCONTINUITY;
        }
        let (has_pcr, has_opcr) = (*flags & PCR_FLAG != 0, *flags & OPCR_FLAG != 0);
        let mut at = PCR_OFFSET - ADAPTATION_FLAGS_OFFSET;
        for _ in 0..usize::from(has_pcr) + usize::from(has_opcr) {
            if let Some(field) = field.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<FIELD_LEN>) {
                *field = write_pcr(shift.pcr(read_pcr(field)));
            }
            at += FIELD_LEN;
        }
    }
}
