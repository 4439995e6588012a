//! How long the audio frames of a PES packet last: with the last packet's stamp, that is where an audio stream ends.

use crate::time::Ticks27;

/// An audio frame by its header.
#[derive(Clone, Copy)]
struct Frame {
    len: usize,
    samples: u64,
    sample_rate: u64,
}

/// No header is longer, in bytes. What is shorter at the end is the start of one more frame.
const HEADER_LEN_MAX: usize = 7;

type Parser = fn(&[u8]) -> Option<Frame>;
/// In this order: an ADTS header has a layer that MPEG audio forbids, so no header is both.
const PARSERS: [Parser; 3] = [adts_frame, mpeg_frame, ac3_frame];

/// The time of 27 MHz that the frames starting in `stream` take, `None` when they are of no kind known here (ADTS AAC,
/// MPEG audio, AC-3, Enhanced AC-3). `stream` may start inside a frame, and the last frame may be cut short.
pub(super) fn duration_ticks(stream: &[u8]) -> Option<u64> {
    (0..stream.len()).find_map(|start| {
        let run = PARSERS.into_iter().find_map(|parse| Run::read(&stream[start..], parse))?;
        (start == 0 || run.frames > 1).then(|| run.ticks())
    })
}

/// Frames that follow each other without a gap to the end.
struct Run {
    frames: u64,
    samples: u64,
    sample_rate: u64,
}

impl Run {
    fn read(stream: &[u8], parse: Parser) -> Option<Self> {
        let first = parse(stream)?;
        let mut run = Self { frames: 0, samples: 0, sample_rate: first.sample_rate };
        let (mut at, mut frame) = (0, first);
        while at < stream.len() {
            let rest = &stream[at..];
            frame = if rest.len() < HEADER_LEN_MAX { frame } else { parse(rest)? };
            run.frames += 1;
            run.samples += frame.samples;
            at += frame.len;
        }
        Some(run)
    }

    fn ticks(&self) -> u64 {
        (self.samples * Ticks27::HZ).div_ceil(self.sample_rate)
    }
}

