//! The conditional access table (ISO/IEC 13818-1, 2.4.4.6) and descriptor (2.6.16).

use serde::Serialize;

use super::{SiError, long_body};
use crate::wire::read::{CutShort, Descriptors, Reader};
use crate::wire::section::Section;

/// CA_descriptor.
const CA: u8 = 0x09;

/// A section of the conditional access table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConditionalAccess {
    /// The systems, with the PIDs of their entitlement management messages.
    pub systems: Vec<CaSystem>,
}

/// A conditional access system and the PID of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CaSystem {
    /// CA_system_ID (ETSI TS 101 162, 5.7).
    pub id: u16,
    /// CA_PID: of management messages in the conditional access table, of control messages in a program map.
    pub pid: u16,
}

impl ConditionalAccess {
    pub(super) fn read(section: Section<'_>) -> Result<Self, SiError> {
        let descriptors = Descriptors::new(long_body(section)?.rest(), "descriptor of the CAT")?;
        Ok(Self { systems: CaSystem::all(descriptors)? })
    }
}

impl CaSystem {
    /// Those that a loop of descriptors names.
    pub(super) fn all(descriptors: Descriptors<'_>) -> Result<Vec<Self>, CutShort> {
        descriptors.tagged(CA).map(|body| Self::read(Reader::new(body))).collect()
    }

    fn read(mut body: Reader<'_>) -> Result<Self, CutShort> {
        Ok(Self { id: body.u16("CA_system_ID")?, pid: body.pid("CA_PID")? })
    }
}
