//! Splice commands (SCTE 35, 9.7).

use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::pes::STAMP_MODULUS;
use crate::wire::read::{CutShort, Reader};
use crate::wire::si::printable;

/// The low 33 bits.
const STAMP_BITS: u64 = STAMP_MODULUS - 1;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Command {
    /// Nothing: a sign of life (9.7.1).
    Null,
    /// Splices announced by wall-clock time (9.7.2); only their number is read.
    Schedule {
        /// How many events it announces.
        count: u8,
    },
    /// A splice out of or back into the program (9.7.3).
    Insert(SpliceEvent),
    /// A point in time for the segmentation descriptors (9.7.4).
    TimeSignal {
        /// When; `None` is now.
        pts: Option<u64>,
    },
    /// Nothing: it keeps the bandwidth (9.7.5).
    BandwidthReservation,
    /// A command of another's definition (9.7.6).
    Private {
        /// Whose.
        identifier: String,
        /// Bytes that follow, of unknown meaning.
        len: usize,
    },
    /// A command that is encrypted, so that not even its type is known.
    Encrypted,
    /// A reserved splice_command_type.
    Reserved {
        /// splice_command_type.
        command_type: u8,
    },
}

/// A splice_insert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SpliceEvent {
    /// splice_event_id.
    pub event_id: u32,
    /// What is to happen; `None` if the event of that id is cancelled.
    pub insert: Option<Insert>,
}

/// What a splice_insert that is no cancellation asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Insert {
    /// out_of_network_indicator: out of the program, and not back into it.
    pub out_of_network: bool,
    /// splice_immediate_flag: at the next opportunity, so that there is no time.
    pub immediate: bool,
    /// When, if the whole program is spliced at a time.
    pub pts: Option<u64>,
    /// The components, if it is not the whole program.
    pub components: Vec<ComponentSplice>,
    /// How long the break is.
    pub break_duration: Option<BreakDuration>,
    /// unique_program_id.
    pub unique_program_id: u16,
    /// avail_num: which avail of the program this is; 0 if not used.
    pub avail: u8,
    /// avails_expected: how many the program has; 0 if not used.
    pub avails_expected: u8,
}

/// A splice of one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ComponentSplice {
    /// component_tag, as in the stream's descriptor.
    pub component_tag: u8,
    /// When; `None` is at the next opportunity.
    pub pts: Option<u64>,
}

/// A break_duration (9.8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BreakDuration {
    /// Whether the program returns at its end without another command.
    pub auto_return: bool,
    /// How long, in ticks of 90 kHz.
    pub ticks: u64,
}

impl Command {
    /// Reads the command of this splice_command_type (table 7); `body` is the command, and perhaps more.
    pub(super) fn read(command_type: u8, body: &mut Reader<'_>, pts_adjustment: u64) -> Result<Self, CutShort> {
        Ok(match command_type {
            0x00 => Self::Null,
            0x04 => read_schedule(body)?,
            0x05 => Self::Insert(SpliceEvent::read(body, pts_adjustment)?),
            0x06 => Self::TimeSignal { pts: read_splice_time(body, pts_adjustment)? },
            0x07 => Self::BandwidthReservation,
            0xFF => read_private(body)?,
            command_type => {
                body.take(body.rest().len(), "reserved command")?;
                Self::Reserved { command_type }
            }
        })
    }
}

fn read_schedule(body: &mut Reader<'_>) -> Result<Command, CutShort> {
    let count = body.u8("splice_count")?;
    body.take(body.rest().len(), "splice_schedule")?;
    Ok(Command::Schedule { count })
}

fn read_private(body: &mut Reader<'_>) -> Result<Command, CutShort> {
    let identifier = printable(&body.array::<4>("identifier")?);
    let len = body.rest().len();
    body.take(len, "private_command")?;
    Ok(Command::Private { identifier, len })
}

impl SpliceEvent {
    fn read(body: &mut Reader<'_>, pts_adjustment: u64) -> Result<Self, CutShort> {
        let event_id = body.u32("splice_event_id")?;
        let is_cancelled = body.u8("splice_event_cancel_indicator")? & 0x80 != 0;
        let insert = if is_cancelled { None } else { Some(Insert::read(body, pts_adjustment)?) };
        Ok(Self { event_id, insert })
    }
}

impl Insert {
    fn read(body: &mut Reader<'_>, pts_adjustment: u64) -> Result<Self, CutShort> {
        let flags = body.u8("splice_insert flags")?;
        let (is_program, immediate) = (flags & 0x40 != 0, flags & 0x10 != 0);
        Ok(Self {
            out_of_network: flags & 0x80 != 0,
            immediate,
            pts: if is_program && !immediate { read_splice_time(body, pts_adjustment)? } else { None },
            components: if is_program { Vec::new() } else { read_components(body, immediate, pts_adjustment)? },
            break_duration: if flags & 0x20 != 0 { Some(BreakDuration::read(body)?) } else { None },
            unique_program_id: body.u16("unique_program_id")?,
            avail: body.u8("avail_num")?,
            avails_expected: body.u8("avails_expected")?,
        })
    }
}

fn read_components(
    body: &mut Reader<'_>,
    immediate: bool,
    pts_adjustment: u64,
) -> Result<Vec<ComponentSplice>, CutShort> {
    let count = body.u8("component_count")?;
    (0..count).map(|_| ComponentSplice::read(body, immediate, pts_adjustment)).collect()
}

impl ComponentSplice {
    fn read(body: &mut Reader<'_>, immediate: bool, pts_adjustment: u64) -> Result<Self, CutShort> {
        let component_tag = body.u8("component_tag")?;
        let pts = if immediate { None } else { read_splice_time(body, pts_adjustment)? };
        Ok(Self { component_tag, pts })
    }
}

impl BreakDuration {
    fn read(body: &mut Reader<'_>) -> Result<Self, CutShort> {
        let bits = body.u40("break_duration")?;
        Ok(Self { auto_return: bits >> 39 != 0, ticks: bits & STAMP_BITS })
    }
}

/// Reads a splice_time (9.8.1) and adds the adjustment; `None` if it has no time.
fn read_splice_time(body: &mut Reader<'_>, pts_adjustment: u64) -> Result<Option<u64>, CutShort> {
    let is_specified = body.rest().first().is_some_and(|byte| byte & 0x80 != 0);
    if !is_specified {
        body.u8("splice_time")?;
        return Ok(None);
    }
    let pts = body.u40("splice_time")? & STAMP_BITS;
    Ok(Some((pts + pts_adjustment) & STAMP_BITS))
}
