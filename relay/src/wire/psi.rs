//! Sections of program specific information (ISO/IEC 13818-1, 2.4.4) and DVB service information (EN 300 468, 5.2),
//! built whole.

use thiserror::Error;

use super::ids;
use super::section::{CRC_LEN, SHORT_HEADER_LEN, crc32, longest};
use super::si::{NETWORK_NAME, SERVICE};
use crate::time::Utc;

/// Length of a time and date section in bytes.
pub const TDT_LEN: usize = 8;

/// Modified Julian Date of 1970-01-01 (EN 300 468, annex C).
pub(crate) const MJD_OF_EPOCH: u64 = 40_587;

/// section_syntax_indicator, above a length of 12 bits.
const SYNTAX: u16 = 0x8000;
/// Two reserved bits, above a length of 12 bits.
const RESERVED: u16 = 0x3000;

/// Why a section cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// The section would have this many bytes.
    #[error("section of {0} bytes is longer than the table may have")]
    TooLong(usize),
    /// A descriptor's body would have this many bytes.
    #[error("descriptor of {0} bytes is longer than 255")]
    DescriptorTooLong(usize),
}

/// An elementary stream of a program map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElementaryStream {
    /// stream_type (table 2-34): 0x03 MPEG-1 audio, 0x1B H.264 video.
    pub stream_type: u8,
    /// Its PID.
    pub pid: u16,
}

/// A service of the service description table, running and in the clear, without event information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service<'a> {
    /// service_id, the same as the program number.
    pub id: u16,
    /// service_type (EN 300 468, table 89): 0x19 is H.264 HD television.
    pub service_type: u8,
    /// Who provides it.
    pub provider: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// The program association section (2.4.4.3): `programs` are pairs of program number (0: the NIT) and PID.
///
/// # Errors
/// [`BuildError`] when there are more programs than a section holds.
pub fn program_association(transport_stream_id: u16, programs: &[(u16, u16)]) -> Result<Vec<u8>, BuildError> {
    let entry = |&(number, pid): &(u16, u16)| concat([number.to_be_bytes(), (0xE000 | pid).to_be_bytes()]);
    let body: Vec<u8> = programs.iter().flat_map(entry).collect();
    long_section(Head::first(ids::PAT, transport_stream_id), &body)
}

/// The program map section (2.4.4.8), without descriptors.
///
/// # Errors
/// [`BuildError`] when there are more streams than a section holds.
pub fn program_map(program: u16, pcr_pid: u16, streams: &[ElementaryStream]) -> Result<Vec<u8>, BuildError> {
    let mut body = concat([(0xE000 | pcr_pid).to_be_bytes(), 0xF000_u16.to_be_bytes()]).to_vec();
    for stream in streams {
        body.push(stream.stream_type);
        body.extend(concat([(0xE000 | stream.pid).to_be_bytes(), 0xF000_u16.to_be_bytes()]));
    }
    long_section(Head::first(ids::PMT, program), &body)
}

/// The service description section of the actual transport stream (EN 300 468, 5.2.3).
///
/// # Errors
/// [`BuildError`] when a name or the section is too long.
pub fn service_description(
    transport_stream_id: u16,
    original_network_id: u16,
    service: Service<'_>,
) -> Result<Vec<u8>, BuildError> {
    let mut description = vec![service.service_type];
    for text in [service.provider, service.name].map(dvb_text) {
        description.push(byte_len(&text)?);
        description.extend(text);
    }
    let descriptor = descriptor(SERVICE, &description)?;
    let [network_high, network_low] = original_network_id.to_be_bytes();
    let [id_high, id_low] = service.id.to_be_bytes();
    let mut body = vec![network_high, network_low, 0xFF, id_high, id_low, 0xFC];
    body.extend(loop_length(0x8000, descriptor.len()));
    body.extend(descriptor);
    long_section(Head::first(ids::SDT_ACTUAL, transport_stream_id), &body)
}

/// The network information section of the actual network (EN 300 468, 5.2.1), with the network's name and one
/// transport stream.
///
/// # Errors
/// [`BuildError`] when the name is too long.
pub fn network_information(network_id: u16, name: &str, transport_stream_id: u16) -> Result<Vec<u8>, BuildError> {
    let name = descriptor(NETWORK_NAME, &dvb_text(name))?;
    let mut body = loop_length(0xF000, name.len()).to_vec();
    body.extend(name);
    body.extend(loop_length(0xF000, 6));
    body.extend(concat([transport_stream_id.to_be_bytes(), network_id.to_be_bytes()]));
    body.extend(loop_length(0xF000, 0));
    long_section(Head::first(ids::NIT_ACTUAL, network_id), &body)
}

/// The time and date section (EN 300 468, 5.2.5), which has no CRC: whole seconds of `utc`.
pub const fn time_and_date(utc: Utc) -> [u8; TDT_LEN] {
    let seconds = utc.0 / 1_000_000_000;
    let [day_high, day_low] = ((MJD_OF_EPOCH + seconds / 86_400) as u16).to_be_bytes();
    let of_day = seconds % 86_400;
    [ids::TDT, 0x70, 0x05, day_high, day_low, bcd(of_day / 3_600), bcd(of_day / 60 % 60), bcd(of_day % 60)]
}

