//! What sections of program specific information (ISO/IEC 13818-1, 2.4.4) and of service information (EN 300 468, 5.2)
//! say, as owned values.
//!
//! A table that comes again unchanged need not be read again: [`Section::version`] and [`Section::crc`] tell.

mod association;
mod conditional_access;
mod event;
mod kind;
mod latin;
mod map;
mod network;
mod running;
mod service;
mod stream;
#[cfg(test)]
mod tests;
mod text;
mod time;

use serde::Serialize;
use thiserror::Error;

pub use association::{Program, ProgramAssociation};
pub use conditional_access::{CaSystem, ConditionalAccess};
pub use event::{Event, EventInformation};
pub use kind::StreamKind;
pub use map::ProgramMap;
pub use network::{NetworkInformation, TransportStream};
pub use running::{RunningStatus, StatusChange, StatusTable};
pub use service::{Service, ServiceDescription, service_type_name};
pub use stream::Stream;
pub use text::dvb_text;
pub(crate) use time::serialize_utc;
pub use time::{LocalOffset, TimeTable};

pub(crate) use network::NETWORK_NAME;
pub(crate) use service::SERVICE;
pub(crate) use text::printable;

use super::ids;
use super::read::{CutShort, Reader};
use super::section::Section;

/// Why a section cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SiError {
    /// No parser reads this table.
    #[error("table {0:#04x} is not one that is read here")]
    Table(u8),
    /// CRC_32 does not match.
    #[error("CRC_32 is wrong")]
    Crc,
    /// section_syntax_indicator is 0 where the table wants the section syntax, or 1 where it does not.
    #[error("section_syntax_indicator is {0}, should be {not}", not = !.0)]
    Syntax(bool),
    /// A field or loop does not fit.
    #[error(transparent)]
    CutShort(#[from] CutShort),
    /// A time of day or duration is not in binary coded decimal.
    #[error("{0} is not a time in binary coded decimal")]
    NotDecimal(&'static str),
}

/// What a section of any table read here says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Program association.
    Association(ProgramAssociation),
    /// Conditional access.
    ConditionalAccess(ConditionalAccess),
    /// Program map.
    Map(ProgramMap),
    /// Network information.
    Network(NetworkInformation),
    /// Service description.
    Service(ServiceDescription),
    /// Event information.
    Event(EventInformation),
    /// Time and date, or time offset.
    Time(TimeTable),
    /// Running status.
    Status(StatusTable),
}

impl Table {
    /// Reads a section of any table; its CRC is checked first.
    ///
    /// # Errors
    /// [`SiError`]: [`SiError::Table`] for tables that are not read here, among them bouquets, stuffing and
    /// [splice information](super::scte35).
    pub fn parse(section: Section<'_>) -> Result<Self, SiError> {
        match section.table_id() {
            ids::PAT => ProgramAssociation::read(section).map(Self::Association),
            ids::CAT => ConditionalAccess::read(section).map(Self::ConditionalAccess),
            ids::PMT => ProgramMap::read(section).map(Self::Map),
            ids::NIT_ACTUAL | ids::NIT_OTHER => NetworkInformation::read(section).map(Self::Network),
            ids::SDT_ACTUAL | ids::SDT_OTHER => ServiceDescription::read(section).map(Self::Service),
            ids::EIT_PF_ACTUAL..=ids::EIT_SCHEDULE_LAST => EventInformation::read(section).map(Self::Event),
            ids::TDT | ids::TOT => TimeTable::read(section).map(Self::Time),
            ids::RST => StatusTable::read(section).map(Self::Status),
            other => Err(SiError::Table(other)),
        }
    }
}

/// The body of a section that must have the section syntax.
fn long_body(section: Section<'_>) -> Result<Reader<'_>, SiError> {
    checked_body(section, true)
}

/// The body of a section that must not have the section syntax.
fn short_body(section: Section<'_>) -> Result<Reader<'_>, SiError> {
    checked_body(section, false)
}

fn checked_body(section: Section<'_>, has_syntax: bool) -> Result<Reader<'_>, SiError> {
    if section.has_syntax() != has_syntax {
        return Err(SiError::Syntax(section.has_syntax()));
    }
    if !section.crc_ok() {
        return Err(SiError::Crc);
    }
    Ok(Reader::new(section.body()))
}
