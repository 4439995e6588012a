//! Whether tables come as often as they should, and not too often (TR 101 290, 1.3, 1.5, 3.1, 3.5, 3.6, 3.8).

use std::collections::BTreeMap;
use std::time::Duration;

use super::alarm::Alarms;
use super::indicator::{Indicator, Offence, limits};
use super::pids::Tables;
use crate::time::Time;
use crate::wire::ids;

/// A table that must come again and again.
#[derive(Clone, Copy, Debug)]
struct Presence {
    last: Time,
    overdue: bool,
}

/// What must come: a table on a PID, and of events the section too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Expected {
    indicator: Indicator,
    pid: u16,
    section: u8,
}

/// Watches the tables of a stream.
///
/// The association must come from the start, maps from when the association names them. Tables of DVB are expected
/// once they have been there: a stream that is none of DVB's has none of them, and is not in error for it.
#[derive(Debug, Default)]
pub(super) struct TableWatch {
    expected: BTreeMap<Expected, Presence>,
    /// When a section of this PID and table came last.
    last: BTreeMap<(u16, u8), Time>,
}

impl TableWatch {
    /// Expects the association from `at` on.
    pub(super) fn expect_association(&mut self, at: Time) {
        self.expect(at, Indicator::PatError, ids::PAT_PID);
    }

    /// Expects maps on these PIDs from `at` on, and on no others.
    pub(super) fn expect_maps(&mut self, at: Time, pids: &std::collections::BTreeSet<u16>, alarms: &mut Alarms) {
        self.expected.retain(|expected, presence| {
            let stays = expected.indicator != Indicator::PmtError || pids.contains(&expected.pid);
            if !stays && presence.overdue {
                alarms.end(at, Indicator::PmtError);
            }
            stays
        });
        for &pid in pids {
            self.expect(at, Indicator::PmtError, pid);
        }
    }

    /// A section came, its CRC right.
    pub(super) fn section(
        &mut self,
        at: Time,
        pid: u16,
        tables: Tables,
        table_id: u8,
        number: u8,
        alarms: &mut Alarms,
    ) {
        let Some(rule) = Rule::of(tables) else { return };
        if !rule.allows(table_id) {
            alarms.count(at, rule.indicator, Some(pid), Offence::Table(table_id));
            return;
        }
        if !rule.is_main(table_id) {
            return;
        }
        if rule.spaced && self.is_too_soon(at, pid, table_id) {
            let since = self.last.get(&(pid, table_id)).map_or(Duration::ZERO, |&last| at.since(last));
            alarms.count(at, rule.indicator, Some(pid), Offence::TooSoonNanos(since.as_nanos() as u64));
        }
        self.last.insert((pid, table_id), at);
        let section = if tables == Tables::Event { number } else { 0 };
        if rule.longest.is_some() && section < 2 {
            self.arrived(at, Expected { indicator: rule.indicator, pid, section }, alarms);
        }
    }

    /// Counts what has not come in time.
    pub(super) fn tick(&mut self, now: Time, alarms: &mut Alarms) {
        for (expected, presence) in &mut self.expected {
            let absent = now.since(presence.last);
            if !presence.overdue && absent > longest(expected.indicator) {
                presence.overdue = true;
                let offence = Offence::AbsentNanos(absent.as_nanos() as u64);
                alarms.begin(now, expected.indicator, Some(expected.pid), offence);
            }
        }
    }

    fn is_too_soon(&self, at: Time, pid: u16, table_id: u8) -> bool {
        self.last.get(&(pid, table_id)).is_some_and(|&last| at.since(last) < limits::SI_SPACING)
    }

    fn expect(&mut self, at: Time, indicator: Indicator, pid: u16) {
        let expected = Expected { indicator, pid, section: 0 };
        self.expected.entry(expected).or_insert(Presence { last: at, overdue: false });
    }

    fn arrived(&mut self, at: Time, expected: Expected, alarms: &mut Alarms) {
        let presence = self.expected.entry(expected).or_insert(Presence { last: at, overdue: false });
        if presence.overdue {
            alarms.end(at, expected.indicator);
        }
        *presence = Presence { last: at, overdue: false };
    }
}

fn longest(indicator: Indicator) -> Duration {
    match indicator {
        Indicator::NitActualError => limits::NIT,
        Indicator::SdtActualError | Indicator::EitActualError => limits::SDT_AND_EIT,
        Indicator::TdtError => limits::TDT,
        _ => limits::PROGRAM_TABLES,
    }
}

/// What the document says of the tables on a PID.
struct Rule {
    indicator: Indicator,
    main: u8,
    others: &'static [u8],
    longest: Option<Duration>,
    spaced: bool,
}

impl Rule {
    fn of(tables: Tables) -> Option<Self> {
        let rule = |indicator, main, others, spaced| {
            let longest = (indicator != Indicator::RstError).then(|| longest(indicator));
            Some(Self { indicator, main, others, longest, spaced })
        };
        match tables {
            Tables::Association => rule(Indicator::PatError, ids::PAT, &[], false),
            // A map may share its PID with private sections.
            Tables::Map => rule(Indicator::PmtError, ids::PMT, &[ANY], false),
            Tables::Network => rule(Indicator::NitActualError, ids::NIT_ACTUAL, &[ids::NIT_OTHER, ids::ST], true),
            Tables::Service => {
                rule(Indicator::SdtActualError, ids::SDT_ACTUAL, &[ids::SDT_OTHER, ids::BAT, ids::ST], true)
            }
            Tables::Event => rule(Indicator::EitActualError, ids::EIT_PF_ACTUAL, &[EVENTS, ids::ST], false),
            Tables::RunningStatus => rule(Indicator::RstError, ids::RST, &[ids::ST], true),
            Tables::Time => rule(Indicator::TdtError, ids::TDT, &[ids::TOT, ids::ST], true),
            Tables::ConditionalAccess | Tables::Splice => None,
        }
    }

    const fn is_main(&self, table_id: u8) -> bool {
        table_id == self.main
    }

    fn allows(&self, table_id: u8) -> bool {
        self.is_main(table_id)
            || self.others.iter().any(|&other| match other {
                ANY => true,
                EVENTS => (ids::EIT_PF_ACTUAL..=ids::EIT_SCHEDULE_LAST).contains(&table_id),
                other => other == table_id,
            })
    }
}

/// Stands for any table.
const ANY: u8 = 0xFF;
/// Stands for all tables of events.
const EVENTS: u8 = 0xFE;
