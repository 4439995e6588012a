//! The report, made of what the inspector knows.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Inspector;
use super::description::Descriptions;
use super::indicator::Indicator;
use super::pids::Pid;
use super::rate::bits_a_second;
use super::report::{
    ClockReport, IndicatorReport, PidReport, Report, ServiceReport, SpliceReport, StreamReport, TableReport, TsReport,
};
use super::structure::Structure;
use crate::time::Time;
use crate::wire::scte35::SpliceInfo;
use crate::wire::si::{Stream, service_type_name};
use crate::wire::ts::NULL_PID;

impl Inspector {
    /// What has been found so far.
    pub fn report(&self, now: Time) -> Report {
        let bitrate = self.clock.bitrate().unwrap_or_else(|| self.mean_bitrate(now));
        let descriptions = Descriptions::of(&self.structure);
        let report = |pid| self.pid_report(pid, bitrate, descriptions.of_pid(pid));
        let mut pids: Vec<_> = self.pids.iter().map(report).collect();
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

    fn pid_report(&self, pid: &Pid, bitrate: u64, description: String) -> PidReport {
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
            description,
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
        bits_a_second(self.packets, span)
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
    fn of(stream: &Stream) -> Self {
        let Stream { pid, kind, codec, languages, .. } = stream;
        Self { pid: *pid, kind: *kind, codec: codec.clone(), languages: languages.clone() }
    }
}
