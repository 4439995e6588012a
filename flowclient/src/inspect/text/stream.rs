//! What the stream is: as a whole, its services, PIDs, tables and clocks.

use std::fmt::Write;
use std::time::Duration;

use relay::stage::inspect::arrival::INTERVAL_BOUNDS;
use relay::stage::inspect::report::{Report, ServiceReport, StreamReport};
use relay::wire::si::Event;

use super::super::document::Document;
use super::paint::Paint;
use super::table::Align::{Left, Right};
use super::table::Table;
use crate::human::{bit_rate, bytes, count, span};

/// The stream as a whole.
pub(super) fn summary(document: &Document, paint: Paint) -> String {
    let (input, ts) = (&document.input, &document.report.ts);
    let mut table = Table::new(format!("{} ({})", input.name, input.kind), [("", Left), ("", Left)]);
    let mut say = |name: &str, value: String| table.row([name.to_owned(), value]);
    if let Some(destination) = &input.destination {
        say("flow", destination.clone());
    }
    if let Some(started) = &input.started {
        say("captured", started.clone());
    }
    say("time", span(Duration::from_secs_f64(input.seconds)));
    say("packets", format!("{}, {} of them null", count(ts.packets), count(ts.null_packets)));
    if input.datagrams > 0 {
        say("datagrams", count(input.datagrams));
    }
    say("bitrate", bit_rate(ts.bitrate as f64));
    if let Some(id) = ts.transport_stream_id {
        let network = ts.network.as_ref().map_or_else(String::new, |name| format!(", network {name:?}"));
        say("stream", format!("transport_stream_id {id}{network}"));
    }
    if input.skipped_bytes > 0 {
        say("skipped", format!("{} that are no transport packets", bytes(input.skipped_bytes)));
    }
    if ts.unreadable_sections > 0 {
        say("unreadable", format!("{} sections", count(ts.unreadable_sections)));
    }
    input.notes.iter().for_each(|note| say("note", note.clone()));
    // There is nothing to name in two columns.
    table.render(paint).replacen("\n\n", "\n", 1)
}

/// The services with their streams and events, as a tree.
pub(super) fn services(report: &Report, paint: Paint) -> String {
    let mut text = String::new();
    for service in &report.services {
        if text.is_empty() {
            text = paint.title("SERVICES") + "\n";
        }
        write_service(&mut text, service);
    }
    text
}

fn write_service(text: &mut String, service: &ServiceReport) {
    let name = service.name.as_deref().unwrap_or("(no name)");
    let provider = service.provider.as_ref().filter(|provider| !provider.is_empty());
    let provider = provider.map_or_else(String::new, |provider| format!(" of {provider}"));
    let kind = service.service_type.map_or_else(String::new, |kind| format!(", {kind}"));
    let scrambled = if service.scrambled { ", scrambled" } else { "" };
    let pid = |what: &str, pid: Option<u16>| pid.map_or_else(String::new, |pid| format!(", {what} on PID {pid}"));
    let (map, pcr) = (pid("PMT", service.map_pid), pid("PCR", service.pcr_pid));
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(text, "  {}  {name}{provider}{kind}{scrambled}{map}{pcr}", service.id);
    service.streams.iter().for_each(|stream| write_stream(text, stream));
    write_event(text, "now", service.present.as_ref());
    write_event(text, "next", service.following.as_ref());
}

fn write_stream(text: &mut String, StreamReport { pid, kind, codec, languages }: &StreamReport) {
    let kind = word(kind);
    let languages = if languages.is_empty() { String::new() } else { format!(" ({})", languages.join(", ")) };
    let _ = writeln!(text, "      {pid:>4}  {kind:8}  {codec}{languages}");
}

fn write_event(text: &mut String, when: &str, event: Option<&Event>) {
    let Some(event) = event else { return };
    let seconds = event.duration_seconds.map(|seconds| span(Duration::from_secs(seconds.into())));
    let length = seconds.map_or_else(String::new, |length| format!(" ({length})"));
    let name = event.name.as_deref().unwrap_or("(no name)");
    let _ = writeln!(text, "      {when:>4}  {name}{length}");
}

