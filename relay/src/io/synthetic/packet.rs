//! Transport packets (ISO/IEC 13818-1, 2.4.3) and PES headers (2.4.3.6) written out.

use crate::time::Ticks27;
use crate::wire::pes::{STAMP_HZ, STAMP_MODULUS, write_stamp};
use crate::wire::ts::{PACKET_LEN, PCR_OFFSET, SYNC_BYTE, write_pcr};

/// Most payload that leaves room for an adaptation field with PCR.
pub(super) const PART_LEN: usize = PACKET_LEN - (PCR_OFFSET + 6);
/// Length of a PES header with PTS.
pub(super) const PES_HEADER_LEN: usize = 14;
/// stream_id of the first audio and the first video stream (table 2-22).
pub(super) const STREAM_ID_AUDIO: u8 = 0xC0;
pub(super) const STREAM_ID_VIDEO: u8 = 0xE0;
const HEADER_LEN: usize = 4;

const UNIT_START: u8 = 0x40;
const PAYLOAD_ONLY: u8 = 0x10;
const ADAPTATION_AND_PAYLOAD: u8 = 0x30;
const RANDOM_ACCESS: u8 = 0x40;
const PCR_FLAG: u8 = 0x10;
/// Flags of a PES header (2.4.3.7).
const DATA_ALIGNMENT: u8 = 0x84;
const PTS_ONLY: u8 = 0x80;

/// A presentation time stamp in 90 kHz, `0..2^33`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timestamp(u64);

impl Timestamp {
    const TICKS_A_MILLI: u64 = STAMP_HZ / 1_000;
    /// From the moment that a picture or sound is of to its presentation: the third of a second in which an instant
    /// refresh is delivered, and 67 ms to spare.
    const DELAY_MILLIS: u64 = 400;

    /// Of what happens so long after the epoch.
    pub(super) const fn of_millis(millis: u64) -> Self {
        Self(((millis + Self::DELAY_MILLIS) * Self::TICKS_A_MILLI) % STAMP_MODULUS)
    }
}

/// A packet of a media stream, padded by its adaptation field.
#[derive(Clone, Copy, Debug)]
pub(super) struct MediaPacket<'a> {
    pub(super) pid: u16,
    pub(super) continuity: u8,
    pub(super) unit_start: bool,
    pub(super) random_access: bool,
    pub(super) pcr: Option<Ticks27>,
    /// At most [`PART_LEN`] bytes.
    pub(super) payload: &'a [u8],
}

impl MediaPacket<'_> {
    pub(super) fn write(&self, packet: &mut [u8; PACKET_LEN]) {
        debug_assert!(self.payload.len() <= PART_LEN);
        let payload_start = PACKET_LEN - self.payload.len();
        write_header(packet, self.pid, self.unit_start, ADAPTATION_AND_PAYLOAD | self.continuity);
        packet[4] = (payload_start - HEADER_LEN - 1) as u8;
        packet[5] = if self.random_access { RANDOM_ACCESS } else { 0 };
        packet[6..payload_start].fill(0xFF);
        if let Some(pcr) = self.pcr {
            packet[5] |= PCR_FLAG;
            packet[PCR_OFFSET..PCR_OFFSET + 6].copy_from_slice(&write_pcr(pcr));
        }
        packet[payload_start..].copy_from_slice(self.payload);
    }
}

/// Writes a packet that carries a section whole; it must fit.
pub(super) fn write_section(packet: &mut [u8; PACKET_LEN], pid: u16, continuity: u8, section: &[u8]) {
    write_header(packet, pid, true, PAYLOAD_ONLY | continuity);
    packet[4] = 0; // pointer_field
    let end = HEADER_LEN + 1 + section.len();
    packet[HEADER_LEN + 1..end].copy_from_slice(section);
    packet[end..].fill(0xFF);
}

fn write_header(packet: &mut [u8; PACKET_LEN], pid: u16, unit_start: bool, control_and_continuity: u8) {
    let [high, low] = pid.to_be_bytes();
    let start = if unit_start { UNIT_START } else { 0 };
    packet[..HEADER_LEN].copy_from_slice(&[SYNC_BYTE, high | start, low, control_and_continuity]);
}

/// The header of a PES packet of `payload_len` bytes, aligned to an access unit, presented at `pts`.
/// A packet longer than its length field tells, as video may be, has 0 there.
pub(super) fn pes_header(stream_id: u8, payload_len: usize, pts: Timestamp) -> [u8; PES_HEADER_LEN] {
    let [high, low] = u16::try_from(payload_len + PES_HEADER_LEN - 6).unwrap_or(0).to_be_bytes();
    let mut stamp = [0x21, 0, 1, 0, 1];
    write_stamp(&mut stamp, pts.0);
    let [a, b, c, d, e] = stamp;
    [0, 0, 1, stream_id, high, low, DATA_ALIGNMENT, PTS_ONLY, 5, a, b, c, d, e]
}
