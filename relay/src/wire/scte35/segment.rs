//! segmentation_type_id (SCTE 35, table 23).

/// Whether a segment of this type may tell of parts.
pub(super) const fn has_sub_segments(type_id: u8) -> bool {
    matches!(type_id, 0x30 | 0x32 | 0x34 | 0x36 | 0x38 | 0x3A | 0x44 | 0x46)
}

/// What a segmentation_type_id means.
pub const fn segmentation_type_name(type_id: u8) -> &'static str {
    match type_id {
        0x00 => "not indicated",
        0x01 => "content identification",
        0x02 => "private",
        0x10..=0x1A => program(type_id),
        0x20 => "chapter start",
        0x21 => "chapter end",
        0x22 => "break start",
        0x23 => "break end",
        0x24 => "opening credit start",
        0x25 => "opening credit end",
        0x26 => "closing credit start",
        0x27 => "closing credit end",
        0x30..=0x47 => opportunity(type_id),
        0x50 => "network start",
        0x51 => "network end",
        _ => "reserved",
    }
}

const fn program(type_id: u8) -> &'static str {
    match type_id {
        0x10 => "program start",
        0x11 => "program end",
        0x12 => "program early termination",
        0x13 => "program breakaway",
        0x14 => "program resumption",
        0x15 => "program runover planned",
        0x16 => "program runover unplanned",
        0x17 => "program overlap start",
        0x18 => "program blackout override",
        0x19 => "program join",
        _ => "program immediate resumption",
    }
}

const fn opportunity(type_id: u8) -> &'static str {
    match type_id {
        0x30 => "provider advertisement start",
        0x31 => "provider advertisement end",
        0x32 => "distributor advertisement start",
        0x33 => "distributor advertisement end",
        0x34 => "provider placement opportunity start",
        0x35 => "provider placement opportunity end",
        0x36 => "distributor placement opportunity start",
        0x37 => "distributor placement opportunity end",
        0x38 => "provider overlay placement opportunity start",
        0x39 => "provider overlay placement opportunity end",
        0x3A => "distributor overlay placement opportunity start",
        0x3B => "distributor overlay placement opportunity end",
        0x3C => "provider promo start",
        0x3D => "provider promo end",
        0x3E => "distributor promo start",
        0x3F => "distributor promo end",
        0x40 => "unscheduled event start",
        0x41 => "unscheduled event end",
        0x42 => "alternate content opportunity start",
        0x43 => "alternate content opportunity end",
        0x44 => "provider ad block start",
        0x45 => "provider ad block end",
        0x46 => "distributor ad block start",
        _ => "distributor ad block end",
    }
}
