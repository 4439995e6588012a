//! Splices (SCTE 35).

use relay::stage::inspect::report::{Report, SpliceReport};
use relay::wire::scte35::{Command, Insert, Segmentation};

use super::paint::Paint;
use super::stream::seconds;
use super::table::Align::{Left, Right};
use super::table::Table;

/// Ticks of a PTS in a second.
const PTS_HZ: f64 = 90_000.0;

/// The splices that came last.
pub(super) fn table(report: &Report, paint: Paint) -> String {
    let mut table = Table::new("SPLICES (SCTE 35)", [("PID", Right), ("BEFORE END", Right), ("WHAT", Left)]);
    for splice in &report.splices {
        table.row([splice.pid.to_string(), seconds(splice.seconds_ago), describe(splice)]);
    }
    table.render(paint)
}

fn describe(SpliceReport { splice, .. }: &SpliceReport) -> String {
    let command = match &splice.command {
        Command::Insert(event) => {
            let what = event.insert.as_ref().map_or_else(|| "cancelled".to_owned(), describe_insert);
            format!("insert {}: {what}", event.event_id)
        }
        Command::TimeSignal { pts } => format!("time signal {}", at(*pts)),
        Command::Schedule { count } => format!("schedule of {count}"),
        Command::Private { identifier, len } => format!("private of {identifier}, {len} bytes"),
        Command::Encrypted => "encrypted".to_owned(),
        Command::Null => "null".to_owned(),
        Command::BandwidthReservation => "bandwidth reservation".to_owned(),
        Command::Reserved { command_type } => format!("reserved command {command_type:#04x}"),
    };
    let segments = splice.segmentations.iter().map(describe_segment);
    std::iter::once(command).chain(segments).collect::<Vec<_>>().join("; ")
}

fn describe_insert(insert: &Insert) -> String {
    let way = if insert.out_of_network { "out of the network" } else { "back into the network" };
    let when = if insert.immediate { "at once".to_owned() } else { at(insert.pts) };
    let length = insert.break_duration.map_or_else(String::new, |length| {
        let back = if length.auto_return { ", returning by itself" } else { "" };
        format!(" for {}{back}", seconds(length.ticks as f64 / PTS_HZ))
    });
    format!("{way} {when}{length}")
}

fn at(pts: Option<u64>) -> String {
    pts.map_or_else(|| "now".to_owned(), |pts| format!("at PTS {pts} ({:.3} s)", pts as f64 / PTS_HZ))
}

fn describe_segment(segmentation: &Segmentation) -> String {
    let Some(segment) = &segmentation.segment else {
        return format!("segment {}: cancelled", segmentation.event_id);
    };
    let length =
        segment.duration_ticks.map_or_else(String::new, |ticks| format!(" of {}", seconds(ticks as f64 / PTS_HZ)));
    let upid = if segment.upid.value.is_empty() {
        String::new()
    } else {
        format!(", {} {}", segment.upid.type_name, segment.upid.value)
    };
    format!("segment {}: {}{length}{upid}", segmentation.event_id, segment.type_name)
}
