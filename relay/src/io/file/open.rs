//! Opens a file: finds its packets, surveys them, and refuses what cannot be played.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::FileError;
use super::layout::{LEADING_JUNK_MAX, Layout, SYNCS_IN_A_ROW};
use super::plan::Plan;
use super::reader::Reader;
use super::survey::{SYNC_LOSSES_MAX, Survey};
use crate::spec::FileInput;
use crate::time::{Ticks27, ticks_to_nanos};
use crate::wire::ts::PACKET_LEN;

/// A looped file shorter than this is refused.
const ROUND_TICKS_MIN: u64 = Ticks27::HZ / 10;
/// A pace above this is an error in the file.
const MEGABITS_PER_SECOND_MAX: u64 = 10_000;

/// A file that can be played.
pub(super) struct Opened {
    pub(super) reader: Reader,
    pub(super) layout: Layout,
    pub(super) survey: Survey,
    pub(super) plan: Plan,
}

impl Opened {
    pub(super) fn open(input: &FileInput, packets_per_datagram: usize) -> Result<Self, FileError> {
        let (path, packets_per_datagram) = (input.path.as_path(), packets_per_datagram as u64);
        if packets_per_datagram == 0 {
            return Err(FileError::EmptyDatagram);
        }
        let unreadable = |reason| FileError::Read { path: path.into(), reason };
        let mut reader = Reader::new(open_regular(path)?);
        let mut layout = Layout::detect(&mut reader).map_err(unreadable)?.ok_or_else(|| FileError::NoSync {
            path: path.into(),
            wanted: SYNCS_IN_A_ROW,
            searched: LEADING_JUNK_MAX,
        })?;
        let mut survey = Survey::read(&mut reader, &mut layout).map_err(unreadable)?;
        if input.looped {
            let is_cut = survey.is_cut();
            if let Some(entry) = survey.late_entry {
                layout = layout.starting_at(entry);
                survey = Survey::read(&mut reader, &mut layout).map_err(unreadable)?;
            }
            survey.drop_broken_units(is_cut);
        }
        check_survey(path, &layout, &survey)?;
        let plan = if input.looped {
            Plan::looped(layout.packets(), &survey, packets_per_datagram)
        } else {
            Plan::once(layout.packets(), &survey.clock, packets_per_datagram)
        };
        check_plan(input, plan)?;
        Ok(Self { reader, layout, survey, plan })
    }
}

fn open_regular(path: &Path) -> Result<File, FileError> {
    let unreadable = |reason: io::Error| FileError::Read { path: path.into(), reason };
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(FileError::NotRegular { path: path.into() });
    }
    File::open(path).map_err(unreadable)
}

fn check_survey(path: &Path, layout: &Layout, survey: &Survey) -> Result<(), FileError> {
    if layout.sync_losses() > SYNC_LOSSES_MAX {
        let offset = layout.offset(layout.packets());
        return Err(FileError::SyncLost { path: path.into(), limit: SYNC_LOSSES_MAX, offset });
    }
    if survey.clock.mean().ticks == 0 {
        let (packets, pcrs) = (layout.packets(), survey.clock.points().len());
        return Err(FileError::NoClock { path: path.into(), packets, pcrs });
    }
    Ok(())
}

fn check_plan(input: &FileInput, plan: Plan) -> Result<(), FileError> {
    if input.looped && plan.ticks < ROUND_TICKS_MIN {
        let millis = |ticks| ticks_to_nanos(ticks) / 1_000_000;
        let (millis, limit) = (millis(plan.ticks), millis(ROUND_TICKS_MIN));
        return Err(FileError::TooShort { path: input.path.clone(), millis, limit });
    }
    let megabits_per_second = megabits_per_second(plan);
    if megabits_per_second > MEGABITS_PER_SECOND_MAX {
        return Err(FileError::TooFast {
            path: input.path.clone(),
            megabits_per_second,
            limit: MEGABITS_PER_SECOND_MAX,
        });
    }
    Ok(())
}

fn megabits_per_second(plan: Plan) -> u64 {
    const TICKS_IN_A_MICROSECOND: u128 = 27;
    let bits = u128::from(plan.slots) * PACKET_LEN as u128 * 8;
    (bits * TICKS_IN_A_MICROSECOND / u128::from(plan.ticks.max(1))) as u64
}
