//! The time and date table (EN 300 468, 5.2.5), the time offset table (5.2.6), and times in them and elsewhere (annex C).

use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use super::text::printable;
use super::{SiError, short_body};
use crate::time::Utc;
use crate::wire::ids::TOT;
use crate::wire::psi::MJD_OF_EPOCH;
use crate::wire::read::{Descriptors, Reader};
use crate::wire::section::Section;

/// local_time_offset_descriptor (6.2.20).
const LOCAL_TIME_OFFSET: u8 = 0x58;
const SECONDS_A_DAY: u64 = 86_400;
const NANOS_A_SECOND: u64 = 1_000_000_000;

/// A time and date or time offset section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimeTable {
    /// The time now, in whole seconds.
    #[serde(serialize_with = "serialize_utc")]
    pub utc: Option<Utc>,
    /// Local time by country, in time offset sections.
    pub offsets: Vec<LocalOffset>,
}

/// How local time differs from UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LocalOffset {
    /// ISO 3166 code of the country.
    pub country: String,
    /// country_region_id; 0 if the country has one time.
    pub region: u8,
    /// Local time less UTC, in minutes.
    pub minutes: i16,
    /// When it changes.
    #[serde(serialize_with = "serialize_utc")]
    pub changes_at: Option<Utc>,
    /// Local time less UTC after that, in minutes.
    pub next_minutes: i16,
}

impl TimeTable {
    pub(super) fn read(section: Section<'_>) -> Result<Self, SiError> {
        let mut body = short_body(section)?;
        let utc = read_utc(&mut body, "UTC_time")?;
        let mut offsets = Vec::new();
        if section.table_id() == TOT {
            read_offsets(body.descriptors("descriptors_loop")?, &mut offsets)?;
        }
        Ok(Self { utc, offsets })
    }
}

fn read_offsets(descriptors: Descriptors<'_>, offsets: &mut Vec<LocalOffset>) -> Result<(), SiError> {
    for mut body in descriptors.tagged(LOCAL_TIME_OFFSET).map(Reader::new) {
        while !body.is_empty() {
            offsets.push(LocalOffset::read(&mut body)?);
        }
    }
    Ok(())
}

impl LocalOffset {
    fn read(body: &mut Reader<'_>) -> Result<Self, SiError> {
        let country: [u8; 3] = body.array("country_code")?;
        let region_and_polarity = body.u8("country_region_id")?;
        let minus = region_and_polarity & 1 != 0;
        Ok(Self {
            country: printable(&country),
            region: region_and_polarity >> 2,
            minutes: read_offset(body, minus, "local_time_offset")?,
            changes_at: read_utc(body, "time_of_change")?,
            next_minutes: read_offset(body, minus, "next_time_offset")?,
        })
    }
}

/// Hours and minutes in BCD, in minutes.
fn read_offset(body: &mut Reader<'_>, minus: bool, field: &'static str) -> Result<i16, SiError> {
    let [hours, minutes] = body.array(field)?;
    let minutes = (two_digits(hours).zip(two_digits(minutes))).map(|(hours, minutes)| hours * 60 + minutes);
    let minutes = minutes.ok_or(SiError::NotDecimal(field))? as i16;
    Ok(if minus { -minutes } else { minutes })
}

/// UTC in 5 bytes: day in Modified Julian Date, then time of day; `None` if all bits are ones, or before 1970.
pub(super) fn read_utc(body: &mut Reader<'_>, field: &'static str) -> Result<Option<Utc>, SiError> {
    if body.rest().starts_with(&[0xFF; 5]) {
        body.take(5, field)?;
        return Ok(None);
    }
    let day = u64::from(body.u16(field)?);
    let of_day = read_duration(body, field)?.filter(|&seconds| u64::from(seconds) < SECONDS_A_DAY);
    let of_day = u64::from(of_day.ok_or(SiError::NotDecimal(field))?);
    let days = day.checked_sub(MJD_OF_EPOCH);
    Ok(days.map(|days| Utc((days * SECONDS_A_DAY + of_day) * NANOS_A_SECOND)))
}

/// Hours, minutes and seconds in BCD, in seconds; `None` if all bits are ones.
pub(super) fn read_duration(body: &mut Reader<'_>, field: &'static str) -> Result<Option<u32>, SiError> {
    match body.array(field)? {
        [0xFF, 0xFF, 0xFF] => Ok(None),
        bcd => seconds(bcd).map(Some).ok_or(SiError::NotDecimal(field)),
    }
}

fn seconds(bcd: [u8; 3]) -> Option<u32> {
    let [hours, minutes, seconds] = bcd.map(two_digits);
    let (minutes, seconds) = (minutes.filter(|&minutes| minutes < 60)?, seconds.filter(|&seconds| seconds < 60)?);
    Some(hours? * 3_600 + minutes * 60 + seconds)
}

fn two_digits(bcd: u8) -> Option<u32> {
    let (tens, units) = (bcd >> 4, bcd & 0x0F);
    (tens < 10 && units < 10).then(|| u32::from(tens * 10 + units))
}

/// As in `2026-01-31T12:00:00Z`.
pub(crate) fn serialize_utc<S: Serializer>(utc: &Option<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    let rfc3339 = |utc: &Utc| humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_nanos(utc.0));
    match utc {
        Some(utc) => serializer.collect_str(&rfc3339(utc)),
        None => serializer.serialize_none(),
    }
}
