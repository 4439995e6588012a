//! What each PID carries, in words.

use std::collections::{BTreeMap, BTreeSet};

use super::pids::{Pid, Role, Tables};
use super::roles::is_reserved;
use super::structure::Structure;
use crate::wire::si::Stream;

/// What the tables say of the PIDs that they name.
#[derive(Debug)]
pub(super) struct Descriptions<'a> {
    streams: BTreeMap<u16, &'a Stream>,
    maps: BTreeMap<u16, Vec<String>>,
    access: BTreeSet<u16>,
}

impl<'a> Descriptions<'a> {
    /// Reads the tables once, for all PIDs.
    pub(super) fn of(structure: &'a Structure) -> Self {
        let mut maps: BTreeMap<u16, Vec<String>> = BTreeMap::new();
        for program in structure.programs() {
            maps.entry(program.map_pid).or_default().push(program.number.to_string());
        }
        let streams = structure.streams().map(|stream| (stream.pid, stream)).collect();
        Self { streams, maps, access: structure.access_pids().collect() }
    }

    /// What a PID carries.
    pub(super) fn of_pid(&self, pid: &Pid) -> String {
        match (pid.role, self.streams.get(&pid.number)) {
            (Role::Sections(tables), _) => self.of_tables(pid.number, tables),
            (_, Some(stream)) if stream.languages.is_empty() => stream.codec.clone(),
            (_, Some(stream)) => format!("{} ({})", stream.codec, stream.languages.join(", ")),
            (Role::Null, None) => "null packets".to_owned(),
            (Role::Other | Role::Elementary, None) => self.of_other(pid).to_owned(),
        }
    }

    fn of_tables(&self, pid: u16, tables: Tables) -> String {
        let name = match tables {
            Tables::Association => "PAT",
            Tables::ConditionalAccess => "CAT",
            Tables::Network => "NIT",
            Tables::Service => "SDT, BAT",
            Tables::Event => "EIT",
            Tables::RunningStatus => "RST",
            Tables::Time => "TDT, TOT",
            Tables::Splice => "SCTE 35",
            Tables::Map => {
                let programs = self.maps.get(&pid).map_or_else(String::new, |programs| programs.join(", "));
                return format!("PMT of {programs}");
            }
        };
        name.to_owned()
    }

    fn of_other(&self, pid: &Pid) -> &'static str {
        if self.access.contains(&pid.number) {
            "conditional access"
        } else if pid.clock.is_some() {
            "PCR"
        } else if is_reserved(pid.number) {
            "reserved"
        } else {
            "unreferenced"
        }
    }
}
