//! Inspection of a transport stream: every packet is looked at where it lies, and what is wrong is counted by the
//! indicators of TR 101 290.
//!
//! [`Inspector::packet`] is on the data path: a packet that is simply the next of its PID costs a look at its header and two
//! lines of memory. All else (tables, clocks, stamps) is a few packets in a hundred.

mod accuracy;
pub mod alarm;
pub mod arrival;
mod delay_factor;
pub mod indicator;
mod pcr;
mod pids;
mod presence;
pub mod report;
mod roles;
mod structure;
mod tables;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::stage::continuity::Step;
use crate::time::{Ticks27, Time};
use crate::wire::pes::PesHead;
use crate::wire::section::Section;
use crate::wire::ts::{Adaptation, PACKET_LEN, Packet};

use alarm::{AlarmEvent, Alarms};
use indicator::{Indicator, Offence, limits};
use pids::{Pid, Pids, Role, Tables, fingerprint};
use presence::TableWatch;
use structure::{Change, Structure};

/// Interval between two looks at what should have come.
pub const TICK: Duration = Duration::from_millis(100);
/// Interval over which bitrates are taken.
const RATE_INTERVAL: Duration = Duration::from_secs(1);

/// Inspects one stream.
#[derive(Debug, Default)]
pub struct Inspector {
    pids: Pids,
    alarms: Alarms,
    watch: TableWatch,
    structure: Structure,
    packets: u64,
    missing_packets: u64,
    /// Packets whose place in the stream is known since this one: none was lost since.
    whole_since: u64,
    start: Option<Time>,
    last: Time,
    rate_taken: Option<(Time, u64)>,
    bitrate: u64,
    /// The first and last PCR of the first PID that has any, with their packets: the rate of the whole stream.
    clock: Option<ClockSpan>,
    pcr_error_nanos: Option<u64>,
    out_of_sync: bool,
}

/// From one PCR of a PID to a later one.
#[derive(Clone, Copy, Debug)]
struct ClockSpan {
    pid: u16,
    last: (u64, Ticks27),
    ticks: u64,
    packets: u64,
}

impl Inspector {
    /// Takes the next packet.
    #[inline]
    pub fn packet(&mut self, at: Time, packet: Packet) {
        self.packets += 1;
        let pid = self.pids.of(packet, at);
        pid.packets += 1;
        pid.last = at;
        if packet.is_plain() && !pid.carries_sections() && pid.counter.advance(packet) {
            pid.fingerprint = fingerprint(packet);
            return;
        }
        self.unusual(at, packet);
    }

    /// A packet came whose sync byte was wrong, though its neighbours are in step (1.2).
    pub fn bad_sync_byte(&mut self, at: Time, found: Option<u8>) {
        self.alarms.count(at, Indicator::SyncByteError, None, found.map_or(Offence::Found, Offence::Byte));
        self.lose_place();
    }

    /// Synchronisation is lost (1.1).
    pub fn sync_lost(&mut self, at: Time) {
        if !self.out_of_sync {
            self.out_of_sync = true;
            self.alarms.begin(at, Indicator::TsSyncLoss, None, Offence::Found);
        }
        self.lose_place();
    }

    /// Packets are known to be missing here: what follows is not where it would be.
    pub fn lose_place(&mut self) {
        self.whole_since = self.packets;
    }

    /// When [`Self::tick`] wants to be called.
    pub fn next_tick(&self) -> Time {
        self.last + TICK
    }

    /// Looks at what should have come by now.
    pub fn tick(&mut self, now: Time) {
        self.last = now;
        if self.start.is_none() {
            self.start = Some(now);
            self.watch.expect_association(now);
        }
        self.take_rates(now);
        self.watch.tick(now, &mut self.alarms);
        for pid in self.pids.iter_mut() {
            roles::tick(pid, now, &self.structure, &mut self.alarms);
        }
        roles::watch_access(now, &self.pids, &mut self.structure, &mut self.alarms);
        roles::watch_events(now, &mut self.structure, &mut self.alarms);
        self.alarms.tick(now);
    }

    /// Takes the alarms raised and cleared since the last call.
    pub fn drain_events(&mut self) -> impl Iterator<Item = AlarmEvent> {
        self.alarms.drain_events()
    }

    /// Errors counted of an indicator.
    pub fn errors(&self, indicator: Indicator) -> u64 {
        self.alarms.get(indicator).errors
    }

