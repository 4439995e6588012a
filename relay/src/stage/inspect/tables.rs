//! When which table came: versions, repetition, and whether a section is one that came before.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::Time;
use crate::wire::section::Section;

/// Sections remembered. A multiplex with a full schedule of events has a few thousand.
const MOST_SECTIONS: usize = 8_192;

/// What tells a section from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SectionKey {
    /// The PID it came on.
    pub(super) pid: u16,
    /// table_id.
    pub(super) table_id: u8,
    /// table_id_extension; 0 without the section syntax.
    pub(super) extension: u16,
    /// section_number; 0 without the section syntax.
    pub(super) number: u8,
}

/// What is kept of a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct SectionState {
    /// version_number, `0..32`.
    pub(super) version: u8,
    /// last_section_number.
    pub(super) last_number: u8,
    /// Times that it came.
    pub(super) count: u64,
    /// When it came last.
    pub(super) last: Time,
    /// Longest time between two.
    pub(super) longest_interval: Duration,
    /// Content, as far as it matters: the CRC, or for sections that have none a new value each time.
    crc: Option<u32>,
}

/// All sections that came.
#[derive(Debug, Default)]
pub(super) struct TableLog {
    sections: BTreeMap<SectionKey, SectionState>,
    /// Sections that came beyond those that are remembered.
    pub(super) unlisted: u64,
}

impl SectionKey {
    /// The key of a section.
    pub(super) fn of(pid: u16, section: Section) -> Self {
        let (extension, number) = if section.has_syntax() { (section.extension(), section.number()) } else { (0, 0) };
        Self { pid, table_id: section.table_id(), extension, number }
    }
}

impl TableLog {
    /// Notes a section; `true` if it is new or changed, so that it has to be read.
    pub(super) fn note(&mut self, at: Time, key: SectionKey, section: Section) -> bool {
        let version = if section.has_syntax() { section.version() } else { 0 };
        let last_number = if section.has_syntax() { section.last_number() } else { 0 };
        let crc = section.crc();
        if let Some(state) = self.sections.get_mut(&key) {
            let same = crc.is_some() && state.crc == crc;
            state.longest_interval = state.longest_interval.max(at.since(state.last));
            (state.version, state.last_number, state.last, state.crc) = (version, last_number, at, crc);
            state.count += 1;
            return !same;
        }
        if self.sections.len() < MOST_SECTIONS {
            let state =
                SectionState { version, last_number, count: 1, last: at, longest_interval: Duration::ZERO, crc };
            self.sections.insert(key, state);
        } else {
            self.unlisted += 1;
        }
        true
    }

    /// The sections that came, in order of PID, table, extension and number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&SectionKey, &SectionState)> {
        self.sections.iter()
    }
}
