//! CRC_32 of sections.

use crc::{CRC_32_MPEG_2, Crc, Table};

/// Sixteen bytes a step.
static MPEG_2: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_MPEG_2);

/// CRC_32 of a section (ISO/IEC 13818-1, annex A): over a section with its CRC it is zero.
pub fn crc32(bytes: &[u8]) -> u32 {
    MPEG_2.checksum(bytes)
}
