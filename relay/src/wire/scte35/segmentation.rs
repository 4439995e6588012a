//! The segmentation_descriptor (SCTE 35, 10.3.3).

use schemars::JsonSchema;
use serde::Serialize;

use super::segment::{has_sub_segments, segmentation_type_name};
use super::upid::Upid;
use crate::wire::pes::STAMP_MODULUS;
use crate::wire::read::{CutShort, Reader};

/// A segmentation_descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Segmentation {
    /// segmentation_event_id.
    pub event_id: u32,
    /// The segment; `None` if the event of that id is cancelled.
    pub segment: Option<Segment>,
}

/// A point where a segment of the program begins or ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Segment {
    /// segmentation_type_id (table 23).
    pub type_id: u8,
    /// What that means.
    pub type_name: &'static str,
    /// How long the segment is in ticks of 90 kHz, `0..2^40`.
    pub duration_ticks: Option<u64>,
    /// What the segment is.
    pub upid: Upid,
    /// Which segment of the event this is.
    pub number: u8,
    /// How many segments the event has.
    pub expected: u8,
    /// Which part of the segment this is.
    pub sub_segment: Option<SubSegment>,
    /// How its delivery is restricted, if it is.
    pub restrictions: Option<Restrictions>,
    /// Components with an offset of their own, if it is not the whole program.
    pub components: Vec<ComponentOffset>,
}

/// A part of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SubSegment {
    /// Which.
    pub number: u8,
    /// How many there are.
    pub expected: u8,
}

/// How the delivery of a segment is restricted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Restrictions {
    /// Whether it may be delivered over the web.
    pub web_delivery_allowed: bool,
    /// Whether no region is blacked out.
    pub no_regional_blackout: bool,
    /// Whether it may be recorded.
    pub archive_allowed: bool,
    /// device_restrictions (table 21): 0 to 2 are groups that are excluded, 3 is none.
    pub devices: u8,
}

/// A component and its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ComponentOffset {
    /// component_tag, as in the stream's descriptor.
    pub component_tag: u8,
    /// What is added to the splice time, in ticks of 90 kHz.
    pub pts_offset: u64,
}

impl Segmentation {
    /// Reads what follows the descriptor's identifier.
    pub(super) fn read(body: &mut Reader<'_>) -> Result<Self, CutShort> {
        let event_id = body.u32("segmentation_event_id")?;
        let is_cancelled = body.u8("segmentation_event_cancel_indicator")? & 0x80 != 0;
        let segment = if is_cancelled { None } else { Some(Segment::read(body)?) };
        Ok(Self { event_id, segment })
    }
}

impl Segment {
    fn read(body: &mut Reader<'_>) -> Result<Self, CutShort> {
        let flags = body.u8("segmentation flags")?;
        let components = if flags & 0x80 != 0 { Vec::new() } else { read_components(body)? };
        let duration_ticks = if flags & 0x40 != 0 { Some(body.u40("segmentation_duration")?) } else { None };
        let upid = Upid::read(body)?;
        let type_id = body.u8("segmentation_type_id")?;
        Ok(Self {
            type_id,
            type_name: segmentation_type_name(type_id),
            duration_ticks,
            upid,
            number: body.u8("segment_num")?,
            expected: body.u8("segments_expected")?,
            sub_segment: SubSegment::read(body, type_id)?,
            restrictions: (flags & 0x20 == 0).then(|| Restrictions::of(flags)),
            components,
        })
    }
}

fn read_components(body: &mut Reader<'_>) -> Result<Vec<ComponentOffset>, CutShort> {
    let count = body.u8("component_count")?;
    (0..count).map(|_| ComponentOffset::read(body)).collect()
}

impl ComponentOffset {
    fn read(body: &mut Reader<'_>) -> Result<Self, CutShort> {
        let component_tag = body.u8("component_tag")?;
        Ok(Self { component_tag, pts_offset: body.u40("pts_offset")? % STAMP_MODULUS })
    }
}

impl SubSegment {
    /// Descriptors of older revisions end before it.
    fn read(body: &mut Reader<'_>, type_id: u8) -> Result<Option<Self>, CutShort> {
        if !has_sub_segments(type_id) || body.is_empty() {
            return Ok(None);
        }
        let number = body.u8("sub_segment_num")?;
        Ok(Some(Self { number, expected: body.u8("sub_segments_expected")? }))
    }
}

impl Restrictions {
    const fn of(flags: u8) -> Self {
        Self {
            web_delivery_allowed: flags & 0x10 != 0,
            no_regional_blackout: flags & 0x08 != 0,
            archive_allowed: flags & 0x04 != 0,
            devices: flags & 0x03,
        }
    }
}
