//! Which packet leaves when: one plan for all periods of three seconds.
//!
//! Three seconds are the shortest time that holds whole numbers of seconds, pictures (75), audio frames (125) and, at any
//! bitrate, transport packets. A second has 36 windows: twelve carry the picture that needs no other, 24 a change each.
//! The first video packet of every window carries a PCR.

use std::collections::BTreeMap;

use super::h264::PICTURES_A_SECOND;
use super::packet::PART_LEN;
use crate::time::Ticks27;
use crate::wire::ids;
use crate::wire::ts::PACKET_LEN;

/// Seconds in a period.
pub(super) const PERIOD_SECONDS: u64 = 3;
/// Duration of a period in ticks of 27 MHz.
pub(super) const PERIOD_TICKS: u64 = PERIOD_SECONDS * Ticks27::HZ;
/// Audio PES packets in a period.
pub(super) const AUDIO_UNITS: u32 = 25;
/// Transport packets of an audio PES packet.
pub(super) const AUDIO_PARTS: u32 = 6;

/// PID of the program map.
pub(super) const MAP_PID: u16 = 0x100;
/// PID of video and PCR.
pub(super) const VIDEO_PID: u16 = 0x101;
/// PID of audio.
pub(super) const AUDIO_PID: u16 = 0x102;

/// Windows of a second: 27.8 ms each.
const WINDOWS_A_SECOND: u32 = REFRESH_WINDOWS + PICTURES_A_SECOND - 1;
/// Windows in which the instant refresh is delivered.
const REFRESH_WINDOWS: u32 = 12;
const WINDOWS: u32 = PERIOD_SECONDS as u32 * WINDOWS_A_SECOND;
const WINDOW_TICKS: u64 = PERIOD_TICKS / WINDOWS as u64;
/// Windows from a PAT, and a PMT, to the next: 83.3 ms.
const WINDOWS_A_PROGRAM_TABLE: u32 = 3;
const PACKET_BITS: u64 = PACKET_LEN as u64 * 8;

/// A table of PSI or SI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Association,
    Map,
    Network,
    Service,
    Time,
}

/// What a packet carries. Of those due together the first in this order leaves first: tables, so that a receiver that
/// joins at a period's start knows the streams before the first of them begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Load {
    /// A whole section.
    Table { table: Table, second: u32 },
    /// Part of a picture of the period's `second`, `picture` of 25.
    Video { second: u32, picture: u32, part: u32, clock: bool },
    /// Part of an audio PES packet of the period.
    Audio { unit: u32, part: u32 },
}

impl Load {
    /// The PID that carries it.
    pub(super) const fn pid(self) -> u16 {
        match self {
            Self::Video { .. } => VIDEO_PID,
            Self::Audio { .. } => AUDIO_PID,
            Self::Table { table, .. } => table.pid(),
        }
    }
}

impl Table {
    const fn pid(self) -> u16 {
        match self {
            Self::Association => ids::PAT_PID,
            Self::Map => MAP_PID,
            Self::Network => ids::NIT_PID,
            Self::Service => ids::SDT_PID,
            Self::Time => ids::TDT_PID,
        }
    }
}

impl Planned {
    /// continuity_counter of the packet in period number `period`.
    pub(super) const fn continuity(self, period: u64) -> u8 {
        (period.wrapping_mul(self.count as u64).wrapping_add(self.index as u64) & 0xF) as u8
    }
}

/// A packet of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    /// Its place among all packets of the period.
    pub(super) slot: u32,
    /// How many packets of its PID the period has before it.
    pub(super) index: u32,
    /// How many packets of its PID every period has.
    pub(super) count: u32,
    /// What it carries.
    pub(super) load: Load,
}

/// Packets that pictures take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PictureParts {
    /// An instant refresh; a multiple of its twelve windows.
    pub(super) refresh: u32,
    /// A change.
    pub(super) change: u32,
}

impl PictureParts {
    /// Enough packets for PES packets of up to so many bytes.
    pub(super) const fn holding(refresh_len: usize, change_len: usize) -> Self {
        let refresh = refresh_len.div_ceil(PART_LEN).next_multiple_of(REFRESH_WINDOWS as usize);
        Self { refresh: refresh as u32, change: change_len.div_ceil(PART_LEN) as u32 }
    }

    /// Of the picture with this number in its second.
    pub(super) const fn of(self, picture: u32) -> u32 {
        if picture == 0 { self.refresh } else { self.change }
    }
}

/// The plan of a period: slots not in it carry null packets.
#[derive(Debug)]
pub(super) struct Schedule {
    /// Ascending by slot.
    pub(super) planned: Vec<Planned>,
    /// Packets of a period, null packets included.
    pub(super) slots: u32,
    /// Packets in a datagram.
    pub(super) slots_a_datagram: u32,
    pub(super) parts: PictureParts,
}

/// A packet before it has a slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Wanted {
    ticks: u64,
    load: Load,
}