    /// Continuity errors, all PIDs together.
    #[inline]
    pub fn continuity_errors(&self) -> u64 {
        self.errors(Indicator::ContinuityCountError)
    }

    /// Packets missing by the continuity counters, all PIDs together.
    #[inline]
    pub const fn missing_packets(&self) -> u64 {
        self.missing_packets
    }

    /// Largest error of a PCR in the last window of constant rate.
    pub fn pcr_error(&self) -> Option<Duration> {
        self.pcr_error_nanos.map(Duration::from_nanos)
    }

    /// Whatever is not simply the next packet in the clear of a PID without sections.
    #[cold]
    #[inline(never)]
    fn unusual(&mut self, at: Time, packet: Packet) {
        self.regain_sync(at);
        let pid = self.pids.of(packet, at);
        if packet.transport_error() {
            pid.transport_errors += 1;
            // Nothing else in it can be trusted, its counter neither.
            pid.counter.forget();
            self.alarms.count(at, Indicator::TransportError, Some(pid.number), Offence::Found);
            return;
        }
        if !packet.has_payload() && !packet.has_adaptation() {
            return;
        }
        let is_repeat = self.check_counter(at, packet);
        let pid = self.pids.of(packet, at);
        pid.fingerprint = fingerprint(packet);
        if let Some(field) = packet.adaptation()
            && let Some(pcr) = field.pcr()
            && !is_repeat
        {
            self.take_pcr(at, packet, field, pcr);
        }
        if packet.scrambling() != 0 && packet.has_payload() {
            self.take_scrambled(at, packet);
        } else if !is_repeat {
            self.take_payload(at, packet);
        }
    }

    /// Returns whether the packet came before.
    fn check_counter(&mut self, at: Time, packet: Packet) -> bool {
        let pid = self.pids.of(packet, at);
        let expected = match pid.counter.step(packet) {
            Step::Right => return false,
            Step::Repeat if pid.fingerprint == fingerprint(packet) => {
                pid.repeated += 1;
                return true;
            }
            // The same counter on another packet: fifteen between them are missing.
            Step::Repeat => packet.continuity().wrapping_add(1) & 0x0F,
            Step::Wrong { expected } => expected,
        };
        let found = packet.continuity();
        pid.continuity_errors += 1;
        let missing = u64::from(found.wrapping_sub(expected) & 0x0F);
        pid.missing_packets += missing;
        self.missing_packets += missing;
        if let Some(sections) = &mut pid.sections {
            sections.discontinuity();
        }
        self.alarms.count(at, Indicator::ContinuityCountError, Some(pid.number), Offence::Counter { expected, found });
        self.lose_place();
        false
    }

    fn take_pcr(&mut self, at: Time, packet: Packet, field: Adaptation, pcr: Ticks27) {
        let (number, whole_since) = (self.packets - 1, self.whole_since);
        let pid = self.pids.of(packet, at);
        pid.pcr_count += 1;
        let watch = pid.pcr.get_or_insert_default();
        if watch.last_packet < whole_since {
            watch.lose_place();
        }
        watch.last_packet = number;
        let findings = watch.observe(at, number, pcr, field.discontinuity());
        if std::mem::take(&mut watch.overdue) {
            self.alarms.end(at, Indicator::PcrRepetitionError);
        }
        let number_of_pid = Some(pid.number);
        if let Some(late) = findings.late {
            let offence = Offence::AbsentNanos(late.as_nanos() as u64);
            self.alarms.count(at, Indicator::PcrRepetitionError, number_of_pid, offence);
        }
        if let Some(step) = findings.step_nanos {
            self.alarms.count(at, Indicator::PcrDiscontinuityError, number_of_pid, Offence::StepNanos(step));
        }
        if let Some(accuracy) = findings.accuracy {
            self.pcr_error_nanos = Some(accuracy.worst_nanos());
            for &error in accuracy.errors_nanos().iter().filter(|error| error.abs() > limits::PCR_ACCURACY_NANOS) {
                self.alarms.count(at, Indicator::PcrAccuracyError, number_of_pid, Offence::ErrorNanos(error));
            }
        }
        self.extend_clock(packet.pid(), number, pcr, findings.step_nanos.is_none() && !field.discontinuity());
    }

