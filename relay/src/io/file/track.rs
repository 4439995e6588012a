//! What a loop must know of each PID: where its counter and its stamps start and end.

use super::audio;
use crate::time::Ticks27;
use crate::wire::pes::{PesHead, STAMP_HZ, STAMP_MODULUS};
use crate::wire::ts::Packet;

/// Ticks of 27 MHz in a tick of PTS and DTS.
const STAMP_TICKS: u64 = Ticks27::HZ / STAMP_HZ;
/// Steps longer than this are those of subtitles and other sparse data (2.7.4: audio and video have a stamp each 0.7 s).
const DENSE_STEP_MAX: i64 = (STAMP_HZ * 7 / 10) as i64;
/// A stamp further than this from where the pace lets it be expected is a jump.
const STAMP_DRIFT_MAX: i64 = (STAMP_HZ * 2) as i64;
/// More of a PES packet than this is not kept to count its frames.
const UNIT_LEN_MAX: usize = 1 << 16;

/// The counter and the stamps of one PID from start to end.
#[derive(Default)]
pub(super) struct Track {
    counter: Option<Counter>,
    pcr: Option<LastPcr>,
    stamps: Option<Stamps>,
    unit: Vec<u8>,
    kind: Kind,
}

/// How the end of a stream is found.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// One picture in each PES packet, the last as long as the others.
    #[default]
    Video,
    /// The last PES packet is kept to count its frames.
    PerhapsAudio,
    /// Anything else.
    Data,
}

/// The last PCR of a PID.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastPcr {
    pub(super) packet: u64,
    pub(super) pcr: Ticks27,
}

/// The value before the first packet with payload, and that of the last packet.
struct Counter {
    before: u8,
    last: u8,
}

/// Decoding stamps of a PID in ticks of 90 kHz after the first.
struct Stamps {
    previous: u64,
    previous_pace: u64,
    last: i64,
    steps: i64,
    longest_step: i64,
}

impl Track {
    /// Takes in a packet of this PID, which the pace puts at about `pace_ticks` of 27 MHz.
    pub(super) fn observe(&mut self, index: u64, packet: Packet<'_>, pace_ticks: u64) {
        self.count(packet);
        if let Some(pcr) = packet.adaptation().and_then(|field| field.pcr()) {
            self.pcr = Some(LastPcr { packet: index, pcr });
        }
        if packet.scrambling() != 0 {
            return;
        }
        if packet.unit_start() {
            self.start_unit(packet.payload(), pace_ticks);
        } else if self.kind == Kind::PerhapsAudio && self.unit.len() < UNIT_LEN_MAX {
            self.unit.extend_from_slice(packet.payload());
        }
    }

    fn count(&mut self, packet: Packet<'_>) {
        let value = packet.continuity();
        let before = value.wrapping_sub(u8::from(packet.has_payload())) & 0x0F;
        self.counter.get_or_insert(Counter { before, last: value }).last = value;
    }

    fn start_unit(&mut self, payload: &[u8], pace_ticks: u64) {
        let Some(head) = PesHead::parse(payload) else { return };
        let Some(stamp) = head.decoding_stamp() else { return };
        match &mut self.stamps {
            Some(stamps) => stamps.advance(stamp, pace_ticks),
            None => self.stamps = Some(Stamps::new(stamp, pace_ticks)),
        }
        self.kind = Kind::of(&head);
        self.unit.clear();
        if self.kind == Kind::PerhapsAudio {
            self.unit.extend_from_slice(payload.get(head.payload_start..).unwrap_or(&[]));
        }
    }

    /// By how much the counter must be moved on in each round, `0..16`, so that it continues across the seam.
    pub(super) fn counter_step(&self) -> u8 {
        self.counter.as_ref().map_or(0, |counter| counter.last.wrapping_sub(counter.before) & 0x0F)
    }

    /// The counter of the last packet.
    pub(super) fn last_counter(&self) -> u8 {
        self.counter.as_ref().map_or(0, |counter| counter.last)
    }

    /// The last PCR, if the PID carries any.
    pub(super) const fn last_pcr(&self) -> Option<LastPcr> {
        self.pcr
    }

    /// How long after its first stamp the stream would go on with the next one, in ticks of 27 MHz; `None` for streams
    /// without stamps and for sparse ones, whose end says nothing about the length of the programme.
    pub(super) fn span_ticks(&self) -> Option<u64> {
        let stamps = self.stamps.as_ref().filter(|stamps| self.kind == Kind::Video || stamps.are_dense())?;
        let last = u64::try_from(stamps.last).ok()? * STAMP_TICKS;
        Some(last + self.last_unit_ticks(stamps))
    }

    fn last_unit_ticks(&self, stamps: &Stamps) -> u64 {
        match self.kind {
            Kind::Video => stamps.mean_step_ticks(),
            Kind::PerhapsAudio => audio::duration_ticks(&self.unit).unwrap_or_else(|| stamps.longest_step_ticks()),
            Kind::Data => stamps.longest_step_ticks(),
        }
    }
}

impl Kind {
    const fn of(head: &PesHead) -> Self {
        match head.stream_id {
            0xE0..=0xEF => Self::Video,
            0xBD | 0xC0..=0xDF | 0xFD => Self::PerhapsAudio,
            _ => Self::Data,
        }
    }
}

impl Stamps {
    const fn new(stamp: u64, pace_ticks: u64) -> Self {
        Self { previous: stamp, previous_pace: pace_ticks, last: 0, steps: 0, longest_step: 0 }
    }

    fn advance(&mut self, stamp: u64, pace_ticks: u64) {
        let pace = ((pace_ticks - self.previous_pace) / STAMP_TICKS) as i64;
        let step = shortest_step(self.previous, stamp);
        let step = if (step - pace).abs() > STAMP_DRIFT_MAX { pace } else { step };
        self.last += step;
        self.steps += 1;
        self.longest_step = self.longest_step.max(step);
        (self.previous, self.previous_pace) = (stamp, pace_ticks);
    }

    const fn are_dense(&self) -> bool {
        self.steps > 0 && self.longest_step <= DENSE_STEP_MAX
    }

    /// Rounded up: a round that is a tick too long is not noticed, one too short makes two stamps equal.
    const fn mean_step_ticks(&self) -> u64 {
        (self.last.unsigned_abs() * STAMP_TICKS).div_ceil(if self.steps > 0 { self.steps.unsigned_abs() } else { 1 })
    }

    const fn longest_step_ticks(&self) -> u64 {
        self.longest_step.unsigned_abs() * STAMP_TICKS
    }
}

const fn shortest_step(from: u64, to: u64) -> i64 {
    let forward = (to + STAMP_MODULUS - from) % STAMP_MODULUS;
    if forward <= STAMP_MODULUS / 2 { forward as i64 } else { forward as i64 - STAMP_MODULUS as i64 }
}
