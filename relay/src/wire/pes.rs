//! The head of a PES packet (ISO/IEC 13818-1, 2.4.3.6), as far as its time stamps.

/// Ticks of PTS and DTS in a second.
pub const STAMP_HZ: u64 = 90_000;
/// The value at which PTS and DTS start again at zero: they have 33 bits.
pub const STAMP_MODULUS: u64 = 1 << 33;

const START_CODE_PREFIX: [u8; 3] = [0, 0, 1];
const FIXED_HEAD_LEN: usize = 9;
const STAMP_LEN: usize = 5;
const PTS_OFFSET: usize = FIXED_HEAD_LEN;
const DTS_OFFSET: usize = PTS_OFFSET + STAMP_LEN;

/// What the relay needs of the head of a PES packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PesHead {
    /// Kind and number of the elementary stream.
    pub stream_id: u8,
    /// Presentation time stamp, 90 kHz.
    pub pts: Option<u64>,
    /// Decoding time stamp, 90 kHz, when it differs from the PTS.
    pub dts: Option<u64>,
    /// Length of the whole PES packet in bytes; `None` when it lasts until the next one starts (video only).
    pub packet_len: Option<usize>,
    /// Offset of the elementary stream's bytes; it may lie beyond the transport packet.
    pub payload_start: usize,
}

impl PesHead {
    /// Reads the head at the start of `payload`, that of a transport packet with payload_unit_start_indicator.
    /// `None` if this is no PES packet, is one of a kind without stamps, or if the stamps reach beyond `payload`.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let head: &[u8; FIXED_HEAD_LEN] = payload.first_chunk()?;
        let stream_id = head[3];
        if head[..3] != START_CODE_PREFIX || !has_optional_head(stream_id) || head[6] >> 6 != 0b10 {
            return None;
        }
        let (pts_flag, dts_flag) = (head[7] & 0x80 != 0, head[7] & 0xC0 == 0xC0);
        let packet_len = usize::from(u16::from_be_bytes([head[4], head[5]]));
        Some(Self {
            stream_id,
            pts: if pts_flag { Some(stamp_at(payload, PTS_OFFSET)?) } else { None },
            dts: if dts_flag { Some(stamp_at(payload, DTS_OFFSET)?) } else { None },
            packet_len: (packet_len > 0).then_some(packet_len + 6),
            payload_start: FIXED_HEAD_LEN + usize::from(head[8]),
        })
    }

    /// Whether the stream is MPEG video of any kind, H.264 and H.265 too.
    pub const fn is_video(&self) -> bool {
        matches!(self.stream_id, 0xE0..=0xEF)
    }
}

/// Moves PTS and DTS of the PES head at the start of `payload` on by `ticks` of 90 kHz; what is no such head is left
/// as it is.
pub fn move_stamps(payload: &mut [u8], ticks: u64) {
    let Some(head) = PesHead::parse(payload) else { return };
    for (stamp, offset) in [(head.pts, PTS_OFFSET), (head.dts, DTS_OFFSET)] {
        if let (Some(stamp), Some(field)) = (stamp, payload.get_mut(offset..).and_then(<[u8]>::first_chunk_mut)) {
            write_stamp(field, (stamp + ticks % STAMP_MODULUS) % STAMP_MODULUS);
        }
    }
}

/// Whether PES packets of this stream have the flags and stamps at all (table 2-21).
const fn has_optional_head(stream_id: u8) -> bool {
    !matches!(stream_id, 0..=0xBC | 0xBE | 0xBF | 0xF0..=0xF2 | 0xF8 | 0xFF)
}

fn stamp_at(payload: &[u8], offset: usize) -> Option<u64> {
    payload.get(offset..).and_then(<[u8]>::first_chunk).map(read_stamp)
}

/// Reads a PTS or DTS field: 33 bits in three groups, each followed by a marker bit.
pub fn read_stamp(field: &[u8; STAMP_LEN]) -> u64 {
    let [a, b, c, d, e] = field.map(u64::from);
    (a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1
}

/// Writes `stamp` into a PTS or DTS field and keeps the prefix and the marker bits that it has.
pub fn write_stamp(field: &mut [u8; STAMP_LEN], stamp: u64) {
    let bits = |shift: u32, mask: u64| (stamp >> shift & mask) as u8;
    field[0] = field[0] & 0xF1 | bits(30, 0x07) << 1;
    field[1] = bits(22, 0xFF);
    field[2] = field[2] & 0x01 | bits(15, 0x7F) << 1;
    field[3] = bits(7, 0xFF);
    field[4] = field[4] & 0x01 | bits(0, 0x7F) << 1;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn video_head(pts: u64, dts: u64) -> Vec<u8> {
        let mut head = vec![0, 0, 1, 0xE0, 0, 0, 0x80, 0xC0, 10, 0x31, 0, 1, 0, 1, 0x11, 0, 1, 0, 1];
        write_stamp(head[9..].first_chunk_mut().unwrap(), pts);
        write_stamp(head[14..].first_chunk_mut().unwrap(), dts);
        head
    }

    #[test]
    fn both_stamps_move_and_wrap() {
        let mut head = video_head(STAMP_MODULUS - 1, 5);
        move_stamps(&mut head, 3);
        let moved = PesHead::parse(&head).unwrap();
        assert_eq!((moved.pts, moved.dts), (Some(2), Some(8)));
        assert_eq!((head[9] >> 4, head[14] >> 4), (3, 1), "the prefixes stay");
        assert_eq!((moved.packet_len, moved.payload_start), (None, 19));
    }

    #[test]
    fn padding_and_sections_are_no_heads() {
        let mut padding = video_head(1, 1);
        padding[3] = 0xBE;
        assert_eq!(PesHead::parse(&padding), None);
        assert_eq!(PesHead::parse(&[0, 0, 0xB0, 13, 0, 1, 0xC1, 0, 0, 0, 1]), None);
    }

    proptest! {
        #[test]
        fn a_stamp_reads_as_written(stamp in 0..STAMP_MODULUS, mut field in any::<[u8; 5]>()) {
            write_stamp(&mut field, stamp);
            prop_assert_eq!(read_stamp(&field), stamp);
        }

        #[test]
        fn moving_stamps_of_any_bytes_keeps_all_but_the_stamps(
            mut payload in proptest::collection::vec(any::<u8>(), 0..64), ticks: u64, like_pes: bool,
        ) {
            if like_pes && payload.len() > 7 {
                payload[..4].copy_from_slice(&[0, 0, 1, 0xC0]);
                payload[6] = 0x80;
            }
            let before = payload.clone();
            move_stamps(&mut payload, ticks);
            prop_assert_eq!(&payload[..before.len().min(9)], &before[..before.len().min(9)]);
            prop_assert_eq!(payload.get(19..), before.get(19..));
        }
    }
}