/// ISO/IEC 13818-7, 6.2 (AAC in ADTS).
fn adts_frame(header: &[u8]) -> Option<Frame> {
    const RATES: [u64; 13] =
        [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
    let header: &[u8; 7] = header.first_chunk()?;
    if header[0] != 0xFF || header[1] & 0xF6 != 0xF0 {
        return None;
    }
    let sample_rate = *RATES.get(usize::from(header[2] >> 2 & 0x0F))?;
    let len = usize::from(header[3] & 3) << 11 | usize::from(header[4]) << 3 | usize::from(header[5] >> 5);
    let blocks = u64::from(header[6] & 3) + 1;
    (len > header.len()).then_some(Frame { len, samples: 1_024 * blocks, sample_rate })
}

/// ISO/IEC 11172-3, 2.4.1.3 and 13818-3, 2.4.1 (MPEG-1 and MPEG-2 audio, layers I to III).
fn mpeg_frame(header: &[u8]) -> Option<Frame> {
    let header: &[u8; 4] = header.first_chunk()?;
    let (version, layer) = (header[1] >> 3 & 3, 4 - usize::from(header[1] >> 1 & 3));
    if header[0] != 0xFF || header[1] & 0xE0 != 0xE0 || version == 1 || layer == 4 {
        return None;
    }
    let mpeg1 = version == 3;
    let bitrate = mpeg_bitrate(mpeg1, layer, usize::from(header[2] >> 4))?;
    let halvings = [2, 0, 1, 0][usize::from(version)];
    let sample_rate = [44_100, 48_000, 32_000].get(usize::from(header[2] >> 2 & 3))? >> halvings;
    let samples = match layer {
        1 => 384,
        3 if !mpeg1 => 576,
        _ => 1_152,
    };
    let slot_len = if layer == 1 { 4 } else { 1 };
    let slots = samples / 8 * bitrate / sample_rate / slot_len + u64::from(header[2] >> 1 & 1);
    Some(Frame { len: (slots * slot_len) as usize, samples, sample_rate })
}

/// Bits in a second; `None` for the free format and the forbidden index.
fn mpeg_bitrate(mpeg1: bool, layer: usize, index: usize) -> Option<u64> {
    const KILOBITS: [[u64; 14]; 5] = [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let row = match (mpeg1, layer) {
        (true, layer) => layer - 1,
        (false, 1) => 3,
        (false, _) => 4,
    };
    KILOBITS[row].get(index.checked_sub(1)?).map(|kilobits| kilobits * 1_000)
}

/// ATSC A/52, 5.3.1 (AC-3) and E.1.2 (Enhanced AC-3).
fn ac3_frame(header: &[u8]) -> Option<Frame> {
    let header: &[u8; 6] = header.first_chunk()?;
    match header[5] >> 3 {
        _ if header[..2] != [0x0B, 0x77] => None,
        0..=10 => plain_ac3_frame(header),
        11..=16 => enhanced_ac3_frame(header),
        _ => None,
    }
}

fn plain_ac3_frame(header: &[u8; 6]) -> Option<Frame> {
    const KILOBITS: [u64; 19] =
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
    let size_code = header[4] & 0x3F;
    let kilobits = *KILOBITS.get(usize::from(size_code >> 1))?;
    let (sample_rate, words) = match header[4] >> 6 {
        0 => (48_000, kilobits * 2),
        1 => (44_100, kilobits * 320 / 147 + u64::from(size_code & 1)),
        2 => (32_000, kilobits * 3),
        _ => return None,
    };
    Some(Frame { len: (words * 2) as usize, samples: 1_536, sample_rate })
}

fn enhanced_ac3_frame(header: &[u8; 6]) -> Option<Frame> {
    let len = (usize::from(header[2] & 7) << 8 | usize::from(header[3])) * 2 + 2;
    let rate_code = usize::from(header[4] >> 6);
    let block_code = usize::from(header[4] >> 4 & 3);
    let (sample_rate, blocks) = match rate_code {
        3 => (*[24_000, 22_050, 16_000].get(block_code)?, 6),
        _ => ([48_000, 44_100, 32_000][rate_code], [1, 2, 3, 6][block_code]),
    };
    let goes_with_another = header[2] >> 6 == 1 || header[2] >> 3 & 7 != 0;
    Some(Frame { len, samples: if goes_with_another { 0 } else { 256 * blocks }, sample_rate })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn adts(len: usize) -> Vec<u8> {
        let mut frame = vec![0; len];
        frame[..7].copy_from_slice(&[0xFF, 0xF1, 3 << 2, (len >> 11) as u8, (len >> 3) as u8, (len << 5) as u8, 0]);
        frame
    }

    #[test]
    fn frames_of_aac_are_counted_from_the_first_whole_one() {
        let frame_ticks = 1_024 * Ticks27::HZ / 48_000;
        let mut stream = vec![0xAA; 50];
        stream.extend([adts(200), adts(150), adts(170)].concat());
        assert_eq!(duration_ticks(&stream), Some(3 * frame_ticks));
        stream.truncate(450);
        assert_eq!(duration_ticks(&stream), Some(3 * frame_ticks), "the last frame is cut but it starts here");
    }

    #[test]
    fn layer_ii_and_ac3_have_their_lengths() {
        let mut layer2 = vec![0; 576];
        layer2[..4].copy_from_slice(&[0xFF, 0xFD, 10 << 4 | 1 << 2, 0]); // 192 kb/s, 48 kHz
        assert_eq!(duration_ticks(&layer2.repeat(3)), Some(3 * 24 * 27_000));
        let mut ac3 = vec![0; 768];
        ac3[..6].copy_from_slice(&[0x0B, 0x77, 0, 0, 20, 8 << 3]); // 192 kb/s, 48 kHz
        assert_eq!(duration_ticks(&ac3.repeat(2)), Some(2 * 32 * 27_000));
    }

    #[test]
    fn other_bytes_have_no_duration() {
        assert_eq!(duration_ticks(&[0x20; 400]), None);
        assert_eq!(duration_ticks(&[]), None);
        let chance = [&[0x20; 400], adts(200).as_slice(), &[0x20; 90]].concat();
        assert_eq!(duration_ticks(&chance), None, "what looks like a header leads to no other");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(stream in proptest::collection::vec(
            prop_oneof![any::<u8>(), Just(0xFF), Just(0x0B), Just(0x77), Just(0xF1)], 0..400)) {
            let _ = duration_ticks(&stream);
        }
    }
}
