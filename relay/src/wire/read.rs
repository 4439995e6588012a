//! Fields read one after the other from bytes that may lie about their lengths.

use thiserror::Error;

/// A field that does not fit what is left of its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field} takes {wanted} bytes, {left} are left")]
pub struct CutShort {
    /// The field, in the words of its standard.
    pub field: &'static str,
    /// Bytes that it takes.
    pub wanted: usize,
    /// Bytes that there are.
    pub left: usize,
}

/// Bytes yet to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, len: usize, field: &'static str) -> Result<&'a [u8], CutShort> {
        let cut_short = CutShort { field, wanted: len, left: self.0.len() };
        let (taken, rest) = self.0.split_at_checked(len).ok_or(cut_short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const LEN: usize>(&mut self, field: &'static str) -> Result<[u8; LEN], CutShort> {
        let cut_short = CutShort { field, wanted: LEN, left: self.0.len() };
        let (taken, rest) = self.0.split_first_chunk().ok_or(cut_short)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, CutShort> {
        self.array(field).map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self, field: &'static str) -> Result<u16, CutShort> {
        self.array(field).map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, CutShort> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// An unsigned number of 5 bytes.
    pub(crate) fn u40(&mut self, field: &'static str) -> Result<u64, CutShort> {
        let [a, b, c, d, e] = self.array(field)?;
        Ok(u64::from_be_bytes([0, 0, 0, a, b, c, d, e]))
    }

    /// A PID of 13 bits below three that are reserved.
    pub(crate) fn pid(&mut self, field: &'static str) -> Result<u16, CutShort> {
        self.u16(field).map(|bits| bits & 0x1FFF)
    }

    /// What is counted by a length of 8 bits.
    pub(crate) fn counted_by_u8(&mut self, field: &'static str) -> Result<&'a [u8], CutShort> {
        let len = self.u8(field)?;
        self.take(usize::from(len), field)
    }

    /// What is counted by a length of 12 bits below four bits of other use.
    pub(crate) fn counted_by_12_bits(&mut self, field: &'static str) -> Result<&'a [u8], CutShort> {
        let len = self.u16(field)? & 0x0FFF;
        self.take(usize::from(len), field)
    }

    /// A loop of descriptors, counted by a length of 12 bits.
    pub(crate) fn descriptors(&mut self, field: &'static str) -> Result<Descriptors<'a>, CutShort> {
        Descriptors::new(self.counted_by_12_bits(field)?, field)
    }
}

/// A descriptor (ISO/IEC 13818-1, 2.6; EN 300 468, 6.1; SCTE 35, 10.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Descriptor<'a> {
    pub(crate) tag: u8,
    pub(crate) body: &'a [u8],
}

/// Descriptors that fill their loop to the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Descriptors<'a>(Reader<'a>);

impl<'a> Descriptors<'a> {
    pub(crate) fn new(bytes: &'a [u8], field: &'static str) -> Result<Self, CutShort> {
        let mut unchecked = Reader::new(bytes);
        while !unchecked.is_empty() {
            next_descriptor(&mut unchecked, field)?;
        }
        Ok(Self(Reader::new(bytes)))
    }

    /// The bodies of the descriptors with this tag.
    pub(crate) fn tagged(self, tag: u8) -> impl Iterator<Item = &'a [u8]> {
        self.filter(move |descriptor| descriptor.tag == tag).map(|descriptor| descriptor.body)
    }
}

impl<'a> Iterator for Descriptors<'a> {
    type Item = Descriptor<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        next_descriptor(&mut self.0, "descriptor").ok()
    }
}

fn next_descriptor<'a>(reader: &mut Reader<'a>, field: &'static str) -> Result<Descriptor<'a>, CutShort> {
    let tag = reader.u8(field)?;
    let body = reader.counted_by_u8(field)?;
    Ok(Descriptor { tag, body })
}
