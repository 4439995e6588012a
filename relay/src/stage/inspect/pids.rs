//! The PIDs of a stream: what is kept of each, in a table that grows with those that come.

use std::time::Duration;

use super::pcr::PcrWatch;
use crate::stage::continuity::LastCounter;
use crate::time::Time;
use crate::wire::ids;
use crate::wire::section::Assembler;
use crate::wire::ts::{NULL_PID, PID_COUNT, Packet};

const UNSEEN: u16 = u16::MAX;
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
    const fn of_number(number: u16) -> Self {
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

/// What is kept of a PID.
#[derive(Debug)]
pub(super) struct Pid {
    /// Packets so far.
    pub(super) packets: u64,
    /// When the last one came.
    pub(super) last: Time,
    /// Last bytes of the last packet, for telling a repeated packet from another with the same counter.
    pub(super) fingerprint: u64,
    /// The continuity counter.
    pub(super) counter: LastCounter,
    /// What it carries.
    pub(super) role: Role,
    /// The PID, `0..8192`.
    pub(super) number: u16,
    /// Continuity errors.
    pub(super) continuity_errors: u64,
    /// Packets missing by the counters: at most 15 a gap can be told.
    pub(super) missing_packets: u64,
    /// Packets with transport_error_indicator.
    pub(super) transport_errors: u64,
    /// Packets whose payload is scrambled.
    pub(super) scrambled: u64,
    /// When the last of them came.
    pub(super) last_scrambled: Option<Time>,
    /// Packets that came a second time.
    pub(super) repeated: u64,
    /// PTS seen.
    pub(super) pts_count: u64,
    /// PCRs seen.
    pub(super) pcr_count: u64,
    /// When the last PTS came.
    pub(super) last_pts: Option<Time>,
    /// Whether the next PTS is overdue, and counted.
    pub(super) pts_overdue: bool,
    /// Whether it carries pictures or sound, which come all the time.
    pub(super) continuous: bool,
    /// Whether a program map says that it carries the program's PCR.
    pub(super) carries_clock: bool,
    /// Whether the PID's absence is counted.
    pub(super) absent: bool,
    /// Whether PAT, PMT or CAT name the PID, or it is reserved.
    pub(super) referenced: bool,
    /// Since when it comes unreferenced, and whether that is counted.
    pub(super) stranger: Option<(Time, bool)>,
    /// Packets when the rate was last taken.
    pub(super) packets_before: u64,
    /// Bits a second over the last interval.
    pub(super) bitrate: u64,
    /// The PCRs, if it carries any.
    pub(super) pcr: Option<Box<PcrWatch>>,
    /// The sections, if it carries any.
    pub(super) sections: Option<Box<Assembler>>,
}

impl Pid {
    fn new(number: u16, at: Time) -> Self {
        Self {
            packets: 0,
            last: at,
            fingerprint: 0,
            counter: LastCounter::default(),
            role: Role::of_number(number),
            number,
            continuity_errors: 0,
            missing_packets: 0,
            transport_errors: 0,
            scrambled: 0,
            last_scrambled: None,
            repeated: 0,
            pts_count: 0,
            pcr_count: 0,
            last_pts: None,
            pts_overdue: false,
            continuous: false,
            carries_clock: false,
            absent: false,
            referenced: false,
            stranger: None,
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
}

/// All PIDs that have come, found by number.
#[derive(Debug)]
pub(super) struct Pids {
    places: Box<[u16; PID_COUNT]>,
    seen: Vec<Pid>,
}

impl Default for Pids {
    fn default() -> Self {
        Self { places: Box::new([UNSEEN; PID_COUNT]), seen: Vec::new() }
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
            *place = self.seen.len() as u16;
            self.seen.push(Pid::new(number, at));
        }
        &mut self.seen[usize::from(*place)]
    }

    /// The PID `number`, if it has come.
    pub(super) fn get(&self, number: u16) -> Option<&Pid> {
        self.seen.get(usize::from(self.places[usize::from(number) % PID_COUNT]))
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

/// The last bytes of a packet, which a PCR never reaches unless there is nothing else in the packet.
#[inline]
pub(super) fn fingerprint(packet: Packet) -> u64 {
    let [.., a, b, c, d, e, f, g, h] = *packet.bytes();
    u64::from_ne_bytes([a, b, c, d, e, f, g, h])
}
