//! Outcomes as tables and a picture.

use std::collections::BTreeMap;

use super::cost::Cost;
use super::event::Event;
use super::plot::{Row, draw};
use super::run::Outcome;
use super::spread::spread;

/// Bits a second of the channel, who carried it, and what was done.
type Kind = (u64, String, Event);

/// The bitrate of the picture and the short table.
const SHOWN_BITRATE: u64 = 8_000_000;
/// Who is measured in a pair.
const PAIR: &str = "flowclient";

/// All outcomes of one kind.
struct Group<'a>(Vec<&'a Outcome>);

impl Group<'_> {
    fn sum(&self, figure: impl Fn(&Outcome) -> u64) -> u64 {
        self.0.iter().map(|outcome| figure(outcome)).sum()
    }

    fn most(&self, figure: impl Fn(&Outcome) -> u64) -> u64 {
        self.0.iter().map(|outcome| figure(outcome)).max().unwrap_or(0)
    }

    fn spread(&self, figure: impl Fn(&Outcome) -> f64) -> String {
        spread(self.0.iter().map(|outcome| figure(outcome)))
    }
}

fn groups(outcomes: &[Outcome]) -> BTreeMap<Kind, Group<'_>> {
    let mut groups: BTreeMap<Kind, Group<'_>> = BTreeMap::new();
    for outcome in outcomes {
        let Some(event) = Event::named(&outcome.event) else { continue };
        let kind = (outcome.bitrate, outcome.relay.clone(), event);
        groups.entry(kind).or_insert_with(|| Group(Vec::new())).0.push(outcome);
    }
    groups
}

/// All figures of all kinds.
pub fn events_table(outcomes: &[Outcome]) -> String {
    let mut rows = vec![
        "| Mb/s | relay | done to the one on air | n | packets lost | out of order | duplicates, most at once | longest gap, ms: p50 / p99 / max | \
         the source's own longest, ms | added at the switch, ms |"
            .to_owned(),
        "|---|---|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    for ((bitrate, relay, event), group) in groups(outcomes) {
        let (lost, wrong) = (group.sum(|o| o.account.lost_packets), group.sum(|o| o.account.out_of_order));
        let duplicates = group.sum(|o| o.account.duplicates);
        let most = group.most(|o| o.account.duplicates);
        let [gap, own] = [group.spread(|o| o.account.gap_ms), group.spread(|o| o.account.own_ms)];
        let switch = if relay == PAIR { group.spread(|o| o.account.switch_ms) } else { "-".to_owned() };
        let (title, n) = (event.title(), group.0.len());
        rows.push(format!(
            "| {} | {relay} | {title} | {n} | {lost} | {wrong} | {duplicates}, {most} | {gap} | {own} | {switch} |",
            bitrate / 1_000_000
        ));
    }
    rows.join("\n")
}

/// What matters to a viewer, at the bitrate of the picture.
pub fn short_table(outcomes: &[Outcome]) -> String {
    let mut rows = vec![
        "| 8 Mb/s | done to the one on air | n | packets lost | longest gap, ms: p50 / p99 / max |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for ((_, relay, event), group) in groups(outcomes).into_iter().filter(|(kind, _)| kind.0 == SHOWN_BITRATE) {
        let (lost, gap, n) = (group.sum(|o| o.account.lost_packets), group.spread(|o| o.account.gap_ms), group.0.len());
        rows.push(format!("| {} | {} | {n} | {lost} | {gap} |", shown_relay(&relay), event.title()));
    }
    rows.join("\n")
}

/// The distribution of the gaps at the bitrate of the picture (SVG).
pub fn picture(outcomes: &[Outcome]) -> String {
    let shown = groups(outcomes).into_iter().filter(|(kind, _)| kind.0 == SHOWN_BITRATE);
    let row = |((_, relay, event), group): (Kind, Group<'_>)| Row {
        title: if relay == PAIR {
            format!("pair: {}", event.title())
        } else {
            format!("{relay}: {}, restarted", event.title())
        },
        remark: format!("{} packets lost", group.sum(|o| o.account.lost_packets)),
        colour: if relay != PAIR {
            "firebrick"
        } else if event == Event::Nothing {
            "grey"
        } else {
            "steelblue"
        },
        gaps_ms: group.0.iter().map(|outcome| outcome.account.gap_ms).collect(),
    };
    let mut rows: Vec<Row> = shown.map(row).collect();
    rows.sort_by_key(|row| !row.title.starts_with("pair"));
    draw("Longest gap at the viewer an event, 8 Mb/s, from shortest (below) to longest (above)", &rows)
}

fn shown_relay(relay: &str) -> String {
    if relay == PAIR { "**pair**".to_owned() } else { format!("{relay}, restarted at once") }
}

/// Processor time, a row a rate: medians of the rounds.
pub fn cost_table(rates: &[Vec<Cost>]) -> String {
    let mut rows = vec![
        "| datagrams a second | rounds | standby | C receiver of both groups | standby / receiver | on air in a pair | single | pair / single | repeated, the air having changed |".to_owned(),
        "|---|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    for costs in rates {
        let us = |figure: fn(&Cost) -> f64| format!("{:.2} us", median(costs, figure) / 1e3);
        let share = |part: fn(&Cost) -> f64| format!("{:.2}", median(costs, part));
        rows.push(format!(
            "| {:.0} | {} | {} | {} | {} | {} | {} | {} | {} |",
            median(costs, |cost| cost.per_second),
            costs.len(),
            us(|cost| cost.standby_ns),
            us(|cost| cost.listener_ns),
            share(|cost| cost.standby_ns / cost.listener_ns),
            us(|cost| cost.on_air_ns),
            us(|cost| cost.single_ns),
            share(|cost| cost.on_air_ns / cost.single_ns),
            costs.iter().map(|cost| cost.repeated).sum::<usize>(),
        ));
    }
    rows.join("\n")
}

fn median(costs: &[Cost], figure: impl Fn(&Cost) -> f64) -> f64 {
    let mut figures: Vec<f64> = costs.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(0.0)
}
