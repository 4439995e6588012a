//! Sections put together from the packets of one PID (ISO/IEC 13818-1, 2.4.4.1 and 2.4.4.2).

use super::{SHORT_HEADER_LEN, Section, SectionError, announced_len};
use crate::wire::ids::STUFFING;

/// Puts the sections of one PID together. A section that lies in one packet is viewed there; of one that goes on in the
/// next, what came so far is kept. Nothing is allocated once the longest section has been seen.
#[derive(Debug, Default)]
pub struct Assembler {
    /// The beginning of a section that is not whole yet; empty if there is none.
    pending: Vec<u8>,
}

impl Assembler {
    /// Takes the payload of the PID's next packet with its payload_unit_start_indicator, and gives `each` the sections
    /// that end in it, and the errors met.
    ///
    /// Packets that are scrambled, flagged as broken, or the repetition of the one before are not to be given.
    pub fn push(&mut self, payload: &[u8], unit_start: bool, mut each: impl FnMut(Result<Section<'_>, SectionError>)) {
        if !unit_start {
            self.go_on(payload, &mut each);
            return;
        }
        let Some((&pointer, rest)) = payload.split_first() else { return };
        let Some((tail, fresh)) = rest.split_at_checked(usize::from(pointer)) else {
            self.pending.clear();
            each(Err(SectionError::Pointer { pointer, payload_len: rest.len() }));
            return;
        };
        self.go_on(tail, &mut each);
        self.cut_short(&mut each);
        self.begin(fresh, &mut each);
    }

    /// Drops what is pending: packets were lost, so that its end will not come or would not fit.
    pub fn discontinuity(&mut self) {
        self.pending.clear();
    }

    /// Bytes of the section that has begun and is not whole yet; 0 if there is none.
    pub const fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// Adds `payload` to the pending section; what follows its end is stuffing, as a section that begins would have set
    /// payload_unit_start_indicator.
    fn go_on(&mut self, payload: &[u8], each: &mut impl FnMut(Result<Section<'_>, SectionError>)) {
        if self.pending.is_empty() {
            return;
        }
        let payload = self.fill_to(SHORT_HEADER_LEN, payload);
        let Some(header) = self.pending.first_chunk() else { return };
        match announced_len(header) {
            Ok(announced) => {
                self.fill_to(announced, payload);
                if self.pending.len() < announced {
                    return;
                }
                each(Section::new(&self.pending));
            }
            Err(lie) => each(Err(lie)),
        }
        self.pending.clear();
    }

    /// Moves bytes of `payload` to the pending section until it has `len`, and returns those left.
    fn fill_to<'p>(&mut self, len: usize, payload: &'p [u8]) -> &'p [u8] {
        let wanted = len.saturating_sub(self.pending.len()).min(payload.len());
        let (taken, left) = payload.split_at(wanted);
        self.pending.extend_from_slice(taken);
        left
    }

    fn cut_short(&mut self, each: &mut impl FnMut(Result<Section<'_>, SectionError>)) {
        if self.pending.is_empty() {
            return;
        }
        let announced = self.pending.first_chunk().and_then(|header| announced_len(header).ok());
        let missing = announced.unwrap_or(SHORT_HEADER_LEN).saturating_sub(self.pending.len());
        self.pending.clear();
        each(Err(SectionError::CutShort { missing }));
    }

    /// Gives the sections that `payload` is made of; the last may be kept for the next packet.
    fn begin(&mut self, mut payload: &[u8], each: &mut impl FnMut(Result<Section<'_>, SectionError>)) {
        while payload.first().is_some_and(|&table_id| table_id != STUFFING) {
            let announced = match payload.first_chunk().map(announced_len) {
                Some(Ok(announced)) => announced,
                Some(Err(lie)) => return each(Err(lie)),
                None => usize::MAX,
            };
            let Some((section, rest)) = payload.split_at_checked(announced) else {
                self.pending.extend_from_slice(payload);
                return;
            };
            each(Section::new(section));
            payload = rest;
        }
    }
}
