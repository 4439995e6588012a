//! The program association table (ISO/IEC 13818-1, 2.4.4.3).

use serde::Serialize;

use super::{SiError, long_body};
use crate::wire::read::{CutShort, Reader};
use crate::wire::section::Section;

/// A section of the program association table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProgramAssociation {
    /// transport_stream_id.
    pub transport_stream_id: u16,
    /// PID of the network information table, when the section names one.
    pub network_pid: Option<u16>,
    /// The programs, as they come.
    pub programs: Vec<Program>,
}

/// A program and the PID of its map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Program {
    /// program_number, not 0; the service_id of service information.
    pub number: u16,
    /// program_map_PID.
    pub map_pid: u16,
}

impl ProgramAssociation {
    pub(super) fn read(section: Section<'_>) -> Result<Self, SiError> {
        let mut body = long_body(section)?;
        let (mut network_pid, mut programs) = (None, Vec::new());
        while !body.is_empty() {
            match Program::read(&mut body)? {
                Program { number: 0, map_pid } => network_pid = Some(map_pid),
                program => programs.push(program),
            }
        }
        Ok(Self { transport_stream_id: section.extension(), network_pid, programs })
    }
}

impl Program {
    fn read(body: &mut Reader<'_>) -> Result<Self, CutShort> {
        Ok(Self { number: body.u16("program_number")?, map_pid: body.pid("program_map_PID")? })
    }
}
