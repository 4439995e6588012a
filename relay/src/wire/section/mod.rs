//! Sections (ISO/IEC 13818-1, 2.4.4): a view over one, and how they are put together from packets.

mod assembler;
mod crc;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use assembler::Assembler;
pub use crc::crc32;

use super::ids;

/// Bytes of a section up to its length, that included.
pub(crate) const SHORT_HEADER_LEN: usize = 3;
/// Bytes of a section with the section syntax before its body.
pub(crate) const LONG_HEADER_LEN: usize = 8;
/// Bytes of CRC_32.
pub(crate) const CRC_LEN: usize = 4;
/// Longest section of PSI and of most service information in bytes, header and CRC included.
pub const LONGEST_PSI: usize = 1_024;
/// Longest section of any kind in bytes: event information and private sections.
pub const LONGEST_PRIVATE: usize = 4_096;

/// Why bytes are no section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SectionError {
    /// section_length announces more than its table may have, or than there is.
    #[error("section of table {table_id:#04x} announces {announced} bytes, {most} at most are possible")]
    TooLong {
        /// table_id.
        table_id: u8,
        /// Length of the whole section as announced, in bytes.
        announced: usize,
        /// The most that it can have, in bytes.
        most: usize,
    },
    /// section_length leaves no room for the header and CRC that the section must have.
    #[error("section of table {table_id:#04x} announces {announced} bytes, its header and CRC take {least}")]
    TooShort {
        /// table_id.
        table_id: u8,
        /// Length of the whole section as announced, in bytes.
        announced: usize,
        /// The least that it must have, in bytes.
        least: usize,
    },
    /// The next section began before this one ended.
    #[error("section is cut short: {missing} bytes are missing where the next section begins")]
    CutShort {
        /// Bytes that did not come, at least.
        missing: usize,
    },
    /// pointer_field points past its packet.
    #[error("pointer_field is {pointer}, the packet has {payload_len} bytes after it")]
    Pointer {
        /// pointer_field.
        pointer: u8,
        /// Bytes of payload after pointer_field.
        payload_len: usize,
    },
}

/// The most bytes that a section of a table may have, header and CRC included (ISO/IEC 13818-1, 2.4.4; EN 300 468, 5.1.1
/// and 5.2).
pub const fn longest(table_id: u8) -> usize {
    match table_id {
        ids::PAT..=ids::TSDT
        | ids::NIT_ACTUAL..=ids::SDT_ACTUAL
        | ids::SDT_OTHER
        | ids::BAT
        | ids::TDT
        | ids::RST
        | ids::TOT => LONGEST_PSI,
        _ => LONGEST_PRIVATE,
    }
}

/// A whole section read in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section<'a>(&'a [u8]);

impl<'a> Section<'a> {
    /// A view of the section that `bytes` begin with. Its CRC is not looked at.
    ///
    /// # Errors
    /// [`SectionError::TooLong`] and [`SectionError::TooShort`] when the lengths do not fit.
    pub fn new(bytes: &'a [u8]) -> Result<Self, SectionError> {
        let Some(header) = bytes.first_chunk() else {
            let table_id = bytes.first().copied().unwrap_or(ids::STUFFING);
            return Err(SectionError::TooShort { table_id, announced: bytes.len(), least: SHORT_HEADER_LEN });
        };
        let announced = announced_len(header)?;
        if announced > bytes.len() {
            return Err(SectionError::TooLong { table_id: header[0], announced, most: bytes.len() });
        }
        Ok(Self(&bytes[..announced]))
    }

    /// All bytes, header and CRC included.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// table_id.
    pub const fn table_id(self) -> u8 {
        self.0[0]
    }

    /// section_syntax_indicator: whether the section has an extension, a version and numbers.
    pub const fn has_syntax(self) -> bool {
        self.0[1] & 0x80 != 0
    }

    /// table_id_extension: transport_stream_id of a PAT or SDT, program_number of a PMT, service_id of an EIT; 0 if the
    /// section has none.
    pub fn extension(self) -> u16 {
        if self.has_syntax() { u16::from_be_bytes([self.0[3], self.0[4]]) } else { 0 }
    }

    /// version_number, `0..32`; 0 if the section has none.
    pub fn version(self) -> u8 {
        self.syntax_byte(5) >> 1 & 0x1F
    }

    /// current_next_indicator: whether the section is in force, and not yet to come. A section without one is.
    pub fn is_current(self) -> bool {
        !self.has_syntax() || self.syntax_byte(5) & 1 != 0
    }

    /// section_number; 0 if the section has none.
    pub fn number(self) -> u8 {
        self.syntax_byte(6)
    }

    /// last_section_number; 0 if the section has none.
    pub fn last_number(self) -> u8 {
        self.syntax_byte(7)
    }

    /// What lies between header and CRC.
    pub fn body(self) -> &'a [u8] {
        let start = if self.has_syntax() { LONG_HEADER_LEN } else { SHORT_HEADER_LEN };
        let end = self.0.len() - if self.has_crc() { CRC_LEN } else { 0 };
        self.0.get(start..end).unwrap_or(&[])
    }

    /// The CRC_32 that the section carries, if its table has one. Together with [`Self::version`] it tells a repeated
    /// section from a new one without reading it.
    pub fn crc(self) -> Option<u32> {
        let crc = self.0.last_chunk().copied().map(u32::from_be_bytes);
        crc.filter(|_| self.has_crc())
    }

    /// Whether the section's CRC_32 is right; true for sections that have none. Computed at each call.
    pub fn crc_ok(self) -> bool {
        !self.has_crc() || crc32(self.0) == 0
    }

    /// Whether the section ends with a CRC_32: each one with the section syntax, and of those without it time offset (EN
    /// 300 468, 5.2.6) and splice information (SCTE 35, 9.6).
    pub const fn has_crc(self) -> bool {
        has_crc(self.0[0], self.has_syntax())
    }

    fn syntax_byte(self, at: usize) -> u8 {
        if self.has_syntax() { self.0[at] } else { 0 }
    }
}

const fn has_crc(table_id: u8, has_syntax: bool) -> bool {
    has_syntax || matches!(table_id, ids::TOT | ids::SPLICE_INFO)
}

/// Length of the whole section that begins with `header`, in bytes.
fn announced_len(header: &[u8; SHORT_HEADER_LEN]) -> Result<usize, SectionError> {
    let table_id = header[0];
    let announced = SHORT_HEADER_LEN + usize::from(u16::from_be_bytes([header[1] & 0x0F, header[2]]));
    let most = longest(table_id);
    let least = least_len(header);
    match announced {
        _ if announced > most => Err(SectionError::TooLong { table_id, announced, most }),
        _ if announced < least => Err(SectionError::TooShort { table_id, announced, least }),
        _ => Ok(announced),
    }
}

const fn least_len(header: &[u8; SHORT_HEADER_LEN]) -> usize {
    let has_syntax = header[1] & 0x80 != 0;
    let head = if has_syntax { LONG_HEADER_LEN } else { SHORT_HEADER_LEN };
    head + if has_crc(header[0], has_syntax) { CRC_LEN } else { 0 }
}
