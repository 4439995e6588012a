//! An elementary stream of a program map and its descriptors.

use serde::Serialize;

use super::conditional_access::CaSystem;
use super::kind::{StreamKind, kind_and_codec};
use super::text::printable;
use crate::wire::read::{CutShort, Descriptors, Reader};

/// Descriptors that say more about a stream (ISO/IEC 13818-1, table 2-45; EN 300 468, table 12).
const REGISTRATION: u8 = 0x05;
const ISO_639_LANGUAGE: u8 = 0x0A;
const VBI_TELETEXT: u8 = 0x46;
const STREAM_IDENTIFIER: u8 = 0x52;
const TELETEXT: u8 = 0x56;
const SUBTITLING: u8 = 0x59;

/// An elementary stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stream {
    /// Its PID.
    pub pid: u16,
    /// stream_type (ISO/IEC 13818-1, table 2-34).
    pub stream_type: u8,
    /// What it is for.
    pub kind: StreamKind,
    /// How it is coded, such as `H.264`, or `stream_type 0x99` if that is not known.
    pub codec: String,
    /// ISO 639-2 codes of its languages, each once.
    pub languages: Vec<String>,
    /// format_identifier of its registration descriptor (2.6.8).
    pub registration: Option<String>,
    /// component_tag (EN 300 468, 6.2.39).
    pub component_tag: Option<u8>,
    /// Conditional access systems of this stream, with the PIDs of their control messages.
    pub ca_systems: Vec<CaSystem>,
}

impl Stream {
    /// Reads the next stream of a program with this registration.
    pub(super) fn read(body: &mut Reader<'_>, program_registration: Option<&str>) -> Result<Self, CutShort> {
        let stream_type = body.u8("stream_type")?;
        let pid = body.pid("elementary_PID")?;
        let descriptors = body.descriptors("ES_info")?;
        let registration = registration(descriptors)?;
        let (kind, codec) = kind_and_codec(stream_type, descriptors, [registration.as_deref(), program_registration]);
        Ok(Self {
            pid,
            stream_type,
            kind,
            codec: codec.map_or_else(|| format!("stream_type {stream_type:#04x}"), str::to_owned),
            languages: languages(descriptors)?,
            registration,
            component_tag: descriptors.tagged(STREAM_IDENTIFIER).find_map(|body| body.first().copied()),
            ca_systems: CaSystem::all(descriptors)?,
        })
    }
}

/// format_identifier of the first registration descriptor.
pub(super) fn registration(mut descriptors: Descriptors<'_>) -> Result<Option<String>, CutShort> {
    let first = descriptors.find(|descriptor| descriptor.tag == REGISTRATION);
    let read = |body: &[u8]| Reader::new(body).array::<4>("format_identifier");
    Ok(first.map(|descriptor| read(descriptor.body)).transpose()?.map(|identifier| printable(&identifier)))
}

fn languages(descriptors: Descriptors<'_>) -> Result<Vec<String>, CutShort> {
    let mut languages = Vec::new();
    for descriptor in descriptors {
        let Some(rest_len) = rest_of_entry(descriptor.tag) else { continue };
        let mut body = Reader::new(descriptor.body);
        while !body.is_empty() {
            let language = printable(&body.array::<3>("ISO_639_language_code")?);
            body.take(rest_len, "entry of a language")?;
            if !languages.contains(&language) {
                languages.push(language);
            }
        }
    }
    Ok(languages)
}

/// Bytes that follow each language in descriptors that list languages.
const fn rest_of_entry(tag: u8) -> Option<usize> {
    match tag {
        ISO_639_LANGUAGE => Some(1),
        TELETEXT | VBI_TELETEXT => Some(2),
        SUBTITLING => Some(5),
        _ => None,
    }
}
