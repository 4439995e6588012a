//! What a stream is made of, as its tables say: services, their streams, events, time, splices.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::pids::Tables;
use super::tables::{Noted, TableLog};
use crate::time::Time;
use crate::wire::scte35::{Command, SpliceInfo};
use crate::wire::section::Section;
use crate::wire::si::{
    CaSystem, Event, EventInformation, NetworkInformation, Program, ProgramAssociation, ProgramMap, Service,
    StreamKind, Table, TimeTable,
};
use crate::wire::{ids, si};

/// Splices kept, the newest.
const MOST_SPLICES: usize = 64;
/// Services of which events are kept, and programs: more than a multiplex has room for.
pub(super) const MOST_SERVICES: usize = 1_024;

/// The tables of a stream, as they came last.
#[derive(Debug, Default)]
pub(super) struct Structure {
    /// Sections of the program association, by number.
    associations: BTreeMap<u8, ProgramAssociation>,
    /// Program maps by program number.
    pub(super) maps: BTreeMap<u16, ProgramMap>,
    /// Sections of conditional access, by number.
    access: BTreeMap<u8, Vec<CaSystem>>,
    /// Sections of the services of this stream, by number.
    services: BTreeMap<u8, Vec<Service>>,
    /// Present and following event by service_id.
    pub(super) events: BTreeMap<u16, [Option<Event>; 2]>,
    /// The network.
    pub(super) network: Option<NetworkInformation>,
    /// The last time of day, and when it came.
    pub(super) time: Option<(TimeTable, Time)>,
    /// The newest splices, oldest first, each with its PID and when it came.
    pub(super) splices: VecDeque<(u16, Time, SpliceInfo)>,
    /// Splices that came, those that only show life left out.
    pub(super) splice_count: u64,
    /// Sections that passed their CRC and could not be read all the same.
    pub(super) unreadable: u64,
    /// When which table came.
    pub(super) log: TableLog,
}

/// Whether what is referenced has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// PIDs have the roles that they had.
    None,
    /// They may have others.
    Roles,
}

impl Structure {
    /// Takes a section that passed its CRC. One that came before with the same content is not read again.
    pub(super) fn take(&mut self, at: Time, pid: u16, tables: Tables, section: Section, noted: Noted) -> Change {
        if tables == Tables::Splice && section.table_id() == ids::SPLICE_INFO {
            self.take_splice(at, pid, section);
            return Change::None;
        }
        let is_known = !noted.is_new && (tables != Tables::Map || self.maps.contains_key(&section.extension()));
        if is_known || !section.is_current() || !belongs(tables, section.table_id()) {
            return Change::None;
        }
        match Table::parse(section) {
            Ok(table) => self.take_table(at, pid, section, table),
            Err(_) => {
                self.unreadable += 1;
                Change::None
            }
        }
    }

    fn take_table(&mut self, at: Time, pid: u16, section: Section, table: Table) -> Change {
        match table {
            Table::Association(table) => {
                put(&mut self.associations, section, table);
                self.forget_programs_that_left();
                return Change::Roles;
            }
            Table::Map(map) if self.is_map_of(pid, map.program) => {
                self.maps.insert(map.program, map);
                return Change::Roles;
            }
            Table::ConditionalAccess(table) => {
                put(&mut self.access, section, table.systems);
                return Change::Roles;
            }
            Table::Network(table) if section.number() == 0 => self.network = Some(table),
            Table::Service(table) => put(&mut self.services, section, table.services),
            Table::Event(table) => self.take_events(table),
            Table::Time(table) => self.time = Some((table, at)),
            Table::Map(_) | Table::Network(_) | Table::Status(_) => {}
        }
        Change::None
    }

    fn forget_programs_that_left(&mut self) {
        let programs: BTreeSet<u16> = self.programs().map(|program| program.number).collect();
        self.maps.retain(|program, _| programs.contains(program));
    }

    fn is_map_of(&self, pid: u16, number: u16) -> bool {
        self.programs().any(|program| program.map_pid == pid && program.number == number)
    }

