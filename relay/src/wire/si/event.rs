//! The event information table (EN 300 468, 5.2.4).

use schemars::JsonSchema;
use serde::Serialize;

use super::running::{Condition, RunningStatus};
use super::text::{dvb_text, printable};
use super::time::{read_duration, read_utc, serialize_utc};
use super::{SiError, long_body};
use crate::time::Utc;
use crate::wire::read::{CutShort, Reader};
use crate::wire::section::Section;

/// short_event_descriptor (6.2.37).
const SHORT_EVENT: u8 = 0x4D;

/// A section of the event information table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventInformation {
    /// table_id: 0x4E and 0x4F are present and following, of the actual and another transport stream; 0x50 to 0x6F the
    /// schedule.
    pub table_id: u8,
    /// section_number; of present and following, 0 is the present event and 1 the following.
    pub section_number: u8,
    /// service_id.
    pub service_id: u16,
    /// transport_stream_id.
    pub transport_stream_id: u16,
    /// original_network_id.
    pub original_network_id: u16,
    /// The events, as they come.
    pub events: Vec<Event>,
}

/// An event of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Event {
    /// event_id.
    pub id: u16,
    /// When it starts, unless that is undefined.
    #[serde(serialize_with = "serialize_utc")]
    #[schemars(with = "Option<String>")]
    pub start: Option<Utc>,
    /// How long it is in seconds, unless that is undefined.
    pub duration_seconds: Option<u32>,
    /// Whether it runs.
    pub running_status: RunningStatus,
    /// free_CA_mode: whether one or more of its streams may be scrambled.
    pub scrambled: bool,
    /// ISO 639-2 code of the language of name and text.
    pub language: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// A short description.
    pub text: Option<String>,
}

impl EventInformation {
    pub(super) fn read(section: Section<'_>) -> Result<Self, SiError> {
        let mut body = long_body(section)?;
        let (transport_stream_id, original_network_id) =
            (body.u16("transport_stream_id")?, body.u16("original_network_id")?);
        body.array::<2>("last_table_id")?;
        let mut events = Vec::new();
        while !body.is_empty() {
            events.push(Event::read(&mut body)?);
        }
        Ok(Self {
            table_id: section.table_id(),
            section_number: section.number(),
            service_id: section.extension(),
            transport_stream_id,
            original_network_id,
            events,
        })
    }
}

impl Event {
    fn read(body: &mut Reader<'_>) -> Result<Self, SiError> {
        let id = body.u16("event_id")?;
        let start = read_utc(body, "start_time")?;
        let duration_seconds = read_duration(body, "duration")?;
        let Condition { running_status, scrambled, descriptors } = Condition::read(body)?;
        let short = descriptors.tagged(SHORT_EVENT).next().map(Short::read).transpose()?;
        Ok(Self {
            id,
            start,
            duration_seconds,
            running_status,
            scrambled,
            language: short.as_ref().map(|short| printable(&short.language)),
            name: short.as_ref().map(|short| dvb_text(short.name)),
            text: short.as_ref().map(|short| dvb_text(short.text)),
        })
    }
}

/// A short_event_descriptor.
struct Short<'a> {
    language: [u8; 3],
    name: &'a [u8],
    text: &'a [u8],
}

impl<'a> Short<'a> {
    fn read(body: &'a [u8]) -> Result<Self, CutShort> {
        let mut body = Reader::new(body);
        Ok(Self {
            language: body.array("ISO_639_language_code")?,
            name: body.counted_by_u8("event_name")?,
            text: body.counted_by_u8("text")?,
        })
    }
}