/// The word that stands for a choice in the report's JSON.
pub(super) fn word(choice: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(choice).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// The PIDs.
pub(super) fn pids(report: &Report, paint: Paint) -> String {
    let columns = [
        ("PID", Right),
        ("PACKETS", Right),
        ("BITRATE", Right),
        ("CC ERRORS", Right),
        ("SCRAMBLED", Right),
        ("TEI", Right),
        ("PCR", Right),
        ("PTS", Right),
        ("CARRIES", Left),
    ];
    let mut table = Table::new("PIDS", columns);
    for pid in &report.pids {
        table.row([
            pid.pid.to_string(),
            count(pid.packets),
            bit_rate(pid.bitrate as f64),
            some(pid.continuity_errors),
            some(pid.scrambled),
            some(pid.transport_errors),
            some(pid.pcr_count),
            some(pid.pts_count),
            pid.description.clone(),
        ]);
    }
    table.render(paint)
}

/// A count, easy to overlook if there is nothing.
fn some(number: u64) -> String {
    if number == 0 { "-".to_owned() } else { count(number) }
}

/// The tables.
pub(super) fn tables(report: &Report, paint: Paint) -> String {
    let columns = [
        ("PID", Right),
        ("TABLE", Left),
        ("EXTENSION", Right),
        ("VERSION", Right),
        ("SECTIONS", Right),
        ("CAME", Right),
        ("LONGEST GAP", Right),
    ];
    let mut table = Table::new("TABLES", columns);
    for one in &report.tables {
        table.row([
            one.pid.to_string(),
            format!("{:#04x} {}", one.table_id, table_name(one.table_id)).trim_end().to_owned(),
            one.extension.to_string(),
            one.version.to_string(),
            format!("{} of {}", one.sections, one.sections_announced),
            count(one.count),
            seconds(one.longest_interval_seconds),
        ]);
    }
    table.render(paint)
}

const fn table_name(table_id: u8) -> &'static str {
    match table_id {
        0x00 => "PAT",
        0x01 => "CAT",
        0x02 => "PMT",
        0x40 => "NIT",
        0x41 => "NIT other",
        0x42 => "SDT",
        0x46 => "SDT other",
        0x4A => "BAT",
        0x4E => "EIT p/f",
        0x4F => "EIT p/f other",
        0x50..=0x5F => "EIT schedule",
        0x60..=0x6F => "EIT schedule other",
        0x70 => "TDT",
        0x71 => "RST",
        0x73 => "TOT",
        0xFC => "SCTE 35",
        _ => "",
    }
}

/// The clocks.
pub(super) fn clocks(report: &Report, paint: Paint) -> String {
    let columns = [("PID", Right), ("LONGEST GAP", Right), ("ACCURACY", Right), ("JITTER", Right), ("DRIFT", Right)];
    let mut table = Table::new("CLOCKS (PCR)", columns);
    for clock in &report.clocks {
        let drift = clock.drift_ppm.map_or_else(|| "-".to_owned(), |ppm| format!("{ppm:+.1} ppm"));
        table.row([
            clock.pid.to_string(),
            seconds(clock.longest_interval_seconds),
            clock.accuracy_seconds.map_or_else(|| "-".to_owned(), seconds),
            clock.jitter_seconds.map_or_else(|| "-".to_owned(), seconds),
            drift,
        ]);
    }
    table.render(paint)
}

/// How the datagrams arrived.
pub(super) fn arrival(report: &Report, paint: Paint) -> String {
    let Some(arrival) = &report.arrival else { return String::new() };
    let mut table = Table::new("ARRIVAL", [("MEASURE", Left), ("VALUE", Right)]);
    let measures = [
        ("MDI delay factor", arrival.delay_factor_seconds.map(seconds)),
        ("MDI media loss rate", arrival.media_loss_rate.map(|rate| format!("{rate:.1} packets/s"))),
        ("TS delay factor", arrival.time_stamped_delay_factor_seconds.map(seconds)),
        ("RTP jitter", arrival.rtp_jitter_seconds.map(seconds)),
    ];
    for (name, value) in measures {
        if let Some(value) = value {
            table.row([name.to_owned(), value]);
        }
    }
    let bounds = INTERVAL_BOUNDS.iter().map(|bound| format!("intervals up to {bound:?}"));
    for (name, number) in bounds.chain(["longer intervals".to_owned()]).zip(&arrival.intervals) {
        if *number > 0 {
            table.row([name, count(*number)]);
        }
    }
    table.render(paint)
}

/// A time that may be very short, to three digits or so: `40.0 ms`.
pub(super) fn seconds(seconds: f64) -> String {
    let steps = [(1.0, 1.0, "s"), (1e-3, 1e3, "ms"), (1e-6, 1e6, "us")];
    match steps.iter().find(|(least, ..)| seconds >= *least) {
        Some((_, factor, unit)) => format!("{:.1} {unit}", seconds * factor),
        None => format!("{:.0} ns", seconds * 1e9),
    }
}