    fn take_events(&mut self, table: EventInformation) {
        let has_room = self.events.len() < MOST_SERVICES || self.events.contains_key(&table.service_id);
        let Some(place) = Some(usize::from(table.section_number)).filter(|&number| number < 2 && has_room) else {
            return;
        };
        self.events.entry(table.service_id).or_default()[place] = table.events.into_iter().next();
    }

    fn take_splice(&mut self, at: Time, pid: u16, section: Section) {
        let Ok(splice) = SpliceInfo::parse(section) else {
            self.unreadable += 1;
            return;
        };
        let is_sign_of_life = matches!(splice.command, Command::Null | Command::BandwidthReservation);
        if is_sign_of_life && splice.segmentations.is_empty() {
            return;
        }
        self.splice_count += 1;
        if self.splices.len() == MOST_SPLICES {
            self.splices.pop_front();
        }
        self.splices.push_back((pid, at, splice));
    }

    /// The programs of the association, network left out.
    pub(super) fn programs(&self) -> impl Iterator<Item = Program> {
        self.associations.values().flat_map(|section| section.programs.iter().copied()).take(MOST_SERVICES)
    }

    /// The services that the service description names.
    pub(super) fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values().flatten()
    }

    /// Whether association and maps are complete, so that a PID named in none of them is a stranger.
    pub(super) fn is_complete(&self) -> bool {
        !self.associations.is_empty() && self.programs().all(|program| self.maps.contains_key(&program.number))
    }

    /// transport_stream_id, once known.
    pub(super) fn transport_stream_id(&self) -> Option<u16> {
        self.associations.values().next().map(|section| section.transport_stream_id)
    }

    /// PID of the network information, where the association names one.
    pub(super) fn network_pid(&self) -> Option<u16> {
        self.associations.values().find_map(|section| section.network_pid)
    }

    /// PIDs that carry program maps.
    pub(super) fn map_pids(&self) -> BTreeSet<u16> {
        self.programs().map(|program| program.map_pid).collect()
    }

    /// PIDs of conditional access messages: management and control.
    pub(super) fn access_pids(&self) -> impl Iterator<Item = u16> {
        let control = self.maps.values().flat_map(|map| {
            map.ca_systems.iter().chain(map.streams.iter().flat_map(|stream| stream.ca_systems.iter()))
        });
        self.access.values().flatten().chain(control).map(|system| system.pid)
    }

    /// Whether a conditional access table came.
    pub(super) fn has_access_table(&self) -> bool {
        !self.access.is_empty()
    }

    /// The elementary streams of all programs.
    pub(super) fn streams(&self) -> impl Iterator<Item = &si::Stream> {
        self.maps.values().flat_map(|map| map.streams.iter())
    }

    /// PIDs that carry the PCR of a program.
    pub(super) fn pcr_pids(&self) -> impl Iterator<Item = u16> {
        self.maps.values().filter_map(|map| map.pcr_pid)
    }

    /// Whether the stream comes all the time: others may rest as long as they like.
    pub(super) const fn is_continuous(kind: StreamKind) -> bool {
        matches!(kind, StreamKind::Video | StreamKind::Audio)
    }
}

/// Puts a section to those of its table, of which there may be fewer now.
fn put<T>(sections: &mut BTreeMap<u8, T>, section: Section, content: T) {
    sections.retain(|&number, _| number <= section.last_number());
    sections.insert(section.number(), content);
}

/// Whether a table is one of those that its PID is read for.
const fn belongs(tables: Tables, table_id: u8) -> bool {
    match tables {
        Tables::Association => table_id == ids::PAT,
        Tables::ConditionalAccess => table_id == ids::CAT,
        Tables::Map => table_id == ids::PMT,
        Tables::Network => table_id == ids::NIT_ACTUAL,
        Tables::Service => table_id == ids::SDT_ACTUAL,
        Tables::Event => table_id == ids::EIT_PF_ACTUAL,
        Tables::Time => matches!(table_id, ids::TDT | ids::TOT),
        Tables::RunningStatus | Tables::Splice => false,
    }
}
