//! Whether services and events run (EN 300 468, table 6), and the table that tells of changes (5.2.7).

use schemars::JsonSchema;
use serde::Serialize;

use super::{SiError, short_body};
use crate::wire::read::{CutShort, Descriptors, Reader};
use crate::wire::section::Section;

/// running_status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunningStatus {
    /// Not told.
    Undefined,
    /// It does not run.
    NotRunning,
    /// It starts in a few seconds.
    StartsSoon,
    /// It pauses.
    Pausing,
    /// It runs.
    Running,
    /// The service is off air.
    OffAir,
    /// Reserved for future use.
    Reserved,
}

impl RunningStatus {
    /// Of the low three bits.
    pub(super) const fn of(bits: u8) -> Self {
        match bits & 7 {
            0 => Self::Undefined,
            1 => Self::NotRunning,
            2 => Self::StartsSoon,
            3 => Self::Pausing,
            4 => Self::Running,
            5 => Self::OffAir,
            _ => Self::Reserved,
        }
    }
}

/// What services and events alike end with.
pub(super) struct Condition<'a> {
    pub(super) running_status: RunningStatus,
    /// free_CA_mode.
    pub(super) scrambled: bool,
    pub(super) descriptors: Descriptors<'a>,
}

impl<'a> Condition<'a> {
    pub(super) fn read(body: &mut Reader<'a>) -> Result<Self, CutShort> {
        let bits = body.rest().first().copied().unwrap_or(0);
        Ok(Self {
            running_status: RunningStatus::of(bits >> 5),
            scrambled: bits & 0x10 != 0,
            descriptors: body.descriptors("descriptors_loop")?,
        })
    }
}

/// A running status section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusTable {
    /// Events whose status changes.
    pub changes: Vec<StatusChange>,
}

/// The new status of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StatusChange {
    /// transport_stream_id.
    pub transport_stream_id: u16,
    /// original_network_id.
    pub original_network_id: u16,
    /// service_id.
    pub service_id: u16,
    /// event_id.
    pub event_id: u16,
    /// The status.
    pub status: RunningStatus,
}

impl StatusTable {
    pub(super) fn read(section: Section<'_>) -> Result<Self, SiError> {
        let mut body = short_body(section)?;
        let mut changes = Vec::new();
        while !body.is_empty() {
            changes.push(StatusChange::read(&mut body)?);
        }
        Ok(Self { changes })
    }
}

impl StatusChange {
    fn read(body: &mut Reader<'_>) -> Result<Self, CutShort> {
        Ok(Self {
            transport_stream_id: body.u16("transport_stream_id")?,
            original_network_id: body.u16("original_network_id")?,
            service_id: body.u16("service_id")?,
            event_id: body.u16("event_id")?,
            status: RunningStatus::of(body.u8("running_status")?),
        })
    }
}
