//! What an inspection has found, as a snapshot: for reports, the page and the metrics. Its JSON form is the schema of
//! `flowclient inspect --json`.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::Inspector;
use super::indicator::{Indicator, Offence};
use super::pids::{Pid, Role, Tables};
use super::structure::Structure;
use crate::time::{Time, Utc};
use crate::wire::scte35::SpliceInfo;
use crate::wire::si::{Event, StreamKind, serialize_utc, service_type_name};
use crate::wire::ts::NULL_PID;

/// What an inspection has found.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Report {
    /// The stream as a whole.
    pub ts: TsReport,
    /// Its PIDs that came or are named, by number.
    pub pids: Vec<PidReport>,
    /// Its services (programs), by number.
    pub services: Vec<ServiceReport>,
    /// The tables that came.
    pub tables: Vec<TableReport>,
    /// The indicators of TR 101 290 by name.
    pub tr101290: BTreeMap<&'static str, IndicatorReport>,
    /// The newest splices (SCTE 35), oldest first.
    pub splices: Vec<SpliceReport>,
    /// The stream's clocks, by PID.
    pub clocks: Vec<ClockReport>,
    /// How its datagrams arrive; `None` for what does not come from the network.
    pub arrival: Option<ArrivalReport>,
}

/// The stream as a whole.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct TsReport {
    /// Transport packets.
    pub packets: u64,
    /// Null packets among them.
    pub null_packets: u64,
    /// Rate in bits a second, packets of 188 bytes: by the PCR if there is one, else as they came.
    pub bitrate: u64,
    /// Rate in bits a second over the last second, as they came.
    pub bitrate_now: u64,
    /// Wrong sync bytes and losses of synchronisation.
    pub sync_errors: u64,
    /// Continuity errors, all PIDs together.
    pub continuity_errors: u64,
    /// Packets missing by the continuity counters: at most 15 can be told a gap.
    pub missing_packets: u64,
    /// transport_stream_id.
    pub transport_stream_id: Option<u16>,
    /// Name of the network.
    pub network: Option<String>,
    /// UTC of the last time table.
    #[serde(serialize_with = "serialize_utc")]
    #[schemars(with = "Option<String>")]
    pub utc: Option<Utc>,
    /// Sections whose CRC is right, of the tables that are read.
    pub sections: u64,
    /// Sections that could not be read, though their CRC is right, or that were cut short.
    pub unreadable_sections: u64,
    /// Sections of which `tables` knows nothing, because there are more different ones than it has room for.
    pub unlisted_sections: u64,
}

/// A PID.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PidReport {
    /// The PID.
    pub pid: u16,
    /// Packets.
    pub packets: u64,
    /// Rate in bits a second: its part of the stream's.
    pub bitrate: u64,
    /// Rate in bits a second over the last second.
    pub bitrate_now: u64,
    /// Continuity errors.
    pub continuity_errors: u64,
    /// Packets missing by the continuity counter: at most 15 can be told a gap.
    pub missing_packets: u64,
    /// Packets that came twice.
    pub repeated: u64,
    /// Packets whose payload is scrambled.
    pub scrambled: u64,
    /// Packets with transport_error_indicator.
    pub transport_errors: u64,
    /// PCRs.
    pub pcr_count: u64,
    /// PTS.
    pub pts_count: u64,
    /// Whether nothing names it.
    pub unreferenced: bool,
    /// What it carries.
    pub description: String,
}

/// A service: what the program map and the service description say of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ServiceReport {
    /// program_number and service_id.
    pub id: u16,
    /// Name.
    pub name: Option<String>,
    /// Provider.
    pub provider: Option<String>,
    /// What kind of service.
    pub service_type: Option<&'static str>,
    /// PID of its program map.
    pub map_pid: Option<u16>,
    /// PID of its PCR.
    pub pcr_pid: Option<u16>,
    /// Whether the service description says that it is scrambled.
    pub scrambled: bool,
    /// Its streams.
    pub streams: Vec<StreamReport>,
    /// The present event.
    pub present: Option<Event>,
    /// The following event.
    pub following: Option<Event>,
}

/// An elementary stream.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StreamReport {
    /// Its PID.
    pub pid: u16,
    /// What it is for.
    pub kind: StreamKind,
    /// How it is coded.
    pub codec: String,
    /// ISO 639-2 codes of its languages.
    pub languages: Vec<String>,
}

/// A table.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TableReport {
    /// The PID it comes on.
    pub pid: u16,
    /// table_id.
    pub table_id: u8,
    /// table_id_extension: program_number, transport_stream_id or another, by table.
    pub extension: u16,
    /// version_number.
    pub version: u8,
    /// Its sections that came, of so many.
    pub sections: u16,
    /// Sections it has.
    pub sections_announced: u16,
    /// Times that one of its sections came.
    pub count: u64,
    /// Longest time between two of the same section, in seconds.
    pub longest_interval_seconds: f64,
}

