//! The program map (ISO/IEC 13818-1, 2.4.4.8).

use serde::Serialize;

use super::conditional_access::CaSystem;
use super::stream::{Stream, registration};
use super::{SiError, long_body};
use crate::wire::section::Section;
use crate::wire::ts::NULL_PID;

/// A program map section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProgramMap {
    /// program_number.
    pub program: u16,
    /// PID that carries the program's PCR; `None` if it has none.
    pub pcr_pid: Option<u16>,
    /// format_identifier of the program's registration descriptor (2.6.8): `CUEI` announces splice information.
    pub registration: Option<String>,
    /// Conditional access systems of the whole program, with the PIDs of their control messages.
    pub ca_systems: Vec<CaSystem>,
    /// Its elementary streams, as they come.
    pub streams: Vec<Stream>,
}

impl ProgramMap {
    pub(super) fn read(section: Section<'_>) -> Result<Self, SiError> {
        let mut body = long_body(section)?;
        let pcr_pid = body.pid("PCR_PID")?;
        let descriptors = body.descriptors("program_info")?;
        let registration = registration(descriptors)?;
        let mut streams = Vec::new();
        while !body.is_empty() {
            streams.push(Stream::read(&mut body, registration.as_deref())?);
        }
        Ok(Self {
            program: section.extension(),
            pcr_pid: Some(pcr_pid).filter(|&pid| pid != NULL_PID),
            ca_systems: CaSystem::all(descriptors)?,
            registration,
            streams,
        })
    }
}
