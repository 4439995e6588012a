//! What a stream is made of, as its tables say: services, their streams, events, time, splices.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::pids::Tables;
use super::tables::{SectionKey, TableLog};
use crate::time::Time;
use crate::wire::scte35::{Command, SpliceInfo};
use crate::wire::section::Section;
use crate::wire::si::{
    CaSystem, Event, EventInformation, NetworkInformation, Program, ProgramAssociation, ProgramMap, Service,
    ServiceDescription, StreamKind, Table, TimeTable,
};
use crate::wire::{ids, si};

/// Splices kept, the newest.
const MOST_SPLICES: usize = 64;
/// Services of which events are kept: more than a multiplex has room for.
const MOST_SERVICES: usize = 1_024;

/// The tables of a stream, as they came last.
#[derive(Debug, Default)]
pub(super) struct Structure {
    /// Sections of the program association, by number.
    associations: BTreeMap<u8, ProgramAssociation>,
    /// Program maps by program number.
    pub(super) maps: BTreeMap<u16, ProgramMap>,
    /// Sections of conditional access, by number.
    access: BTreeMap<u8, Vec<CaSystem>>,
    /// Services of this stream by service_id.
    pub(super) services: BTreeMap<u16, Service>,
    /// Present and following event by service_id.
    pub(super) events: BTreeMap<u16, [Option<Event>; 2]>,
    /// Which of the sections 0 (present) and 1 (following) came, as bits, by service_id.
    pub(super) event_sections: BTreeMap<u16, u8>,
    /// Since when a service has only one of them, and whether that is counted.
    pub(super) events_unpaired: Option<(Time, bool)>,
    /// Whether the missing of the conditional access table is counted.
    pub(super) access_missing: bool,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// PIDs may have other roles now.
    Roles,
    /// They have not.
    None,
}

impl Structure {
    /// Takes a section that passed its CRC. One that came before with the same content is only logged.
    pub(super) fn take(&mut self, at: Time, pid: u16, tables: Tables, section: Section) -> Change {
        let key = SectionKey::of(pid, section);
        let is_new = self.log.note(at, key, section);
        if tables == Tables::Splice && section.table_id() == ids::SPLICE_INFO {
            self.take_splice(at, pid, section);
            return Change::None;
        }
        // The time is another each time, under the same key.
        if !is_new || (section.has_syntax() && !section.is_current()) || !belongs(tables, section.table_id()) {
            return Change::None;
        }
        match Table::parse(section) {
            Ok(table) => self.take_table(at, section, table),
            Err(si::SiError::Table(_)) => Change::None,
            Err(_) => {
                self.unreadable += 1;
                Change::None
            }
        }
    }

    fn take_table(&mut self, at: Time, section: Section, table: Table) -> Change {
        match table {
            Table::Association(table) => {
                self.associations.retain(|&number, _| number <= section.last_number());
                self.associations.insert(section.number(), table);
                let programs: BTreeSet<u16> = self.programs().map(|program| program.number).collect();
                self.maps.retain(|program, _| programs.contains(program));
                return Change::Roles;
            }
            Table::Map(map) => {
                if self.programs().any(|program| program.number == map.program) {
                    self.maps.insert(map.program, map);
                    return Change::Roles;
                }
            }
            Table::ConditionalAccess(table) => {
                self.access.retain(|&number, _| number <= section.last_number());
                self.access.insert(section.number(), table.systems);
                return Change::Roles;
            }
            Table::Network(table) if table.actual => self.network = Some(table),
            Table::Service(table) if table.actual => self.take_services(table),
            Table::Event(table) if table.table_id == ids::EIT_PF_ACTUAL => self.take_events(table),
            Table::Time(table) => self.time = Some((table, at)),
            Table::Network(_) | Table::Service(_) | Table::Event(_) | Table::Status(_) => {}
        }
        Change::None
    }

    fn take_services(&mut self, table: ServiceDescription) {
        for service in table.services {
            if self.services.len() < MOST_SERVICES || self.services.contains_key(&service.id) {
                self.services.insert(service.id, service);
            }
        }
    }

    fn take_events(&mut self, table: EventInformation) {
        let has_room = self.events.len() < MOST_SERVICES || self.events.contains_key(&table.service_id);
        let Some(place) = Some(usize::from(table.section_number)).filter(|&number| number < 2 && has_room) else {
            return;
        };
        *self.event_sections.entry(table.service_id).or_default() |= 1 << place;
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
        self.associations.values().flat_map(|section| section.programs.iter().copied())
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
