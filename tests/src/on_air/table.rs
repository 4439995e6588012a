//! Outcomes as a table.

use std::collections::BTreeMap;

use super::fault::Fault;
use super::run::Outcome;
use crate::standby::spread::spread;

/// All figures, a row for each fault and one for its undoing.
pub fn table(outcomes: &[Outcome]) -> String {
    let mut groups: BTreeMap<(Fault, bool), Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        groups.entry((outcome.fault, outcome.undone)).or_default().push(outcome);
    }
    let head = [
        "| done | n | packets lost | out of order | duplicates, most at once | longest gap, ms: p50 / p99 / max | \
         the source's own longest, ms | added at the switch, ms | s until all was well: p50 / p99 / max | instances lost, most |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ];
    let rows = groups.into_iter().map(|((fault, undone), group)| row(fault, undone, &group));
    head.into_iter().map(str::to_owned).chain(rows).collect::<Vec<_>>().join("\n")
}

fn row(fault: Fault, undone: bool, group: &[&Outcome]) -> String {
    let sum = |figure: fn(&Outcome) -> u64| group.iter().map(|outcome| figure(outcome)).sum::<u64>();
    let times = |figure: fn(&Outcome) -> f64| spread(group.iter().map(|outcome| figure(outcome)));
    let most_duplicates = group.iter().map(|outcome| outcome.account.duplicates).max().unwrap_or(0);
    let most_lost = group.iter().map(|outcome| outcome.instances_lost).max().unwrap_or(0);
    let [gap, own] = [times(|outcome| outcome.account.gap_ms), times(|outcome| outcome.account.own_ms)];
    let (switch, seconds) = (times(|outcome| outcome.account.switch_ms), times(|outcome| outcome.seconds));
    let (title, n) = (fault.titles()[usize::from(undone)], group.len());
    let (lost, wrong) = (sum(|outcome| outcome.account.lost_packets), sum(|outcome| outcome.account.out_of_order));
    let duplicates = sum(|outcome| outcome.account.duplicates);
    format!(
        "| {title} | {n} | {lost} | {wrong} | {duplicates}, {most_duplicates} | {gap} | {own} | {switch} | {seconds} | {most_lost} |"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standby::Account;

    #[test]
    fn a_fault_and_its_undoing_have_a_row_each() {
        let outcome = |undone, lost_packets, duplicates| Outcome {
            fault: Fault::CutLink,
            undone,
            at_ns: 0,
            seconds: 12.0,
            account: Account { lost_packets, duplicates, gap_ms: 9.5, ..Account::default() },
            instances_lost: 1,
            went_first: true,
        };
        let text = table(&[outcome(true, 0, 3), outcome(false, 7, 0), outcome(true, 0, 2)]);
        let rows: Vec<&str> = text.lines().skip(2).collect();
        assert!(rows[0].starts_with("| cable pulled | 1 | 7 | 0 | 0, 0 | 9.5 / 9.5 / 9.5 |"), "{}", rows[0]);
        assert!(rows[1].starts_with("| cable put back | 2 | 0 | 0 | 5, 3 |"), "{}", rows[1]);
    }
}