/// An indicator of TR 101 290.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IndicatorReport {
    /// Number in the document.
    pub clause: &'static str,
    /// Priority, 1 to 3.
    pub priority: u8,
    /// Errors counted.
    pub errors: u64,
    /// Whether the alarm is raised.
    pub raised: bool,
    /// Seconds since it was raised.
    pub raised_for_seconds: Option<f64>,
    /// PID of the last error, if it was on one.
    pub last_pid: Option<u16>,
    /// What the last error was.
    pub last: Option<Offence>,
}

/// A splice.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SpliceReport {
    /// The PID it came on.
    pub pid: u16,
    /// Seconds ago that it came.
    pub seconds_ago: f64,
    /// What it says.
    #[serde(flatten)]
    pub splice: SpliceInfo,
}

/// A clock of the stream: the PCRs of one PID.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClockReport {
    /// The PID.
    pub pid: u16,
    /// Longest time between two PCRs, in seconds.
    pub longest_interval_seconds: f64,
    /// Largest error of a PCR in the last window, in seconds; `None` while the rate is not constant.
    pub accuracy_seconds: Option<f64>,
    /// Spread of arrival against PCR in the last second, in seconds.
    pub jitter_seconds: Option<f64>,
    /// How much faster it runs than this host's clock, in parts per million.
    pub drift_ppm: Option<f64>,
}

/// How datagrams arrive.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ArrivalReport {
    /// Delay factor of the Media Delivery Index (RFC 4445) over the last second, in seconds.
    pub delay_factor_seconds: Option<f64>,
    /// Media loss rate of the Media Delivery Index: transport packets lost or out of order in the last second.
    pub media_loss_rate: Option<f64>,
    /// Time-stamped delay factor (EBU Tech 3337) over the last second, in seconds; RTP only.
    pub time_stamped_delay_factor_seconds: Option<f64>,
    /// Interarrival jitter (RFC 3550, 6.4.1), in seconds; RTP only.
    pub rtp_jitter_seconds: Option<f64>,
    /// Times between datagrams: how many were at most as long as each of
    /// [`INTERVAL_BOUNDS`](super::arrival::INTERVAL_BOUNDS) and longer than the one before; the last is for all longer ones.
    pub intervals: Vec<u64>,
    /// Sum of the times between datagrams, in seconds.
    pub intervals_sum_seconds: f64,
}

impl Report {
    /// Whether an error of priority 1 was found.
    pub fn has_priority_1_errors(&self) -> bool {
        self.tr101290.values().any(|indicator| indicator.priority == 1 && indicator.errors > 0)
    }
}

impl Inspector {
    /// What has been found so far.
    pub fn report(&self, now: Time) -> Report {
        let bitrate = self.clock.bitrate().unwrap_or_else(|| self.mean_bitrate(now));
        let mut pids: Vec<_> = self.pids.iter().map(|pid| self.pid_report(pid, bitrate)).collect();
        pids.sort_by_key(|pid| pid.pid);
        Report {
            ts: self.ts_report(&pids, bitrate),
            services: services(&self.structure),
            tables: self.table_reports(),
            tr101290: Indicator::ALL
                .iter()
                .map(|&indicator| (indicator.name(), self.indicator(indicator, now)))
                .collect(),
            splices: self.splice_reports(now),
            clocks: self.pids.iter().filter_map(clock_report).collect(),
            arrival: None,
            pids,
        }
    }

    fn ts_report(&self, pids: &[PidReport], bitrate: u64) -> TsReport {
        let structure = &self.structure;
        TsReport {
            packets: self.packets,
            null_packets: self.pids.get(NULL_PID).map_or(0, |pid| pid.packets),
            bitrate,
            bitrate_now: self.rate.bitrate,
            sync_errors: self.errors(Indicator::TsSyncLoss) + self.errors(Indicator::SyncByteError),
            continuity_errors: pids.iter().map(|pid| pid.continuity_errors).sum(),
            missing_packets: self.missing_packets,
            transport_stream_id: structure.transport_stream_id(),
            network: structure.network.as_ref().and_then(|network| network.name.clone()),
            utc: structure.time.as_ref().and_then(|(table, _)| table.utc),
            sections: structure.log.count,
            unreadable_sections: structure.unreadable,
            unlisted_sections: structure.log.unlisted,
        }
    }

    fn pid_report(&self, pid: &Pid, bitrate: u64) -> PidReport {
        let share = u128::from(bitrate) * u128::from(pid.packets) / u128::from(self.packets.max(1));
        PidReport {
            pid: pid.number,
            packets: pid.packets,
            bitrate: share as u64,
            bitrate_now: pid.bitrate,
            continuity_errors: pid.counts.continuity_errors,
            missing_packets: pid.counts.missing_packets,
            repeated: pid.counts.repeated,
            scrambled: pid.counts.scrambled,
            transport_errors: pid.counts.transport_errors,
            pcr_count: pid.counts.pcr,
            pts_count: pid.counts.pts,
            unreferenced: pid.stranger.is_error(),
            description: describe(pid, &self.structure),
        }
    }

    fn indicator(&self, indicator: Indicator, now: Time) -> IndicatorReport {
        let alarm = self.alarms.get(indicator);
        IndicatorReport {
            clause: indicator.clause(),
            priority: indicator.priority(),
            errors: alarm.errors,
            raised: alarm.since.is_some(),
            raised_for_seconds: alarm.since.map(|since| now.since(since).as_secs_f64()),
            last_pid: alarm.offence.and_then(|(pid, _)| pid),
            last: alarm.offence.map(|(_, offence)| offence),
        }
    }

