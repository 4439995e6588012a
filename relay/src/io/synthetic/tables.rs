//! The channel's PSI and SI sections.

use super::schedule::{AUDIO_PID, MAP_PID, Table, VIDEO_PID};
use crate::wire::ids;
use crate::wire::psi::{self, BuildError, ElementaryStream, Service};

const STREAM_TYPE_MPEG1_AUDIO: u8 = 0x03;
const STREAM_TYPE_H264: u8 = 0x1B;
/// H.264 HD digital television (EN 300 468, table 89).
const SERVICE_TYPE_H264_HD: u8 = 0x19;
const PROVIDER: &str = "flowclient";
/// For private and temporary use (ETSI TS 101 162, 5.2).
const NETWORK_ID: u16 = 0xFF01;
const TRANSPORT_STREAM_ID: u16 = 1;

/// The sections that stay as they are; the time's is made anew each time.
#[derive(Debug)]
pub(super) struct Tables {
    association: Vec<u8>,
    map: Vec<u8>,
    network: Vec<u8>,
    service: Vec<u8>,
}

impl Tables {
    pub(super) fn new(program: u16, name: &str) -> Result<Self, BuildError> {
        let streams = [
            ElementaryStream { stream_type: STREAM_TYPE_H264, pid: VIDEO_PID },
            ElementaryStream { stream_type: STREAM_TYPE_MPEG1_AUDIO, pid: AUDIO_PID },
        ];
        let service = Service { id: program, service_type: SERVICE_TYPE_H264_HD, provider: PROVIDER, name };
        Ok(Self {
            association: psi::program_association(TRANSPORT_STREAM_ID, &[(0, ids::NIT_PID), (program, MAP_PID)])?,
            map: psi::program_map(program, VIDEO_PID, &streams)?,
            network: psi::network_information(NETWORK_ID, PROVIDER, TRANSPORT_STREAM_ID)?,
            service: psi::service_description(TRANSPORT_STREAM_ID, NETWORK_ID, service)?,
        })
    }

    /// The table's section; `None` for the time.
    pub(super) fn section(&self, table: Table) -> Option<&[u8]> {
        match table {
            Table::Association => Some(&self.association),
            Table::Map => Some(&self.map),
            Table::Network => Some(&self.network),
            Table::Service => Some(&self.service),
            Table::Time => None,
        }
    }
}
