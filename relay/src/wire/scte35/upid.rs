//! segmentation_upid (SCTE 35, 10.3.3.1): what a segment is.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::read::{CutShort, Reader};
use crate::wire::si::printable;

/// A list of several upids.
const MID: u8 = 0x0D;
/// A private upid, after whose it is.
const MPU: u8 = 0x0C;
const UUID: u8 = 0x10;

/// A segmentation_upid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Upid {
    /// segmentation_upid_type (table 22).
    pub upid_type: u8,
    /// What that means.
    pub type_name: &'static str,
    /// Its value: text where the type is text, else hexadecimal; of a list, its values after their types.
    pub value: String,
}

impl Upid {
    /// Reads segmentation_upid_type, its length and its value.
    pub(super) fn read(body: &mut Reader<'_>) -> Result<Self, CutShort> {
        let upid_type = body.u8("segmentation_upid_type")?;
        let bytes = body.counted_by_u8("segmentation_upid")?;
        let value = if upid_type == MID { list(bytes)? } else { value(upid_type, bytes)? };
        Ok(Self { upid_type, type_name: upid_type_name(upid_type), value })
    }
}

/// The upids of a list, as in `URI a, Ad-ID b`; a list in the list is hexadecimal.
fn list(bytes: &[u8]) -> Result<String, CutShort> {
    let mut body = Reader::new(bytes);
    let mut items = Vec::new();
    while !body.is_empty() {
        let upid_type = body.u8("segmentation_upid_type")?;
        let item = value(upid_type, body.counted_by_u8("segmentation_upid")?)?;
        items.push(format!("{} {item}", upid_type_name(upid_type)));
    }
    Ok(items.join(", "))
}

fn value(upid_type: u8, bytes: &[u8]) -> Result<String, CutShort> {
    Ok(match upid_type {
        MPU => {
            let mut body = Reader::new(bytes);
            let identifier = printable(&body.array::<4>("format_identifier")?);
            format!("{identifier} {}", text_or_hex(body.rest()))
        }
        UUID if bytes.len() == 16 => {
            let hex = hex(bytes);
            [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
        }
        0x01..=0x03 | 0x07 | 0x09 | 0x0E | 0x0F | 0x11 => text_or_hex(bytes),
        _ => hex(bytes),
    })
}

fn text_or_hex(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => hex(bytes),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What a segmentation_upid_type means (table 22).
pub const fn upid_type_name(upid_type: u8) -> &'static str {
    match upid_type {
        0x00 => "none",
        0x01 => "user defined",
        0x02 => "ISCI",
        0x03 => "Ad-ID",
        0x04 => "UMID",
        0x05 => "ISAN (deprecated)",
        0x06 => "ISAN",
        0x07 => "TID",
        0x08 => "airing ID",
        0x09 => "ADI",
        0x0A => "EIDR",
        0x0B => "ATSC content identifier",
        MPU => "MPU",
        MID => "MID",
        0x0E => "ADS information",
        0x0F => "URI",
        UUID => "UUID",
        0x11 => "SCR",
        _ => "reserved",
    }
}