impl Schedule {
    /// The plan for at most `bitrate` bits a second, in whole datagrams a period.
    /// `None` when that is less than [`Self::lowest_bitrate`].
    pub(super) fn new(bitrate: u64, slots_a_datagram: u32, parts: PictureParts) -> Option<Self> {
        let slots = bitrate * PERIOD_SECONDS / PACKET_BITS / u64::from(slots_a_datagram) * u64::from(slots_a_datagram);
        let wanted = wanted(parts);
        if slots < lowest_slots(&wanted, slots_a_datagram) {
            return None;
        }
        let slots = u32::try_from(slots).ok()?;
        Some(Self { planned: assign_slots(&wanted, slots), slots, slots_a_datagram, parts })
    }

    /// The lowest bitrate at which every window's packets leave in it, in bits a second.
    pub(super) fn lowest_bitrate(slots_a_datagram: u32, parts: PictureParts) -> u64 {
        (lowest_slots(&wanted(parts), slots_a_datagram) * PACKET_BITS).div_ceil(PERIOD_SECONDS)
    }

    /// When a slot leaves, in ticks from the period's start, rounded.
    pub(super) const fn slot_ticks(&self, slot: u32) -> u64 {
        (slot as u64 * PERIOD_TICKS + self.slots as u64 / 2) / self.slots as u64
    }

    /// Datagrams of a period.
    pub(super) const fn datagrams(&self) -> u32 {
        self.slots / self.slots_a_datagram
    }

    /// The rate in bits a second, rounded down, null packets included.
    pub(super) const fn bitrate(&self) -> u64 {
        self.slots as u64 * PACKET_BITS / PERIOD_SECONDS
    }
}

/// The packets of a period in the order of their times.
fn wanted(parts: PictureParts) -> Vec<Wanted> {
    let mut wanted: Vec<_> = (0..WINDOWS).flat_map(|window| video(window, parts)).collect();
    wanted.extend((0..WINDOWS).flat_map(tables));
    wanted.extend((0..AUDIO_UNITS * AUDIO_PARTS).map(audio));
    wanted.sort_unstable();
    wanted
}

fn video(window: u32, parts: PictureParts) -> impl Iterator<Item = Wanted> {
    let (second, of_second) = (window / WINDOWS_A_SECOND, window % WINDOWS_A_SECOND);
    let (picture, first_part, count) = match of_second.checked_sub(REFRESH_WINDOWS) {
        None => (0, of_second * parts.refresh / REFRESH_WINDOWS, parts.refresh / REFRESH_WINDOWS),
        Some(change) => (change + 1, 0, parts.change),
    };
    (0..count).map(move |part| Wanted {
        ticks: (u64::from(window) * u64::from(count) + u64::from(part)) * WINDOW_TICKS / u64::from(count),
        load: Load::Video { second, picture, part: first_part + part, clock: part == 0 },
    })
}

fn tables(window: u32) -> impl Iterator<Item = Wanted> {
    let second = window / WINDOWS_A_SECOND;
    let program: &[Table] =
        if window.is_multiple_of(WINDOWS_A_PROGRAM_TABLE) { &[Table::Association, Table::Map] } else { &[] };
    let once_a_second: &[Table] = match window % WINDOWS_A_SECOND {
        10 => &[Table::Time],
        13 => &[Table::Service],
        16 => &[Table::Network],
        _ => &[],
    };
    program
        .iter()
        .chain(once_a_second)
        .map(move |&table| Wanted { ticks: u64::from(window) * WINDOW_TICKS, load: Load::Table { table, second } })
}

fn audio(number: u32) -> Wanted {
    let ticks = PERIOD_TICKS / u64::from(AUDIO_UNITS * AUDIO_PARTS) * u64::from(number);
    Wanted { ticks, load: Load::Audio { unit: number / AUDIO_PARTS, part: number % AUDIO_PARTS } }
}

/// Slots such that each window has at least as many as packets, in whole datagrams.
fn lowest_slots(wanted: &[Wanted], slots_a_datagram: u32) -> u64 {
    let windows = wanted.chunk_by(|a, b| a.ticks / WINDOW_TICKS == b.ticks / WINDOW_TICKS);
    let fullest = windows.map(<[_]>::len).max().unwrap_or(0) as u64;
    (fullest * u64::from(WINDOWS)).next_multiple_of(u64::from(slots_a_datagram))
}

/// Gives each packet the first free slot at or after its time, and its number among those of its PID.
fn assign_slots(wanted: &[Wanted], slots: u32) -> Vec<Planned> {
    let (mut free, mut counts) = (0, BTreeMap::new());
    let place = |wanted: &Wanted| {
        let due = (wanted.ticks * u64::from(slots)).div_ceil(PERIOD_TICKS) as u32;
        let slot = due.max(free);
        free = slot + 1;
        let count: &mut u32 = counts.entry(wanted.load.pid()).or_default();
        *count += 1;
        Planned { slot, index: *count - 1, count: 0, load: wanted.load }
    };
    let mut planned: Vec<_> = wanted.iter().map(place).collect();
    planned.iter_mut().for_each(|planned| planned.count = counts[&planned.load.pid()]);
    planned
}
