//! What the tables make of the PIDs: which carry what, which must come, which nobody named.

use std::collections::BTreeSet;

use super::alarm::Alarms;
use super::expect::{Lasting, Limit, Recurring};
use super::indicator::{Indicator, Offence, limits};
use super::pids::{Pid, Pids, Role, Tables};
use super::presence::TableWatch;
use super::structure::Structure;
use crate::time::Time;
use crate::wire::ids;
use crate::wire::si::StreamKind;
use crate::wire::ts::NULL_PID;

/// PIDs below this are reserved by ISO/IEC 13818-1 (table 2-3): no table can take them.
const FIRST_ASSIGNABLE_PID: u16 = 0x10;
/// PIDs below this are reserved, those of DVB's tables too (EN 300 468, table 1): nothing need name them.
const FIRST_FREE_PID: u16 = 0x20;
/// PID of ATSC's tables, reserved there (A/65).
const ATSC_BASE_PID: u16 = 0x1FFB;

/// Gives each PID the role that the tables say.
pub(super) fn assign(at: Time, structure: &Structure, pids: &mut Pids, watch: &mut TableWatch, alarms: &mut Alarms) {
    for pid in pids.iter_mut() {
        pid.role = Role::of_number(pid.number);
        (pid.is_referenced, pid.is_continuous) = (is_reserved(pid.number), false);
    }
    if let Some(number) = structure.network_pid() {
        give(pids, number, Role::Sections(Tables::Network), at);
    }
    for stream in structure.streams() {
        let role = match stream.kind {
            StreamKind::Splice => Role::Sections(Tables::Splice),
            _ => Role::Elementary,
        };
        let pid = give(pids, stream.pid, role, at);
        pid.is_continuous |= Structure::is_continuous(stream.kind);
    }
    for number in structure.access_pids() {
        pids.at(number, at).is_referenced = true;
    }
    let map_pids = structure.map_pids();
    for &number in &map_pids {
        give(pids, number, Role::Sections(Tables::Map), at);
    }
    expect_clocks(at, structure, pids, alarms);
    for pid in pids.iter_mut() {
        settle(pid, at, alarms);
    }
    watch.expect_tables(at, &map_pids, structure.network_pid().unwrap_or(ids::NIT_PID), alarms);
}

/// Expects PCRs where the maps say that they are, and nowhere else.
fn expect_clocks(at: Time, structure: &Structure, pids: &mut Pids, alarms: &mut Alarms) {
    let expected: BTreeSet<u16> = structure.pcr_pids().collect();
    for &number in &expected {
        let pid = pids.at(number, at);
        pid.is_referenced = true;
        pid.clock.get_or_insert(Recurring::since(at));
    }
    for pid in pids.iter_mut().filter(|pid| !expected.contains(&pid.number)) {
        if let Some(mut clock) = pid.clock.take() {
            clock.expect_no_more(at, Indicator::PcrRepetitionError, alarms);
        }
    }
}

/// Lets go of what the PID's new role has no use for.
fn settle(pid: &mut Pid, at: Time, alarms: &mut Alarms) {
    if !pid.carries_sections() {
        pid.sections = None;
    }
    if !pid.is_continuous {
        pid.expect_no_stamps(at, alarms);
    }
    if pid.is_continuous || pid.clock.is_some() {
        pid.presence.get_or_insert(Recurring::since(at));
    } else if let Some(mut presence) = pid.presence.take() {
        presence.expect_no_more(at, Indicator::PidError, alarms);
    }
}

fn give(pids: &mut Pids, number: u16, role: Role, at: Time) -> &mut Pid {
    let pid = pids.at(number, at);
    // A lie of the tables must not take the reserved PIDs away.
    if number >= FIRST_ASSIGNABLE_PID && number != NULL_PID {
        pid.role = role;
    }
    pid.is_referenced = true;
    pid
}

/// Whether a PID has its meaning from a standard, so that no table need name it.
pub(super) const fn is_reserved(number: u16) -> bool {
    matches!(number, 0..FIRST_FREE_PID | ATSC_BASE_PID | NULL_PID)
}

/// Looks at what should have come on a PID by now, and at what should not.
pub(super) fn tick(pid: &mut Pid, now: Time, structure: &Structure, alarms: &mut Alarms) {
    watch_absence(pid, now, alarms);
    let number = pid.number;
    if let Some(stamps) = &mut pid.stamps {
        stamps.look(now, stamp_limit(number), alarms);
    }
    if let Some(clock) = &mut pid.clock {
        clock.look(now, clock_limit(number), alarms);
    }
    watch_stranger(pid, now, structure.is_complete(), alarms);
}

/// What the document says of the times between PTS.
pub(super) const fn stamp_limit(pid: u16) -> Limit {
    Limit { indicator: Indicator::PtsError, pid: Some(pid), longest: limits::PTS_INTERVAL }
}

/// What the document says of the times between PCRs.
pub(super) const fn clock_limit(pid: u16) -> Limit {
    Limit { indicator: Indicator::PcrRepetitionError, pid: Some(pid), longest: limits::PCR_INTERVAL }
}

fn watch_absence(pid: &mut Pid, now: Time, alarms: &mut Alarms) {
    let limit = Limit { indicator: Indicator::PidError, pid: Some(pid.number), longest: limits::PID_ABSENCE };
    if let Some(presence) = &mut pid.presence {
        if presence.last() < pid.last {
            presence.arrive(pid.last, limit, alarms);
        }
        presence.look(now, limit, alarms);
    }
}

fn watch_stranger(pid: &mut Pid, now: Time, is_known: bool, alarms: &mut Alarms) {
    let comes = pid.packets > pid.counts.transport_errors && now.since(pid.last) <= limits::PID_ABSENCE;
    let is_stranger = is_known && comes && !pid.is_referenced && !is_reserved(pid.number);
    let limit = Limit { indicator: Indicator::UnreferencedPid, pid: Some(pid.number), longest: limits::UNREFERENCED };
    pid.stranger.look(now, is_stranger, limit, Offence::Found, alarms);
}

/// Whether something is scrambled though no conditional access table came (2.6).
#[derive(Debug, Default)]
pub(super) struct AccessWatch(Lasting);

impl AccessWatch {
    /// Looks at all PIDs.
    pub(super) fn tick(&mut self, now: Time, pids: &Pids, structure: &Structure, alarms: &mut Alarms) {
        let scrambled = pids.iter().find(|pid| pid.is_scrambled(now)).map(|pid| pid.number);
        let is_wrong = scrambled.is_some() && !structure.has_access_table();
        let limit = Limit { indicator: Indicator::CatError, pid: scrambled, longest: limits::SCRAMBLED_WITHOUT_CAT };
        self.0.look(now, is_wrong, limit, Offence::Scrambled, alarms);
    }
}
