//! What a packet says that is not simply the next in the clear of a PID without sections.

use super::Inspector;
use super::expect::Recurring;
use super::fingerprint::Fingerprint;
use super::indicator::{Indicator, Offence, limits};
use super::pids::{Pid, Role, Tables};
use super::presence::Arrived;
use super::roles::{clock_limit, stamp_limit};
use super::structure::Change;
use crate::stage::continuity::Step;
use crate::time::{Ticks27, Time};
use crate::wire::pes::PesHead;
use crate::wire::ts::{Adaptation, Packet};

/// Packets that can be missing by the continuity counter: sixteen are none.
const MOST_MISSING: u8 = 15;

/// Whether a packet has come before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Novelty {
    /// It is new.
    New,
    /// It is a copy of the one before: only what lies in packets is counted, nothing is taken from it.
    Copy,
}

impl Inspector {
    /// Takes a packet that is counted but not looked at yet.
    #[cold]
    #[inline(never)]
    pub(super) fn unusual(&mut self, at: Time, packet: Packet) {
        if self.start.is_none() {
            self.start = Some(at);
            self.watch.expect_association(at);
        }
        let pid = self.pids.of(packet, at);
        if packet.transport_error() {
            take_broken(pid);
            self.alarms.count(at, Indicator::TransportError, Some(pid.number), Offence::Found);
        } else if pid.role != Role::Null && (packet.has_payload() || packet.has_adaptation()) {
            self.take_sound(at, packet);
        }
    }

    fn take_sound(&mut self, at: Time, packet: Packet) {
        let novelty = self.check_counter(at, packet);
        if let Some(field) = packet.adaptation()
            && let Some(pcr) = field.pcr()
        {
            self.pids.of(packet, at).counts.pcr += 1;
            if novelty == Novelty::New {
                self.take_pcr(at, packet, field, pcr);
            }
        }
        if packet.has_payload() {
            if packet.scrambling() == 0 {
                self.take_payload(at, packet, novelty);
            } else {
                self.take_scrambled(at, packet);
            }
        }
    }

    fn check_counter(&mut self, at: Time, packet: Packet) -> Novelty {
        let pid = self.pids.of(packet, at);
        let (step, fingerprint) = (pid.counter.step(packet), Fingerprint::of_any(packet));
        let is_same = std::mem::replace(&mut pid.fingerprint, fingerprint) == fingerprint;
        let found = packet.continuity();
        let next = found.wrapping_add(1) & 0x0F;
        if !is_same {
            // The same counter on another packet: copies of this one are copies.
            pid.counter.resume(packet);
        }
        let (expected, missing, novelty) = match step {
            Step::Right => return Novelty::New,
            Step::Excused => return excuse(pid),
            Step::Repeat if is_same => {
                pid.counts.repeated += 1;
                return Novelty::Copy;
            }
            Step::Repeat if packet.adaptation().is_some_and(Adaptation::discontinuity) => return excuse(pid),
            Step::Repeat => (next, MOST_MISSING, Novelty::New),
            // A third copy: none is missing.
            Step::Wrong { expected } if expected == next && is_same => (expected, 0, Novelty::Copy),
            Step::Wrong { expected } => (expected, found.wrapping_sub(expected) & 0x0F, Novelty::New),
        };
        pid.counts.continuity_errors += 1;
        pid.counts.missing_packets += u64::from(missing);
        self.missing_packets += u64::from(missing);
        let (number, offence) = (pid.number, Offence::Counter { expected, found });
        if missing > 0 {
            pid.break_section();
            self.lose_place();
        }
        self.alarms.count(at, Indicator::ContinuityCountError, Some(number), offence);
        novelty
    }

