//! The format that Wireshark saves (draft-ietf-opsawg-pcapng): blocks, of which those are read that carry frames or say
//! how to read them.

use super::error::Defect;
use super::frame::{Endian, FRAME_LEN_MAX, Frame, Record};
use crate::time::Utc;

/// Section Header Block.
pub(super) const SECTION: u32 = 0x0A0D_0D0A;
/// Interface Description Block.
pub(super) const INTERFACE: u32 = 1;
const SIMPLE_PACKET: u32 = 3;
/// Enhanced Packet Block.
pub(super) const ENHANCED_PACKET: u32 = 6;
/// Byte-order magic of a section.
pub(super) const BYTE_ORDER: u32 = 0x1A2B_3C4D;
/// Option of an interface: the resolution of its stamps.
pub(super) const OPTION_RESOLUTION: u16 = 9;
const OPTION_OFFSET: u16 = 14;

/// Type and length before a block's body.
const HEAD_LEN: usize = 8;
/// The same length behind it.
const TAIL_LEN: usize = 4;
/// A longer block is taken for a lie.
const BLOCK_LEN_MAX: u32 = 2 << 20;
/// Interfaces of a section that are told apart.
const INTERFACES_MAX: usize = 4_096;

/// The section that is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Pcapng {
    endian: Option<Endian>,
    interfaces: Vec<Interface>,
}

/// Where frames of a section were captured.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: u16,
    ticks_a_second: u64,
    offset_seconds: i64,
}

impl Pcapng {
    /// Reads the block that `bytes` start with.
    pub(super) fn next<'a>(&mut self, bytes: &'a [u8]) -> Result<Record<'a>, Defect> {
        let endian = match (bytes.first_chunk(), self.endian) {
            (None, _) => return Ok(Record::More),
            (Some(kind), _) if u32::from_be_bytes(*kind) == SECTION => match self.begin_section(bytes)? {
                Some(endian) => endian,
                None => return Ok(Record::More),
            },
            (Some(_), Some(endian)) => endian,
            (Some(_), None) => return Err(Defect::NoSection),
        };
        let (Some(kind), Some(len)) = (endian.u32(bytes, 0), endian.u32(bytes, 4)) else { return Ok(Record::More) };
        if len > BLOCK_LEN_MAX || (len as usize) < HEAD_LEN + TAIL_LEN {
            return Err(Defect::BlockLen { len, limit: BLOCK_LEN_MAX });
        }
        // Blocks are padded to 32 bits, and so should their length be; some writers leave the padding out of it.
        let end = (len as usize).next_multiple_of(4);
        let Some(block) = bytes.get(..end) else { return Ok(Record::More) };
        self.read_block(endian, kind, &block[HEAD_LEN..len as usize - TAIL_LEN], end)
    }

    /// Byte order of the section that `bytes` start with; `None` if there are too few.
    fn begin_section(&mut self, bytes: &[u8]) -> Result<Option<Endian>, Defect> {
        let Some(magic) = Endian::Big.u32(bytes, HEAD_LEN) else { return Ok(None) };
        let endian = match magic {
            BYTE_ORDER => Endian::Big,
            _ if magic.swap_bytes() == BYTE_ORDER => Endian::Little,
            _ => return Err(Defect::ByteOrder { magic }),
        };
        self.endian = Some(endian);
        self.interfaces.clear();
        Ok(Some(endian))
    }

    fn read_block<'a>(&mut self, endian: Endian, kind: u32, body: &'a [u8], end: usize) -> Result<Record<'a>, Defect> {
        let frame = match kind {
            INTERFACE => {
                self.add_interface(endian, body)?;
                None
            }
            SIMPLE_PACKET => Some(self.simple(endian, body)?),
            ENHANCED_PACKET => Some(self.enhanced(endian, body)?),
            _ => None,
        };
        Ok(frame.map_or(Record::Other(end), |frame| Record::Frame(frame, end)))
    }

    fn add_interface(&mut self, endian: Endian, body: &[u8]) -> Result<(), Defect> {
        if self.interfaces.len() < INTERFACES_MAX {
            self.interfaces.push(Interface::read(endian, body)?);
        }
        Ok(())
    }

    fn simple<'a>(&self, endian: Endian, body: &'a [u8]) -> Result<Frame<'a>, Defect> {
        let interface = self.interface(0)?;
        let len = endian.u32(body, 0).ok_or(Defect::BlockCutShort { kind: SIMPLE_PACKET })?;
        let bytes = &body[4..];
        let bytes = &bytes[..bytes.len().min(len as usize)];
        Ok(Frame { stamp: None, link: interface.link, bytes })
    }

    fn enhanced<'a>(&self, endian: Endian, body: &'a [u8]) -> Result<Frame<'a>, Defect> {
        let field = |offset| endian.u32(body, offset).ok_or(Defect::BlockCutShort { kind: ENHANCED_PACKET });
        let interface = self.interface(field(0)?)?;
        let ticks = u64::from(field(4)?) << 32 | u64::from(field(8)?);
        let len = field(12)?;
        let bytes = body.get(20..).and_then(|data| data.get(..len as usize));
        let bytes = bytes.ok_or(Defect::FrameLen { len, limit: FRAME_LEN_MAX.min(body.len() as u32) })?;
        Ok(Frame { stamp: Some(interface.utc(ticks)), link: interface.link, bytes })
    }

    fn interface(&self, number: u32) -> Result<&Interface, Defect> {
        self.interfaces.get(number as usize).ok_or(Defect::Interface { number, known: self.interfaces.len() })
    }
}

impl Interface {
    fn read(endian: Endian, body: &[u8]) -> Result<Self, Defect> {
        let link = endian.u16(body, 0).ok_or(Defect::BlockCutShort { kind: INTERFACE })?;
        let mut interface = Self { link, ticks_a_second: 1_000_000, offset_seconds: 0 };
        let mut options = body.get(8..).unwrap_or(&[]);
        while let (Some(code), Some(len)) = (endian.u16(options, 0), endian.u16(options, 2)) {
            let Some(value) = options.get(4..4 + usize::from(len)) else { break };
            match (code, value) {
                (OPTION_RESOLUTION, &[resolution, ..]) => interface.ticks_a_second = ticks_a_second(resolution)?,
                (OPTION_OFFSET, value) => interface.offset_seconds = endian.i64(value, 0).unwrap_or(0),
                _ => {}
            }
            options = options.get(4 + usize::from(len).next_multiple_of(4)..).unwrap_or(&[]);
        }
        Ok(interface)
    }

    fn utc(&self, ticks: u64) -> Utc {
        const NANOS_IN_A_SECOND: i128 = 1_000_000_000;
        let nanos = i128::from(ticks) * NANOS_IN_A_SECOND / i128::from(self.ticks_a_second);
        let nanos = nanos + i128::from(self.offset_seconds) * NANOS_IN_A_SECOND;
        Utc(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }
}

/// What the option says: a power of 10, or of 2 if the highest bit is set.
fn ticks_a_second(resolution: u8) -> Result<u64, Defect> {
    let (base, power) = if resolution & 0x80 == 0 { (10_u64, resolution) } else { (2, resolution & 0x7F) };
    base.checked_pow(u32::from(power)).ok_or(Defect::Resolution { resolution })
}
