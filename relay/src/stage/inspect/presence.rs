//! Whether tables come as often as they should, and not too often (TR 101 290, 1.3, 1.5, 3.1, 3.5, 3.6, 3.7, 3.8).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::alarm::Alarms;
use super::event_pairs::EventPairs;
use super::expect::{Limit, Recurring};
use super::indicator::{Indicator, Offence, limits};
use super::pids::Tables;
use super::rule::Rule;
use crate::time::Time;
use crate::wire::ids;
use crate::wire::section::Section;

/// What must come: a table on a PID, and of events the section too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Expected {
    indicator: Indicator,
    pid: u16,
    section: u8,
}

/// A section that came, its CRC right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrived<'a> {
    /// The PID it came on.
    pub(super) pid: u16,
    /// The tables that belong there.
    pub(super) tables: Tables,
    /// The section.
    pub(super) section: Section<'a>,
    /// Time since the same section came, if it came before.
    pub(super) since_same: Option<Duration>,
}

/// Watches the tables of a stream.
///
/// The association must come from the start, maps from when the association names them. Tables of DVB are expected
/// once they have been there: a stream that is none of DVB's has none of them, and is not in error for it.
#[derive(Debug, Default)]
pub(super) struct TableWatch {
    expected: BTreeMap<Expected, Recurring>,
    /// When a section of this PID and table came last, of those whose sections must be apart.
    last: BTreeMap<(u16, u8), Time>,
    pairs: EventPairs,
}

impl TableWatch {
    /// Expects the association from `at` on.
    pub(super) fn expect_association(&mut self, at: Time) {
        self.expect(at, Indicator::PatError, ids::PAT_PID);
    }

    /// Expects maps on these PIDs from `at` on, and on no others; network information on no other PID than this.
    pub(super) fn expect_tables(&mut self, at: Time, maps: &BTreeSet<u16>, network: u16, alarms: &mut Alarms) {
        self.expected.retain(|expected, recurring| {
            let stays = match expected.indicator {
                Indicator::PmtError => maps.contains(&expected.pid),
                Indicator::NitActualError => expected.pid == network,
                _ => true,
            };
            if !stays {
                recurring.expect_no_more(at, expected.indicator, alarms);
            }
            stays
        });
        for &pid in maps {
            self.expect(at, Indicator::PmtError, pid);
        }
    }

    /// Takes a section.
    pub(super) fn take(&mut self, at: Time, arrived: Arrived, alarms: &mut Alarms) {
        let Arrived { pid, tables, section, .. } = arrived;
        let rule = Rule::of(tables);
        if !rule.allows(section.table_id()) {
            alarms.count(at, rule.indicator, Some(pid), Offence::Table(section.table_id()));
        } else if rule.is_main(section.table_id()) {
            if let Some(span) = self.too_soon(at, arrived) {
                alarms.count(at, rule.indicator, Some(pid), Offence::too_soon(span));
            }
            if tables == Tables::Event {
                self.pairs.take(at, section.extension(), section.number());
            }
            self.note(at, rule, arrived, alarms);
        }
    }

    /// Counts what has not come in time.
    pub(super) fn tick(&mut self, now: Time, alarms: &mut Alarms) {
        for (expected, recurring) in &mut self.expected {
            recurring.look(now, expected.limit(), alarms);
        }
        self.pairs.tick(now, alarms);
    }

    /// Time since the last section that this one should be further away from.
    fn too_soon(&mut self, at: Time, arrived: Arrived) -> Option<Duration> {
        let Arrived { pid, tables, section, since_same } = arrived;
        let since = match tables {
            Tables::Association | Tables::ConditionalAccess | Tables::Map | Tables::Splice => None,
            // Sections of different services may follow each other.
            Tables::Event => since_same,
            Tables::Network | Tables::Service | Tables::RunningStatus | Tables::Time => {
                self.last.insert((pid, section.table_id()), at).map(|last| at.since(last))
            }
        };
        since.filter(|&since| since < limits::SI_SPACING)
    }

    fn note(&mut self, at: Time, rule: Rule, arrived: Arrived, alarms: &mut Alarms) {
        let Arrived { pid, tables, section, .. } = arrived;
        let number = if tables == Tables::Event { section.number() } else { 0 };
        let expected = Expected { indicator: rule.indicator, pid, section: number };
        if rule.comes_again && number < 2 {
            let recurring = self.expected.entry(expected).or_insert(Recurring::since(at));
            recurring.arrive(at, expected.limit(), alarms);
        }
    }

    fn expect(&mut self, at: Time, indicator: Indicator, pid: u16) {
        self.expected.entry(Expected { indicator, pid, section: 0 }).or_insert(Recurring::since(at));
    }
}

impl Expected {
    const fn limit(self) -> Limit {
        let longest = match self.indicator {
            Indicator::NitActualError => limits::NIT,
            Indicator::SdtActualError | Indicator::EitActualError => limits::SDT_AND_EIT,
            Indicator::TdtError => limits::TDT,
            _ => limits::PROGRAM_TABLES,
        };
        Limit { indicator: self.indicator, pid: Some(self.pid), longest }
    }
}
