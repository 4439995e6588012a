//! A beep at each whole second as MPEG-1 audio, Layer II (ISO/IEC 11172-3), 48 kHz, mono, 64 kb/s.
//!
//! No encoder: a tone is written straight into the samples of one subband, silence is its middle code.

use super::bits::BitWriter;
use super::packet::{PART_LEN, PES_HEADER_LEN, STREAM_ID_AUDIO, Timestamp, pes_header};
use super::schedule::{AUDIO_PARTS, AUDIO_UNITS, PERIOD_SECONDS};

/// Length of a frame in bytes: 144 * 64,000 / 48,000.
const FRAME_LEN: usize = 192;
/// Duration of a frame, 1,152 samples, in milliseconds.
const FRAME_MILLIS: u64 = 24;
/// Duration of a PES packet in milliseconds, and what it holds.
const UNIT_MILLIS: u64 = PERIOD_SECONDS * 1_000 / AUDIO_UNITS as u64;
const FRAMES_A_UNIT: u64 = UNIT_MILLIS / FRAME_MILLIS;
const UNIT_LEN: usize = FRAMES_A_UNIT as usize * FRAME_LEN;
const _: () = assert!(FRAMES_A_UNIT * FRAME_MILLIS == UNIT_MILLIS);
const _: () = assert!(PES_HEADER_LEN + UNIT_LEN <= AUDIO_PARTS as usize * PART_LEN);

/// Parts of a frame: each 12 samples a subband.
const PARTS: u64 = 3;
const PART_MILLIS: u64 = FRAME_MILLIS / PARTS;
const SAMPLES_A_PART: u64 = 12;
const BEEP_MILLIS: u64 = 96;

/// Sync word, MPEG-1, Layer II, no CRC; 64 kb/s, 48 kHz, no padding; mono, original (2.4.1.3).
const HEADER: u32 = 0xFFFD_44C4;
/// Bits of bit allocation for each subband (annex B, table B.2a).
const ALLOCATION_BITS: [u32; 27] = {
    let mut bits = [4; 27];
    let mut subband = 11;
    while subband < 27 {
        bits[subband] = if subband < 23 { 3 } else { 2 };
        subband += 1;
    }
    bits
};
/// The one subband in use: 750 to 1,500 Hz. Being odd, it is turned over: its samples' frequency counts down from 1,500 Hz.
const SUBBAND: usize = 1;
/// Allocation of 255 steps, 8 bits a sample, in that subband.
const ALLOCATION_255_STEPS: u32 = 7;
/// scfsi: one scale factor for all three parts.
const SCALE_FACTOR_ONCE: u32 = 2;
/// Scale factor 2^(1 - 12/3) = 1/8: a tone of -18 dB full scale.
const SCALE_FACTOR: u32 = 12;
/// The sample code that stands for zero.
const ZERO: i32 = 127;

/// A sine in 36 steps, the subband samples of a frame, in 1/127.
const SINE: [i32; 36] = [
    0, 22, 43, 63, 82, 97, 110, 119, 125, 127, 125, 119, 110, 97, 82, 63, 43, 22, 0, -22, -43, -63, -82, -97, -110,
    -119, -125, -127, -125, -119, -110, -97, -82, -63, -43, -22,
];

/// The channel's sound as PES packets.
#[derive(Debug)]
pub(super) struct Audio {
    beeper: Beeper,
    /// The PES packet number `unit`.
    pes: Vec<u8>,
    unit: Option<u64>,
}

impl Audio {
    /// The sound of the channel with this number.
    pub(super) fn new(channel: u16) -> Self {
        Self { beeper: Beeper::new(channel), pes: vec![], unit: None }
    }

    /// The PES packet number `unit` since the epoch.
    pub(super) fn pes(&mut self, unit: u64) -> &[u8] {
        if self.unit != Some(unit) {
            self.unit = Some(unit);
            self.pes.clear();
            let millis = unit * UNIT_MILLIS;
            self.pes.extend(pes_header(STREAM_ID_AUDIO, UNIT_LEN, Timestamp::of_millis(millis)));
            for frame in 0..FRAMES_A_UNIT {
                self.beeper.frame(millis + frame * FRAME_MILLIS, &mut self.pes);
            }
        }
        &self.pes
    }
}

/// Makes the frames of a channel.
#[derive(Debug)]
struct Beeper {
    /// Periods of the tone in a frame's 36 subband samples: the tone is 1,500 Hz less 41.67 Hz a period.
    periods: u64,
    bits: BitWriter,
}

impl Beeper {
    /// A beeper whose pitch tells channels apart: eight pitches from 1,292 Hz (0) down to 1,000 Hz (7),
    /// far enough from the subband's ends to leave no tone in the next one.
    fn new(channel: u16) -> Self {
        Self { periods: 5 + u64::from(channel % 8), bits: BitWriter::default() }
    }

    /// Appends the frame that begins `millis` after the epoch, a multiple of [`FRAME_MILLIS`].
    fn frame(&mut self, millis: u64, out: &mut Vec<u8>) {
        self.bits.clear();
        self.bits.put(HEADER, 32);
        for (subband, &len) in ALLOCATION_BITS.iter().enumerate() {
            self.bits.put(if subband == SUBBAND { ALLOCATION_255_STEPS } else { 0 }, len);
        }
        self.bits.put(SCALE_FACTOR_ONCE, 2);
        self.bits.put(SCALE_FACTOR, 6);
        (0..PARTS).for_each(|part| self.part(millis + part * PART_MILLIS, part * SAMPLES_A_PART));
        self.bits.align();
        out.extend(self.bits.bytes());
        out.resize(out.len() + FRAME_LEN - self.bits.bytes().len(), 0);
    }

    fn part(&mut self, millis: u64, first_sample: u64) {
        let beeps = millis % 1_000 < BEEP_MILLIS;
        for sample in first_sample..first_sample + SAMPLES_A_PART {
            let value = if beeps { SINE[(sample * self.periods % 36) as usize] } else { 0 };
            self.bits.put((ZERO + value) as u32, 8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_192_bytes_and_all_that_beep_are_alike() {
        let mut beeper = Beeper::new(7);
        let mut frames = vec![];
        [0, 24, 48, 72, 96, 3_000].into_iter().for_each(|millis| beeper.frame(millis, &mut frames));
        let frames: Vec<_> = frames.chunks(FRAME_LEN).collect();
        assert_eq!(frames.len(), 6);
        assert!(frames[..4].iter().all(|frame| *frame == frames[5]));
        assert_ne!(frames[4], frames[5]);
    }

    #[test]
    fn the_sine_is_one() {
        for (step, &value) in SINE.iter().enumerate() {
            let exact = 127.0 * (step as f64 * std::f64::consts::TAU / 36.0).sin();
            assert!((f64::from(value) - exact).abs() < 0.51);
        }
    }
}
