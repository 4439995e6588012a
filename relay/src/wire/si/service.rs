//! The service description table (EN 300 468, 5.2.3).

use serde::Serialize;

use super::running::{Condition, RunningStatus};
use super::text::dvb_text;
use super::{SiError, long_body};
use crate::wire::ids::SDT_ACTUAL;
use crate::wire::read::{CutShort, Reader};
use crate::wire::section::Section;

/// service_descriptor (6.2.33).
pub(crate) const SERVICE: u8 = 0x48;

/// A section of the service description table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceDescription {
    /// transport_stream_id.
    pub transport_stream_id: u16,
    /// original_network_id.
    pub original_network_id: u16,
    /// Whether it is the transport stream that the table is sent on.
    pub actual: bool,
    /// Its services, as they come.
    pub services: Vec<Service>,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Service {
    /// service_id, the same as the program number.
    pub id: u16,
    /// Whether the transport stream has a schedule of its events.
    pub has_schedule: bool,
    /// Whether the transport stream has its present and following event.
    pub has_present_following: bool,
    /// Whether it runs.
    pub running_status: RunningStatus,
    /// free_CA_mode: whether one or more of its streams may be scrambled.
    pub scrambled: bool,
    /// service_type (table 89), see [`service_type_name`].
    pub service_type: Option<u8>,
    /// Who provides it.
    pub provider: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

impl ServiceDescription {
    pub(super) fn read(section: Section<'_>) -> Result<Self, SiError> {
        let mut body = long_body(section)?;
        let original_network_id = body.u16("original_network_id")?;
        body.u8("reserved_future_use")?;
        let mut services = Vec::new();
        while !body.is_empty() {
            services.push(Service::read(&mut body)?);
        }
        let actual = section.table_id() == SDT_ACTUAL;
        Ok(Self { transport_stream_id: section.extension(), original_network_id, actual, services })
    }
}

impl Service {
    fn read(body: &mut Reader<'_>) -> Result<Self, CutShort> {
        let id = body.u16("service_id")?;
        let events = body.u8("EIT_flags")?;
        let Condition { running_status, scrambled, descriptors } = Condition::read(body)?;
        let description = descriptors.tagged(SERVICE).next().map(Description::read).transpose()?;
        Ok(Self {
            id,
            has_schedule: events & 2 != 0,
            has_present_following: events & 1 != 0,
            running_status,
            scrambled,
            service_type: description.as_ref().map(|description| description.service_type),
            provider: description.as_ref().map(|description| dvb_text(description.provider)),
            name: description.as_ref().map(|description| dvb_text(description.name)),
        })
    }
}

/// A service_descriptor.
struct Description<'a> {
    service_type: u8,
    provider: &'a [u8],
    name: &'a [u8],
}

impl<'a> Description<'a> {
    fn read(body: &'a [u8]) -> Result<Self, CutShort> {
        let mut body = Reader::new(body);
        Ok(Self {
            service_type: body.u8("service_type")?,
            provider: body.counted_by_u8("service_provider_name")?,
            name: body.counted_by_u8("service_name")?,
        })
    }
}

/// What a service_type means (EN 300 468, table 89).
pub const fn service_type_name(service_type: u8) -> &'static str {
    match service_type {
        0x01 => "digital television",
        0x02 => "digital radio sound",
        0x03 => "teletext",
        0x04 => "NVOD reference",
        0x05 => "NVOD time-shifted",
        0x06 => "mosaic",
        0x07 => "FM radio",
        0x08 => "DVB SRM",
        0x0A => "advanced codec digital radio sound",
        0x0B => "H.264 mosaic",
        0x0C => "data broadcast",
        0x0E => "RCS map",
        0x0F => "RCS FLS",
        0x10 => "DVB MHP",
        0x11 => "MPEG-2 HD digital television",
        0x16 => "H.264 SD digital television",
        0x17 => "H.264 SD NVOD time-shifted",
        0x18 => "H.264 SD NVOD reference",
        0x19 => "H.264 HD digital television",
        0x1A => "H.264 HD NVOD time-shifted",
        0x1B => "H.264 HD NVOD reference",
        0x1C => "H.264 plano-stereoscopic HD digital television",
        0x1D => "H.264 plano-stereoscopic HD NVOD time-shifted",
        0x1E => "H.264 plano-stereoscopic HD NVOD reference",
        0x1F => "HEVC digital television",
        0x20 => "HEVC UHD digital television",
        0x80..=0xFE => "user defined",
        _ => "reserved",
    }
}