/// What a section with the section syntax begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// table_id.
    pub table_id: u8,
    /// table_id_extension.
    pub extension: u16,
    /// version_number, `0..32`.
    pub version: u8,
    /// current_next_indicator.
    pub is_current: bool,
    /// section_number.
    pub number: u8,
    /// last_section_number.
    pub last_number: u8,
}

impl Head {
    /// Of section 0 of 0, version 0, in force.
    pub const fn first(table_id: u8, extension: u16) -> Self {
        Self { table_id, extension, version: 0, is_current: true, number: 0, last_number: 0 }
    }
}

/// Any section with the section syntax.
///
/// # Errors
/// [`BuildError::TooLong`] when its table has no sections of that length.
pub fn long_section(head: Head, body: &[u8]) -> Result<Vec<u8>, BuildError> {
    let [extension_high, extension_low] = head.extension.to_be_bytes();
    let version = 0xC0 | (head.version & 0x1F) << 1 | u8::from(head.is_current);
    let rest_of_head = [extension_high, extension_low, version, head.number, head.last_number];
    with_crc(head.table_id, SYNTAX, &[&rest_of_head, body].concat())
}

/// Any section without the section syntax that ends with a CRC: time offset and splice information.
///
/// # Errors
/// [`BuildError::TooLong`] when its table has no sections of that length.
pub fn short_section(table_id: u8, body: &[u8]) -> Result<Vec<u8>, BuildError> {
    with_crc(table_id, 0, body)
}

fn with_crc(table_id: u8, syntax: u16, after_length: &[u8]) -> Result<Vec<u8>, BuildError> {
    let len = SHORT_HEADER_LEN + after_length.len() + CRC_LEN;
    if len > longest(table_id) {
        return Err(BuildError::TooLong(len));
    }
    let mut section = vec![table_id];
    section.extend(loop_length(syntax | second_indicator(table_id) | RESERVED, len - SHORT_HEADER_LEN));
    section.extend(after_length);
    section.extend(crc32(&section).to_be_bytes());
    Ok(section)
}

/// The bit after section_syntax_indicator: 0 in PSI (ISO/IEC 13818-1, 2.4.4.4) and splice information (SCTE 35, 9.6), 1
/// in service information (EN 300 468, 5.1.1).
const fn second_indicator(table_id: u8) -> u16 {
    match table_id {
        0..0x40 | ids::SPLICE_INFO => 0,
        _ => 0x4000,
    }
}

pub(crate) fn descriptor(tag: u8, body: &[u8]) -> Result<Vec<u8>, BuildError> {
    let mut descriptor = vec![tag, byte_len(body)?];
    descriptor.extend(body);
    Ok(descriptor)
}

/// Text as EN 300 468, annex A, wants it: the default table covers ASCII, 0x15 announces UTF-8.
fn dvb_text(text: &str) -> Vec<u8> {
    let selector: &[u8] = if text.is_ascii() { &[] } else { &[0x15] };
    [selector, text.as_bytes()].concat()
}

fn byte_len(body: &[u8]) -> Result<u8, BuildError> {
    u8::try_from(body.len()).map_err(|_| BuildError::DescriptorTooLong(body.len()))
}

/// A length of 12 bits below four flag bits.
pub(crate) fn loop_length(flags: u16, len: usize) -> [u8; 2] {
    (flags | len as u16 & 0x0FFF).to_be_bytes()
}

const fn concat(pair: [[u8; 2]; 2]) -> [u8; 4] {
    [pair[0][0], pair[0][1], pair[1][0], pair[1][1]]
}

const fn bcd(number: u64) -> u8 {
    (number / 10 * 16 + number % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ids::NIT_PID;
    use proptest::prelude::*;

    #[test]
    fn the_time_of_a_known_day_is_in_mjd_and_bcd() {
        let utc = Utc(750_516_300_000_000_000); // 1993-10-13 12:45:00, MJD 49273: the example of annex C
        assert_eq!(time_and_date(utc), [0x70, 0x70, 0x05, 0xC0, 0x79, 0x12, 0x45, 0x00]);
    }

    #[test]
    fn a_name_too_long_is_refused() {
        let service = Service { id: 1, service_type: 0x19, provider: "", name: &"x".repeat(260) };
        assert_eq!(service_description(1, 1, service), Err(BuildError::DescriptorTooLong(260)));
        assert_eq!(program_association(1, &[(1, 0x100); 254]), Err(BuildError::TooLong(1_028)));
    }

    proptest! {
        #[test]
        fn every_section_closes_with_its_crc_and_tells_its_length(id: u16, name in "\\PC{0,40}") {
            let service = Service { id, service_type: 0x19, provider: "p", name: &name };
            for section in [
                program_association(id, &[(0, NIT_PID), (id, 0x100)]).unwrap(),
                program_map(id, 0x101, &[ElementaryStream { stream_type: 0x1B, pid: 0x101 }]).unwrap(),
                service_description(id, id, service).unwrap(),
                network_information(id, &name, id).unwrap(),
            ] {
                prop_assert_eq!(crc32(&section), 0);
                let length = usize::from(u16::from_be_bytes([section[1], section[2]]) & 0x0FFF);
                prop_assert_eq!(length + 3, section.len());
            }
        }
    }
}
