//! The PIDs of a stream: what is kept of each, in a table that grows with those that come.

use std::time::Duration;

use super::alarm::Alarms;
use super::expect::{Lasting, Recurring};
use super::fingerprint::Fingerprint;
use super::indicator::Indicator;
use super::pcr::PcrWatch;
use crate::stage::continuity::LastCounter;
use crate::time::Time;
use crate::wire::ids;
use crate::wire::section::Assembler;
use crate::wire::ts::{NULL_PID, PID_COUNT, Packet};

/// Zero, so that the parts of the table in which no PID is seen never become memory.
const UNSEEN: u16 = 0;
/// A PID counts as scrambled for so long after a scrambled packet.
const SCRAMBLED_FOR: Duration = Duration::from_secs(1);

/// What a PID carries, as far as the inspector treats it differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    /// Not known yet, or of no interest.
    #[default]
    Other,
    /// Sections, of the tables that belong to the PID.
    Sections(Tables),
    /// PES packets.
    Elementary,
    /// Null packets.
    Null,
}

impl Role {
    /// What a PID carries by its number alone.
    pub(super) const fn of_number(number: u16) -> Self {
        match number {
            ids::PAT_PID => Self::Sections(Tables::Association),
            ids::CAT_PID => Self::Sections(Tables::ConditionalAccess),
            ids::NIT_PID => Self::Sections(Tables::Network),
            ids::SDT_PID => Self::Sections(Tables::Service),
            ids::EIT_PID => Self::Sections(Tables::Event),
            ids::RST_PID => Self::Sections(Tables::RunningStatus),
            ids::TDT_PID => Self::Sections(Tables::Time),
            NULL_PID => Self::Null,
            _ => Self::Other,
        }
    }
}

/// Which tables come on a PID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tables {
    /// The program association.
    Association,
    /// Conditional access.
    ConditionalAccess,
    /// Program maps.
    Map,
    /// Network information.
    Network,
    /// Service description and bouquets.
    Service,
    /// Events.
    Event,
    /// Running status.
    RunningStatus,
    /// Time and date.
    Time,
    /// Splice information (SCTE 35).
    Splice,
}

/// What is kept of a PID. What each packet needs comes first.
#[derive(Debug)]
pub(super) struct Pid {
    /// Packets so far.
    pub(super) packets: u64,
    /// When the last one came.
    pub(super) last: Time,
    /// The last packet, for telling a copy of it from another with the same counter.
    pub(super) fingerprint: Fingerprint,
    /// The continuity counter.
    pub(super) counter: LastCounter,
    /// What it carries.
    pub(super) role: Role,
    /// The PID, `0..8192`.
    pub(super) number: u16,
    /// What was counted.
    pub(super) counts: Counts,
    /// When the last packet with a scrambled payload came.
    pub(super) last_scrambled: Option<Time>,
    /// Whether PAT, PMT or CAT name the PID, or it is reserved.
    pub(super) is_referenced: bool,
    /// Whether it carries pictures or sound, which come all the time.
    pub(super) is_continuous: bool,
    /// The PID itself, if it must come all the time.
    pub(super) presence: Option<Recurring>,
    /// The PTS, if it has any and must go on with them.
    pub(super) stamps: Option<Recurring>,
    /// The PCR, if a program map says that it is here.
    pub(super) clock: Option<Recurring>,
    /// Whether it comes though nothing names it.
    pub(super) stranger: Lasting,
    /// Packets when the rate was last taken.
    pub(super) packets_before: u64,
    /// Bits a second over the last interval.
    pub(super) bitrate: u64,
    /// The PCRs, if it carries any.
    pub(super) pcr: Option<Box<PcrWatch>>,
    /// The sections, if it carries any.
    pub(super) sections: Option<Box<Assembler>>,
}

/// What was counted of a PID.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Continuity errors.
    pub(super) continuity_errors: u64,
    /// Packets missing by the counters: at most 15 a gap can be told.
    pub(super) missing_packets: u64,
    /// Packets with transport_error_indicator. Nothing else is counted of them.
    pub(super) transport_errors: u64,
    /// Packets whose payload is scrambled.
    pub(super) scrambled: u64,
    /// Packets that came a second time.
    pub(super) repeated: u64,
    /// PTS in the clear.
    pub(super) pts: u64,
    /// PCRs.
    pub(super) pcr: u64,
}

impl Pid {
    fn new(number: u16, at: Time) -> Self {
        Self {
            packets: 0,
            last: at,
            fingerprint: Fingerprint::default(),
            counter: LastCounter::default(),
            role: Role::of_number(number),
            number,
            counts: Counts::default(),
            last_scrambled: None,
            is_referenced: false,
            is_continuous: false,
            presence: None,
            stamps: None,
            clock: None,
            stranger: Lasting::default(),
            packets_before: 0,
            bitrate: 0,
            pcr: None,
            sections: None,
        }
    }

    /// Whether scrambled packets come.
    pub(super) fn is_scrambled(&self, now: Time) -> bool {
        self.last_scrambled.is_some_and(|last| now.since(last) < SCRAMBLED_FOR)
    }

    /// Whether each packet has to be looked into.
    #[inline]
    pub(super) const fn carries_sections(&self) -> bool {
        matches!(self.role, Role::Sections(_))
    }

    /// No PTS need come any more.
    pub(super) fn expect_no_stamps(&mut self, at: Time, alarms: &mut Alarms) {
        if let Some(mut stamps) = self.stamps.take() {
            stamps.expect_no_more(at, Indicator::PtsError, alarms);
        }
    }

    /// Forgets the section that has begun: some of it is missing.
    pub(super) fn break_section(&mut self) {
        if let Some(sections) = &mut self.sections {
            sections.discontinuity();
        }
    }
}

/// All PIDs that have come, found by number.
#[derive(Debug)]
pub(super) struct Pids {
    places: Vec<u16>,
    seen: Vec<Pid>,
}

impl Default for Pids {
    fn default() -> Self {
        Self { places: vec![UNSEEN; PID_COUNT], seen: Vec::new() }
    }
}

impl Pids {
    /// The PID of `packet`; new if this is its first.
    #[inline]
    pub(super) fn of(&mut self, packet: Packet, at: Time) -> &mut Pid {
        self.at(packet.pid(), at)
    }

    /// The PID `number`, which need not have come yet: then it counts as seen from `at` on, with no packet.
    #[inline]
    pub(super) fn at(&mut self, number: u16, at: Time) -> &mut Pid {
        let place = &mut self.places[usize::from(number) % PID_COUNT];
        if *place == UNSEEN {
            self.seen.push(Pid::new(number, at));
            *place = self.seen.len() as u16;
        }
        &mut self.seen[usize::from(*place) - 1]
    }

    /// The PID `number`, if it has come.
    pub(super) fn get(&self, number: u16) -> Option<&Pid> {
        self.seen.get(usize::from(self.places[usize::from(number) % PID_COUNT]).checked_sub(1)?)
    }

    /// All that have come, in the order in which they first did.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Pid> {
        self.seen.iter()
    }

    /// All that have come, to change.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Pid> {
        self.seen.iter_mut()
    }
}