    fn table_reports(&self) -> Vec<TableReport> {
        let mut reports: Vec<TableReport> = Vec::new();
        for (key, state) in self.structure.log.iter() {
            let longest = state.longest_interval.as_secs_f64();
            match reports.last_mut() {
                Some(last) if (last.pid, last.table_id, last.extension) == (key.pid, key.table_id, key.extension) => {
                    last.sections += 1;
                    last.count += state.count;
                    last.version = state.version;
                    last.longest_interval_seconds = last.longest_interval_seconds.max(longest);
                }
                _ => reports.push(TableReport {
                    pid: key.pid,
                    table_id: key.table_id,
                    extension: key.extension,
                    version: state.version,
                    sections: 1,
                    sections_announced: u16::from(state.last_number) + 1,
                    count: state.count,
                    longest_interval_seconds: longest,
                }),
            }
        }
        reports
    }

    fn splice_reports(&self, now: Time) -> Vec<SpliceReport> {
        let report = |(pid, at, splice): &(u16, Time, SpliceInfo)| SpliceReport {
            pid: *pid,
            seconds_ago: now.since(*at).as_secs_f64(),
            splice: splice.clone(),
        };
        self.structure.splices.iter().map(report).collect()
    }

    fn mean_bitrate(&self, now: Time) -> u64 {
        let span = self.start.map_or(Duration::ZERO, |start| now.since(start));
        super::rate::bits_a_second(self.packets, span)
    }
}

fn clock_report(pid: &Pid) -> Option<ClockReport> {
    let watch = pid.pcr.as_ref()?;
    Some(ClockReport {
        pid: pid.number,
        longest_interval_seconds: watch.longest_interval.as_secs_f64(),
        accuracy_seconds: watch.worst_error_nanos.map(|nanos| nanos as f64 * 1e-9),
        jitter_seconds: watch.jitter().map(|jitter| jitter.as_secs_f64()),
        drift_ppm: watch.drift_ppm(),
    })
}

fn services(structure: &Structure) -> Vec<ServiceReport> {
    let mut reports: BTreeMap<u16, ServiceReport> = BTreeMap::new();
    for program in structure.programs() {
        report_of(&mut reports, program.number).map_pid = Some(program.map_pid);
    }
    for map in structure.maps.values() {
        let report = report_of(&mut reports, map.program);
        report.pcr_pid = map.pcr_pid;
        report.streams = map.streams.iter().map(StreamReport::of).collect();
    }
    for service in structure.services() {
        let report = report_of(&mut reports, service.id);
        (report.name, report.provider) = (service.name.clone(), service.provider.clone());
        report.service_type = service.service_type.map(service_type_name);
        report.scrambled = service.scrambled;
    }
    for (&id, [present, following]) in &structure.events {
        let report = report_of(&mut reports, id);
        (report.present, report.following) = (present.clone(), following.clone());
    }
    reports.into_values().collect()
}

fn report_of(reports: &mut BTreeMap<u16, ServiceReport>, id: u16) -> &mut ServiceReport {
    reports.entry(id).or_insert_with(|| ServiceReport {
        id,
        name: None,
        provider: None,
        service_type: None,
        map_pid: None,
        pcr_pid: None,
        scrambled: false,
        streams: Vec::new(),
        present: None,
        following: None,
    })
}

impl StreamReport {
    fn of(stream: &crate::wire::si::Stream) -> Self {
        let crate::wire::si::Stream { pid, kind, codec, languages, .. } = stream;
        Self { pid: *pid, kind: *kind, codec: codec.clone(), languages: languages.clone() }
    }
}

fn describe(pid: &Pid, structure: &Structure) -> String {
    let stream = structure.streams().find(|stream| stream.pid == pid.number);
    match (pid.role, stream) {
        (_, Some(stream)) if stream.languages.is_empty() => stream.codec.clone(),
        (_, Some(stream)) => format!("{} ({})", stream.codec, stream.languages.join(", ")),
        (Role::Sections(tables), None) => describe_tables(pid.number, tables, structure),
        (Role::Null, None) => "null packets".to_owned(),
        (Role::Other | Role::Elementary, None) => describe_other(pid, structure),
    }
}

fn describe_tables(pid: u16, tables: Tables, structure: &Structure) -> String {
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
            let programs = structure.programs().filter(|program| program.map_pid == pid);
            let numbers: Vec<_> = programs.map(|program| program.number.to_string()).collect();
            return format!("PMT of {}", numbers.join(", "));
        }
    };
    name.to_owned()
}

fn describe_other(pid: &Pid, structure: &Structure) -> String {
    if structure.access_pids().any(|number| number == pid.number) {
        "conditional access".to_owned()
    } else if pid.clock.is_some() {
        "PCR".to_owned()
    } else if pid.is_referenced {
        "reserved".to_owned()
    } else {
        "unreferenced".to_owned()
    }
}