    fn take_pcr(&mut self, at: Time, packet: Packet, field: Adaptation, pcr: Ticks27) {
        let (place, whole_since) = (self.packets - 1, self.whole_since);
        let (pid, alarms) = (self.pids.of(packet, at), &mut self.alarms);
        if let Some(clock) = &mut pid.clock {
            clock.arrive(at, clock_limit(pid.number), alarms);
        }
        let watch = pid.pcr.get_or_insert_default();
        if watch.last_packet < whole_since {
            watch.lose_place();
        }
        watch.last_packet = place;
        let findings = watch.observe(at, place, pcr, field.discontinuity());
        let number = Some(pid.number);
        if let Some(step) = findings.step_nanos {
            alarms.count(at, Indicator::PcrDiscontinuityError, number, Offence::StepNanos(step));
        }
        if let Some(accuracy) = findings.accuracy {
            self.pcr_error_nanos = Some(accuracy.worst_nanos());
            for &error in accuracy.errors_nanos().iter().filter(|error| error.abs() > limits::PCR_ACCURACY_NANOS) {
                alarms.count(at, Indicator::PcrAccuracyError, number, Offence::ErrorNanos(error));
            }
        }
        let steady = findings.step_nanos.is_none() && !field.discontinuity();
        self.clock.extend(at, packet.pid(), place, pcr, steady);
    }

    fn take_scrambled(&mut self, at: Time, packet: Packet) {
        let pid = self.pids.of(packet, at);
        pid.counts.scrambled += 1;
        pid.last_scrambled = Some(at);
        pid.break_section();
        // What is scrambled shows no PTS.
        pid.expect_no_stamps(at, &mut self.alarms);
        let indicator = match pid.role {
            Role::Sections(Tables::Association) => Indicator::PatError,
            Role::Sections(Tables::Map) => Indicator::PmtError,
            _ => return,
        };
        self.alarms.count(at, indicator, Some(pid.number), Offence::Scrambled);
    }

    fn take_payload(&mut self, at: Time, packet: Packet, novelty: Novelty) {
        let pid = self.pids.of(packet, at);
        match pid.role {
            Role::Sections(tables) if novelty == Novelty::New => self.take_sections(at, packet, tables),
            Role::Other | Role::Elementary if packet.unit_start() => self.take_unit(at, packet),
            Role::Sections(_) | Role::Other | Role::Elementary | Role::Null => {}
        }
    }

    fn take_unit(&mut self, at: Time, packet: Packet) {
        let (pid, alarms) = (self.pids.of(packet, at), &mut self.alarms);
        if PesHead::parse(packet.payload()).is_some_and(|head| head.pts.is_some()) {
            pid.counts.pts += 1;
            if pid.is_continuous {
                let stamps = pid.stamps.get_or_insert(Recurring::since(at));
                stamps.arrive(at, stamp_limit(pid.number), alarms);
            }
        }
    }

    fn take_sections(&mut self, at: Time, packet: Packet, tables: Tables) {
        let pid = self.pids.of(packet, at);
        let (number, mut change) = (pid.number, Change::None);
        let (structure, watch, alarms) = (&mut self.structure, &mut self.watch, &mut self.alarms);
        pid.sections.get_or_insert_default().push(packet.payload(), packet.unit_start(), |section| {
            let Ok(section) = section else {
                structure.unreadable += 1;
                return;
            };
            if !section.crc_ok() {
                match tables {
                    Tables::Splice => structure.unreadable += 1,
                    _ => alarms.count(at, Indicator::CrcError, Some(number), Offence::Table(section.table_id())),
                }
                return;
            }
            let noted = structure.log.note(at, number, section);
            watch.take(at, Arrived { pid: number, tables, section, since_same: noted.since_same }, alarms);
            change = change.max(structure.take(at, number, tables, section, noted));
        });
        if change == Change::Roles {
            self.change_roles(at);
        }
    }
}

/// The stream goes on elsewhere, as the discontinuity indicator says.
fn excuse(pid: &mut Pid) -> Novelty {
    pid.break_section();
    Novelty::New
}

/// Nothing in a packet with a transport error can be trusted, its counter neither.
fn take_broken(pid: &mut Pid) {
    pid.counts.transport_errors += 1;
    pid.counter.forget();
    pid.break_section();
}
