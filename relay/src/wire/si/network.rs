//! The network information table (EN 300 468, 5.2.1).

use serde::Serialize;

use super::text::dvb_text;
use super::{SiError, long_body};
use crate::wire::ids::NIT_ACTUAL;
use crate::wire::read::{CutShort, Reader};
use crate::wire::section::Section;

/// network_name_descriptor (6.2.27).
pub(crate) const NETWORK_NAME: u8 = 0x40;

/// A section of the network information table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetworkInformation {
    /// network_id (ETSI TS 101 162, 5.3).
    pub network_id: u16,
    /// Whether it is the network that the table is sent on.
    pub actual: bool,
    /// Its name.
    pub name: Option<String>,
    /// Its transport streams, as they come.
    pub transport_streams: Vec<TransportStream>,
}

/// A transport stream of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TransportStream {
    /// transport_stream_id.
    pub id: u16,
    /// original_network_id.
    pub original_network_id: u16,
}

impl NetworkInformation {
    pub(super) fn read(section: Section<'_>) -> Result<Self, SiError> {
        let mut body = long_body(section)?;
        let name = body.descriptors("network_descriptors")?.tagged(NETWORK_NAME).next().map(dvb_text);
        let mut transport_loop = Reader::new(body.counted_by_12_bits("transport_stream_loop")?);
        let mut transport_streams = Vec::new();
        while !transport_loop.is_empty() {
            transport_streams.push(TransportStream::read(&mut transport_loop)?);
        }
        let actual = section.table_id() == NIT_ACTUAL;
        Ok(Self { network_id: section.extension(), actual, name, transport_streams })
    }
}

impl TransportStream {
    fn read(body: &mut Reader<'_>) -> Result<Self, CutShort> {
        let (id, original_network_id) = (body.u16("transport_stream_id")?, body.u16("original_network_id")?);
        body.descriptors("transport_descriptors")?;
        Ok(Self { id, original_network_id })
    }
}
