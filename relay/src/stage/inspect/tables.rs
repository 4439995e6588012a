//! When which table came: versions, repetition, and whether a section is one that came before.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::Time;
use crate::wire::section::Section;

/// Sections remembered. A multiplex with a full schedule of events has a few thousand.
const MOST_SECTIONS: usize = 8_192;
/// A section that did not come for so long makes room for others.
const GONE_AFTER: Duration = Duration::from_secs(600);

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
#[derive(Clone, Copy, Debug, Default)]
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
    /// Stands for its content; `None` where each may be another.
    crc: Option<u32>,
}

/// What a section is after those that came before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted {
    /// Whether it is new or changed, so that it has to be read.
    pub(super) is_new: bool,
    /// Time since the same section came, whatever was in it; `None` if it never did.
    pub(super) since_same: Option<Duration>,
}

/// All sections that came.
#[derive(Debug, Default)]
pub(super) struct TableLog {
    sections: BTreeMap<SectionKey, SectionState>,
    cleared: Time,
    /// Sections that came.
    pub(super) count: u64,
    /// Times that a section came for which there was no room.
    pub(super) unlisted: u64,
}

impl SectionKey {
    fn of(pid: u16, section: Section) -> Self {
        Self { pid, table_id: section.table_id(), extension: section.extension(), number: section.number() }
    }
}

impl TableLog {
    /// Notes a section.
    pub(super) fn note(&mut self, at: Time, pid: u16, section: Section) -> Noted {
        self.count += 1;
        let (version, last_number, crc) = (section.version(), section.last_number(), section.crc());
        let key = SectionKey::of(pid, section);
        let Some(state) = self.sections.get_mut(&key) else {
            self.list(key, SectionState { version, last_number, crc, last: at, count: 1, ..SectionState::default() });
            return Noted { is_new: true, since_same: None };
        };
        let (is_new, interval) = (crc.is_none() || state.crc != crc, at.since(state.last));
        state.longest_interval = state.longest_interval.max(interval);
        (state.version, state.last_number, state.last, state.crc) = (version, last_number, at, crc);
        state.count += 1;
        Noted { is_new, since_same: Some(interval) }
    }

    fn list(&mut self, key: SectionKey, state: SectionState) {
        if self.sections.len() == MOST_SECTIONS {
            self.forget_the_gone(state.last);
        }
        if self.sections.len() < MOST_SECTIONS {
            self.sections.insert(key, state);
        } else {
            self.unlisted += 1;
        }
    }

    /// Makes room, at most once in [`GONE_AFTER`].
    fn forget_the_gone(&mut self, now: Time) {
        if now.since(self.cleared) >= GONE_AFTER {
            self.cleared = now;
            self.sections.retain(|_, state| now.since(state.last) < GONE_AFTER);
        }
    }

    /// The sections that came, in order of PID, table, extension and number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&SectionKey, &SectionState)> {
        self.sections.iter()
    }
}
