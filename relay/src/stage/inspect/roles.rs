//! What the tables make of the PIDs: which carry what, which must come, which nobody named.

use super::alarm::Alarms;
use super::indicator::{Indicator, Offence, limits};
use super::pids::{Pid, Pids, Role, Tables};
use super::presence::TableWatch;
use super::structure::Structure;
use crate::time::Time;
use crate::wire::ids;
use crate::wire::si::StreamKind;
use crate::wire::ts::NULL_PID;

/// PIDs below this are reserved (ISO/IEC 13818-1, table 2-3; EN 300 468, table 1).
const FIRST_FREE_PID: u16 = 0x20;
/// PID of ATSC's tables, reserved there (A/65).
const ATSC_BASE_PID: u16 = 0x1FFB;

/// Gives each PID the role that the tables say.
pub(super) fn assign(at: Time, structure: &Structure, pids: &mut Pids, watch: &mut TableWatch, alarms: &mut Alarms) {
    for pid in pids.iter_mut() {
        (pid.referenced, pid.continuous) = (is_reserved(pid.number), false);
        if pid.number >= FIRST_FREE_PID && pid.number != NULL_PID {
            pid.role = Role::Other;
        }
    }
    for stream in structure.streams() {
        let role = match stream.kind {
            StreamKind::Splice => Role::Sections(Tables::Splice),
            _ => Role::Elementary,
        };
        let pid = give(pids, stream.pid, role, at);
        pid.continuous |= Structure::is_continuous(stream.kind);
    }
    for number in structure.access_pids().chain(structure.pcr_pids()) {
        pids.at(number, at).referenced = true;
    }
    for number in structure.pcr_pids() {
        pids.at(number, at).carries_clock = true;
    }
    let map_pids = structure.map_pids();
    for &number in &map_pids {
        give(pids, number, Role::Sections(Tables::Map), at);
    }
    if let Some(number) = structure.network_pid() {
        give(pids, number, Role::Sections(Tables::Network), at);
    }
    for pid in pids.iter_mut().filter(|pid| !pid.carries_sections()) {
        pid.sections = None;
    }
    watch.expect_maps(at, &map_pids, alarms);
}

fn give(pids: &mut Pids, number: u16, role: Role, at: Time) -> &mut Pid {
    let pid = pids.at(number, at);
    // A lie of the tables must not take the reserved PIDs away.
    if !is_reserved(number) || number == ids::NIT_PID {
        pid.role = role;
    }
    pid.referenced = true;
    pid
}

const fn is_reserved(number: u16) -> bool {
    matches!(number, 0..FIRST_FREE_PID | ATSC_BASE_PID | NULL_PID)
}

/// Looks at what should have come on a PID by now, and at what should not.
pub(super) fn tick(pid: &mut Pid, now: Time, structure: &Structure, alarms: &mut Alarms) {
    watch_absence(pid, now, alarms);
    watch_stamps(pid, now, alarms);
    watch_clock(pid, now, alarms);
    watch_stranger(pid, now, structure.is_complete(), alarms);
}

fn watch_absence(pid: &mut Pid, now: Time, alarms: &mut Alarms) {
    let absent = now.since(pid.last);
    let is_absent = pid.continuous && absent > limits::PID_ABSENCE;
    if is_absent && !pid.absent {
        alarms.begin(now, Indicator::PidError, Some(pid.number), Offence::AbsentNanos(absent.as_nanos() as u64));
    } else if !is_absent && pid.absent {
        alarms.end(now, Indicator::PidError);
    }
    pid.absent = is_absent;
}

fn watch_stamps(pid: &mut Pid, now: Time, alarms: &mut Alarms) {
    let Some(last) = pid.last_pts else { return };
    let absent = now.since(last);
    let is_overdue = pid.continuous && absent > limits::PTS_INTERVAL;
    if is_overdue && !pid.pts_overdue {
        alarms.begin(now, Indicator::PtsError, Some(pid.number), Offence::AbsentNanos(absent.as_nanos() as u64));
        pid.pts_overdue = true;
    } else if pid.pts_overdue && !pid.continuous {
        alarms.end(now, Indicator::PtsError);
        pid.pts_overdue = false;
    }
}

fn watch_clock(pid: &mut Pid, now: Time, alarms: &mut Alarms) {
    let Some(watch) = &mut pid.pcr else { return };
    let Some(last) = watch.last_at() else { return };
    let absent = now.since(last);
    if pid.carries_clock && !watch.overdue && absent > limits::PCR_INTERVAL {
        let offence = Offence::AbsentNanos(absent.as_nanos() as u64);
        alarms.begin(now, Indicator::PcrRepetitionError, Some(pid.number), offence);
        watch.overdue = true;
    }
}

fn watch_stranger(pid: &mut Pid, now: Time, is_known: bool, alarms: &mut Alarms) {
    let comes = now.since(pid.last) <= limits::UNREFERENCED && pid.packets > 0;
    if !is_known || pid.referenced || is_reserved(pid.number) || !comes {
        if let Some((_, true)) = pid.stranger.take() {
            alarms.end(now, Indicator::UnreferencedPid);
        }
        return;
    }
    let (since, counted) = pid.stranger.get_or_insert((now, false));
    if !*counted && now.since(*since) > limits::UNREFERENCED {
        *counted = true;
        alarms.begin(now, Indicator::UnreferencedPid, Some(pid.number), Offence::Found);
    }
}

/// Something is scrambled, and there is no conditional access table (2.6).
pub(super) fn watch_access(now: Time, pids: &Pids, structure: &mut Structure, alarms: &mut Alarms) {
    let scrambled = pids.iter().find(|pid| pid.is_scrambled(now));
    let is_wrong = scrambled.is_some() && !structure.has_access_table();
    match (is_wrong, structure.access_missing) {
        (true, false) => alarms.begin(now, Indicator::CatError, scrambled.map(|pid| pid.number), Offence::Scrambled),
        (false, true) => alarms.end(now, Indicator::CatError),
        _ => {}
    }
    structure.access_missing = is_wrong;
}

/// A service has one of present and following event only (3.6.c).
pub(super) fn watch_events(now: Time, structure: &mut Structure, alarms: &mut Alarms) {
    let is_wrong = structure.event_sections.values().any(|&sections| sections != 0b11);
    match (is_wrong, structure.events_unpaired) {
        (true, None) => structure.events_unpaired = Some((now, false)),
        (true, Some((since, false))) if now.since(since) > limits::SDT_AND_EIT => {
            structure.events_unpaired = Some((since, true));
            alarms.begin(now, Indicator::EitPfError, Some(ids::EIT_PID), Offence::Found);
        }
        (false, Some((_, counted))) => {
            structure.events_unpaired = None;
            if counted {
                alarms.end(now, Indicator::EitPfError);
            }
        }
        _ => {}
    }
}
