//! Splice information (ANSI/SCTE 35): where a program may be left for something else, and returned to.
//!
//! Times are in ticks of 90 kHz, `0..2^33`, with pts_adjustment added (9.6.1): they are the PTS that the program's
//! streams have at that point.

mod command;
mod segment;
mod segmentation;
#[cfg(test)]
mod tests;
mod upid;

use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

pub use command::{BreakDuration, Command, ComponentSplice, Insert, SpliceEvent};
pub use segment::segmentation_type_name;
pub use segmentation::{ComponentOffset, Restrictions, Segment, Segmentation, SubSegment};
pub use upid::{Upid, upid_type_name};

use super::ids::SPLICE_INFO;
use super::pes::STAMP_MODULUS;
use super::read::{CutShort, Descriptors, Reader};
use super::section::Section;

/// identifier of descriptors that the standard itself defines.
const CUEI: u32 = u32::from_be_bytes(*b"CUEI");
/// splice_descriptor_tags (table 16).
const AVAIL: u8 = 0x00;
const SEGMENTATION: u8 = 0x02;
/// splice_command_length that says nothing, for receivers of old (9.6.1).
const UNKNOWN_LENGTH: usize = 0xFFF;

/// Why a section is no splice information.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SpliceError {
    /// table_id is another.
    #[error("table_id is {0:#04x}, should be {SPLICE_INFO:#04x}")]
    Table(u8),
    /// section_syntax_indicator is 1.
    #[error("section_syntax_indicator is true, should be false")]
    Syntax,
    /// CRC_32 does not match.
    #[error("CRC_32 is wrong")]
    Crc,
    /// protocol_version is not 0, so that nothing of the rest is known.
    #[error("protocol_version is {0}, should be 0")]
    Version(u8),
    /// A field or loop does not fit.
    #[error(transparent)]
    CutShort(#[from] CutShort),
    /// splice_command_length differs from the command's.
    #[error("splice_command_length is {announced}, the command takes {taken} bytes")]
    CommandLength {
        /// splice_command_length in bytes.
        announced: usize,
        /// What the command takes in bytes.
        taken: usize,
    },
}

/// A splice information section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SpliceInfo {
    /// pts_adjustment in ticks of 90 kHz, which is already added to the times here.
    pub pts_adjustment: u64,
    /// Which receivers it is for, 12 bits; 0xFFF is all.
    pub tier: u16,
    /// encryption_algorithm (table 27), if command and descriptors are encrypted.
    pub encryption: Option<u8>,
    /// cw_index: the control word that decrypts them.
    pub cw_index: u8,
    /// What is to be done.
    pub command: Command,
    /// provider_avail_id of each avail_descriptor (10.3.1).
    pub avails: Vec<u32>,
    /// The segmentation_descriptors (10.3.3), as they come.
    pub segmentations: Vec<Segmentation>,
}

impl SpliceInfo {
    /// Reads a splice_info_section (9.6); its CRC is checked first.
    ///
    /// # Errors
    /// [`SpliceError`] when the section is another, broken, or lies about a length.
    pub fn parse(section: Section<'_>) -> Result<Self, SpliceError> {
        let mut body = checked_body(section)?;
        let mut info = Self::read_up_to_command(&mut body)?;
        if info.encryption.is_none() {
            info.read_descriptors(&mut body)?;
        }
        Ok(info)
    }

    fn read_up_to_command(body: &mut Reader<'_>) -> Result<Self, SpliceError> {
        let version = body.u8("protocol_version")?;
        if version != 0 {
            return Err(SpliceError::Version(version));
        }
        let bits = body.u40("pts_adjustment")?;
        let is_encrypted = bits >> 39 != 0;
        let pts_adjustment = bits % STAMP_MODULUS;
        let cw_index = body.u8("cw_index")?;
        let tier = u16::from_be_bytes([body.u8("tier")?, body.rest().first().copied().unwrap_or(0)]) >> 4;
        Ok(Self {
            pts_adjustment,
            tier,
            encryption: is_encrypted.then_some((bits >> 33) as u8 & 0x3F),
            cw_index,
            command: if is_encrypted { Command::Encrypted } else { read_command(body, pts_adjustment)? },
            avails: Vec::new(),
            segmentations: Vec::new(),
        })
    }

    fn read_descriptors(&mut self, body: &mut Reader<'_>) -> Result<(), CutShort> {
        let len = body.u16("descriptor_loop_length")?;
        let descriptors = body.take(usize::from(len), "descriptor_loop")?;
        for descriptor in Descriptors::new(descriptors, "splice_descriptor")? {
            let mut fields = Reader::new(descriptor.body);
            match (fields.u32("identifier")?, descriptor.tag) {
                (CUEI, AVAIL) => self.avails.push(fields.u32("provider_avail_id")?),
                (CUEI, SEGMENTATION) => self.segmentations.push(Segmentation::read(&mut fields)?),
                _ => {}
            }
        }
        Ok(())
    }
}

fn checked_body(section: Section<'_>) -> Result<Reader<'_>, SpliceError> {
    match section.table_id() {
        SPLICE_INFO if section.has_syntax() => Err(SpliceError::Syntax),
        SPLICE_INFO if !section.crc_ok() => Err(SpliceError::Crc),
        SPLICE_INFO => Ok(Reader::new(section.body())),
        other => Err(SpliceError::Table(other)),
    }
}

/// Reads splice_command_length, splice_command_type and the command. A private command alone cannot do without a length.
fn read_command(body: &mut Reader<'_>, pts_adjustment: u64) -> Result<Command, SpliceError> {
    let announced = usize::from(body.u16("splice_command_length")? & 0x0FFF);
    let kind = body.u8("splice_command_type")?;
    if announced == UNKNOWN_LENGTH {
        return Ok(Command::read(kind, body, pts_adjustment)?);
    }
    let mut fields = Reader::new(body.take(announced, "splice_command")?);
    let command = Command::read(kind, &mut fields, pts_adjustment)?;
    match fields.rest().len() {
        0 => Ok(command),
        left => Err(SpliceError::CommandLength { announced, taken: announced - left }),
    }
}