    fn extend_clock(&mut self, pid: u16, number: u64, pcr: Ticks27, steady: bool) {
        let fresh = ClockSpan { pid, last: (number, pcr), ticks: 0, packets: 0 };
        let span = self.clock.get_or_insert(fresh);
        if span.pid == pid {
            let step = pcr.signed_since(span.last.1);
            if steady && step > 0 {
                span.ticks += step.cast_unsigned();
                span.packets += number - span.last.0;
            }
            span.last = (number, pcr);
        }
    }

    fn take_scrambled(&mut self, at: Time, packet: Packet) {
        let pid = self.pids.of(packet, at);
        pid.scrambled += 1;
        pid.last_scrambled = Some(at);
        let indicator = match pid.role {
            Role::Sections(Tables::Association) => Indicator::PatError,
            Role::Sections(Tables::Map) => Indicator::PmtError,
            _ => return,
        };
        self.alarms.count(at, indicator, Some(pid.number), Offence::Scrambled);
    }

    fn take_payload(&mut self, at: Time, packet: Packet) {
        let pid = self.pids.of(packet, at);
        match pid.role {
            Role::Sections(tables) => self.take_sections(at, packet, tables),
            Role::Other | Role::Elementary if packet.unit_start() => {
                if PesHead::parse(packet.payload()).is_some_and(|head| head.pts.is_some()) {
                    take_pts(pid, at, &mut self.alarms);
                }
            }
            Role::Other | Role::Elementary | Role::Null => {}
        }
    }

    fn take_sections(&mut self, at: Time, packet: Packet, tables: Tables) {
        let pid = self.pids.of(packet, at);
        let (number, mut changed) = (pid.number, false);
        let (structure, watch, alarms) = (&mut self.structure, &mut self.watch, &mut self.alarms);
        pid.sections.get_or_insert_default().push(packet.payload(), packet.unit_start(), |section| {
            let Ok(section) = section else {
                structure.unreadable += 1;
                return;
            };
            if section.has_crc() && !section.crc_ok() {
                alarms.count(at, Indicator::CrcError, Some(number), Offence::Table(section.table_id()));
                return;
            }
            watch.section(at, number, tables, section.table_id(), section_number(section), alarms);
            if tables == Tables::ConditionalAccess && section.table_id() != crate::wire::ids::CAT {
                alarms.count(at, Indicator::CatError, Some(number), Offence::Table(section.table_id()));
            }
            changed |= structure.take(at, number, tables, section) == Change::Roles;
        });
        if changed {
            roles::assign(at, &self.structure, &mut self.pids, &mut self.watch, &mut self.alarms);
        }
    }

    fn regain_sync(&mut self, at: Time) {
        if std::mem::take(&mut self.out_of_sync) {
            self.alarms.end(at, Indicator::TsSyncLoss);
        }
    }

    fn take_rates(&mut self, now: Time) {
        let Some((then, packets)) = self.rate_taken else {
            self.rate_taken = Some((now, self.packets));
            return;
        };
        let span = now.since(then);
        if span < RATE_INTERVAL {
            return;
        }
        self.bitrate = bits_a_second(self.packets - packets, span);
        for pid in self.pids.iter_mut() {
            pid.bitrate = bits_a_second(pid.packets - pid.packets_before, span);
            pid.packets_before = pid.packets;
        }
        self.rate_taken = Some((now, self.packets));
    }
}

fn take_pts(pid: &mut Pid, at: Time, alarms: &mut Alarms) {
    pid.pts_count += 1;
    if std::mem::take(&mut pid.pts_overdue) {
        alarms.end(at, Indicator::PtsError);
    } else if let Some(last) = pid.last_pts.filter(|_| pid.continuous)
        && at.since(last) > limits::PTS_INTERVAL
    {
        let offence = Offence::AbsentNanos(at.since(last).as_nanos() as u64);
        alarms.count(at, Indicator::PtsError, Some(pid.number), offence);
    }
    pid.last_pts = Some(at);
}

fn section_number(section: Section) -> u8 {
    if section.has_syntax() { section.number() } else { 0 }
}

fn bits_a_second(packets: u64, span: Duration) -> u64 {
    let bits = u128::from(packets) * PACKET_LEN as u128 * 8;
    u64::try_from(bits * 1_000_000_000 / span.as_nanos().max(1)).unwrap_or(u64::MAX)
}
