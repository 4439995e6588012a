//! Pictures of flat squares as H.264 (ITU-T H.264), constrained baseline profile, without an encoder's searching.
//!
//! Each picture is one slice. Macroblocks that look as before are skipped; the others are coded anew by prediction from
//! their neighbours and one coefficient a square, which gives exactly the wanted value. So what a decoder shows is the
//! [`Picture`] to the bit, nothing drifts, and a picture can be coded without knowing what was coded before it.

mod headers;
mod macroblock;

use super::bits::BitWriter;
use super::picture::{MB_COLUMNS, MB_COUNT, Picture};
use headers::SliceKind;
use macroblock::MacroblockCoder;

/// Pictures a second.
pub(super) const PICTURES_A_SECOND: u32 = 25;
/// From a picture to the next.
pub(super) const PICTURE_MILLIS: u64 = 1_000 / PICTURES_A_SECOND as u64;

const NAL_SLICE: u8 = 0x41;
const NAL_SLICE_IDR: u8 = 0x65;
const NAL_SEQUENCE_PARAMETERS: u8 = 0x67;
const NAL_PICTURE_PARAMETERS: u8 = 0x68;
const NAL_DELIMITER: u8 = 0x09;

/// Codes pictures into access units in byte stream format (annex B).
#[derive(Debug, Default)]
pub(super) struct Encoder {
    bits: BitWriter,
}

impl Encoder {
    /// Appends an access unit that shows `picture` and needs no other; `second` tells successive ones apart.
    pub(super) fn code_instant_refresh(&mut self, picture: &Picture, second: u64, out: &mut Vec<u8>) {
        self.unit(NAL_DELIMITER, out, |bits| bits.put(0, 3));
        self.unit(NAL_SEQUENCE_PARAMETERS, out, headers::write_sequence_parameters);
        self.unit(NAL_PICTURE_PARAMETERS, out, headers::write_picture_parameters);
        let kind = SliceKind::InstantRefresh { id: (second % 2) as u32 };
        self.unit(NAL_SLICE_IDR, out, |bits| {
            headers::write_slice_header(bits, kind);
            let coder = MacroblockCoder::in_intra_slice(picture);
            (0..MB_COUNT).for_each(|index| coder.write(bits, index % MB_COLUMNS, index / MB_COLUMNS));
        });
    }

    /// Appends an access unit that turns `before` into `picture`, the `number`th (`1..`) after an instant refresh.
    pub(super) fn code_changes(&mut self, before: &Picture, picture: &Picture, number: u32, out: &mut Vec<u8>) {
        self.unit(NAL_DELIMITER, out, |bits| bits.put(1, 3));
        self.unit(NAL_SLICE, out, |bits| {
            headers::write_slice_header(bits, SliceKind::Changes { number });
            write_changed_macroblocks(bits, before, picture);
        });
    }

    /// A NAL unit (7.3.1) whose payload `write` writes.
    fn unit(&mut self, header: u8, out: &mut Vec<u8>, write: impl FnOnce(&mut BitWriter)) {
        self.bits.clear();
        write(&mut self.bits);
        self.bits.flag(true);
        self.bits.align();
        out.extend([0, 0, 0, 1, header]);
        append_escaped(self.bits.bytes(), out);
    }
}

fn write_changed_macroblocks(bits: &mut BitWriter, before: &Picture, picture: &Picture) {
    let coder = MacroblockCoder::in_predicted_slice(picture, before);
    let mut skipped = 0;
    for (column, row) in (0..MB_COUNT).map(|index| (index % MB_COLUMNS, index / MB_COLUMNS)) {
        if coder.skips(column, row) {
            skipped += 1;
        } else {
            bits.ue(skipped);
            skipped = 0;
            coder.write(bits, column, row);
        }
    }
    if skipped > 0 {
        bits.ue(skipped);
    }
}

/// Keeps start codes out of a payload by emulation prevention bytes (7.4.1).
fn append_escaped(payload: &[u8], out: &mut Vec<u8>) {
    let mut zeros = 0;
    for &byte in payload {
        if zeros == 2 && byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        out.push(byte);
        zeros = if byte == 0 { zeros + 1 } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn start_codes_are_escaped() {
        let mut out = vec![];
        append_escaped(&[0, 0, 0, 0, 0, 3, 0, 0, 4, 0, 0, 1], &mut out);
        assert_eq!(out, [0, 0, 3, 0, 0, 3, 0, 3, 0, 0, 4, 0, 0, 3, 1]);
    }

    proptest! {
        #[test]
        fn no_start_code_survives(payload in proptest::collection::vec(0_u8..4, 0..200)) {
            let mut out = vec![];
            append_escaped(&payload, &mut out);
            prop_assert!(out.windows(3).all(|three| three > [0, 0, 2].as_slice() || three[..2] != [0, 0]));
        }
    }
}
