//! The stamps of a stream as one line of time.

use crate::time::Ticks27;
use crate::wire::pes::{PesHead, STAMP_HZ, STAMP_MODULUS};

/// Ticks of 27 MHz in a tick of PTS and DTS.
pub(super) const STAMP_TICKS: u64 = Ticks27::HZ / STAMP_HZ;
/// Steps longer than this are those of subtitles and other sparse data (2.7.4: audio and video have a stamp each 0.7
/// s).
const DENSE_STEP_MAX: i64 = (STAMP_HZ * 7 / 10) as i64;
/// A stamp further than this from where the pace lets it be expected is a jump.
const STAMP_DRIFT_MAX: i64 = (STAMP_HZ * 2) as i64;

/// The stamps of a unit, 90 kHz.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    /// When it is decoded.
    pub(super) decoding: u64,
    /// When it is shown.
    pub(super) presentation: u64,
}

impl Stamp {
    /// The stamps of `head`; the decoding stamp is left out where both are the same.
    pub(super) fn of(head: &PesHead) -> Option<Self> {
        head.pts.map(|presentation| Self { decoding: head.dts.unwrap_or(presentation), presentation })
    }
}

/// The stamps of a stream, taken in one after the other. Where they jump, the pace goes on instead.
///
/// All in ticks of 90 kHz after the first decoding stamp.
pub(super) struct Stamps {
    previous: u64,
    previous_pace: u64,
    last: i64,
    steps: i64,
    longest_step: i64,
    earliest_shown: i64,
    latest_shown: i64,
    latest_shown_before: i64,
}

impl Stamps {
    /// Starts with `stamp`, in a packet that the pace puts at about `pace_ticks` of 27 MHz.
    pub(super) const fn new(stamp: Stamp, pace_ticks: u64) -> Self {
        let shown = shortest_step(stamp.decoding, stamp.presentation);
        Self {
            previous: stamp.decoding,
            previous_pace: pace_ticks,
            last: 0,
            steps: 0,
            longest_step: 0,
            earliest_shown: shown,
            latest_shown: shown,
            latest_shown_before: shown,
        }
    }

    /// Goes on with `stamp`, at about `pace_ticks`.
    pub(super) fn advance(&mut self, stamp: Stamp, pace_ticks: u64) {
        let pace = ((pace_ticks - self.previous_pace) / STAMP_TICKS) as i64;
        let step = shortest_step(self.previous, stamp.decoding);
        let step = if (step - pace).abs() > STAMP_DRIFT_MAX { pace } else { step };
        self.last += step;
        self.steps += 1;
        self.longest_step = self.longest_step.max(step);
        self.show(self.last + shortest_step(stamp.decoding, stamp.presentation));
        (self.previous, self.previous_pace) = (stamp.decoding, pace_ticks);
    }

    fn show(&mut self, at: i64) {
        self.latest_shown_before = self.latest_shown;
        self.latest_shown = self.latest_shown.max(at);
        self.earliest_shown = self.earliest_shown.min(at);
    }

    /// From the first stamp to where the next would stand after a last unit of `last_unit_ticks`, in ticks of 27 MHz:
    /// the longer one of decoding and showing.
    pub(super) fn span_ticks(&self, last_unit_ticks: u64) -> u64 {
        let shown = self.latest_shown - self.earliest_shown;
        ticks(self.last.max(shown)) + last_unit_ticks
    }

    /// The same, the last unit being left out: up to where it is decoded, and no other one shown.
    pub(super) fn span_ticks_before_last(&self) -> u64 {
        let shown = self.latest_shown_before - self.earliest_shown;
        ticks(self.last).max(ticks(shown) + self.mean_step_ticks())
    }

    /// Whether there are several, and no long holes between them.
    pub(super) const fn are_dense(&self) -> bool {
        self.steps > 0 && self.longest_step <= DENSE_STEP_MAX
    }

    /// The mean step in ticks of 27 MHz. Rounded up: a round that is a tick too long is not noticed, one too short
    /// makes two stamps equal.
    pub(super) fn mean_step_ticks(&self) -> u64 {
        ticks(self.last).div_ceil(self.steps.unsigned_abs().max(1))
    }

    /// The longest step in ticks of 27 MHz.
    pub(super) fn longest_step_ticks(&self) -> u64 {
        ticks(self.longest_step)
    }
}

/// 90 kHz to 27 MHz; nothing lies before the start.
fn ticks(stamp_ticks: i64) -> u64 {
    u64::try_from(stamp_ticks).unwrap_or(0) * STAMP_TICKS
}

const fn shortest_step(from: u64, to: u64) -> i64 {
    let forward = (to + STAMP_MODULUS - from) % STAMP_MODULUS;
    if forward <= STAMP_MODULUS / 2 { forward as i64 } else { forward as i64 - STAMP_MODULUS as i64 }
}
