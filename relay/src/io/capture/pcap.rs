//! The format that tcpdump saves (draft-ietf-opsawg-pcap). Both this and pcapng are read here, not by a crate: those
//! there are stop at frames longer than the header says, or read the clocks of big-endian captures wrong.

use super::error::Defect;
use super::frame::{Endian, FRAME_LEN_MAX, Frame, Record};
use crate::time::Utc;

const RECORD_HEADER_LEN: usize = 16;
const NANOS_IN_A_SECOND: u64 = 1_000_000_000;

/// What the header of a capture says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pcap {
    endian: Endian,
    nanos_in_a_tick: u64,
    link: u16,
}

impl Pcap {
    /// Length of a capture's header in bytes.
    pub(super) const HEADER_LEN: usize = 24;

    /// Reads the header that `bytes` start with; `None` if there are too few or they are none.
    pub(super) fn from_header(bytes: &[u8]) -> Option<Self> {
        let (endian, nanos_in_a_tick) = match bytes.first_chunk()? {
            [0xA1, 0xB2, 0xC3, 0xD4] => (Endian::Big, 1_000),
            [0xD4, 0xC3, 0xB2, 0xA1] => (Endian::Little, 1_000),
            [0xA1, 0xB2, 0x3C, 0x4D] => (Endian::Big, 1),
            [0x4D, 0x3C, 0xB2, 0xA1] => (Endian::Little, 1),
            _ => return None,
        };
        // The field's upper half says whether frames end with a checksum, which nobody reads.
        let link = endian.u32(bytes, 20)? as u16;
        Some(Self { endian, nanos_in_a_tick, link })
    }

    /// Reads the frame that `bytes` start with.
    pub(super) fn next<'a>(&self, bytes: &'a [u8]) -> Result<Record<'a>, Defect> {
        let field = |offset| self.endian.u32(bytes, offset);
        let (Some(seconds), Some(ticks), Some(len), Some(_)) = (field(0), field(4), field(8), field(12)) else {
            return Ok(Record::More);
        };
        if len > FRAME_LEN_MAX {
            return Err(Defect::FrameLen { len, limit: FRAME_LEN_MAX });
        }
        let end = RECORD_HEADER_LEN + len as usize;
        let Some(bytes) = bytes.get(RECORD_HEADER_LEN..end) else { return Ok(Record::More) };
        let stamp = Utc(u64::from(seconds) * NANOS_IN_A_SECOND + u64::from(ticks) * self.nanos_in_a_tick);
        Ok(Record::Frame(Frame { stamp: Some(stamp), link: self.link, bytes }, end))
    }
}
