//! The account at the end of a soak.

use std::fmt;

use super::RELAYED;
use super::ledger::{Ledger, Totals};
use super::sample::Sample;
use crate::lab::{Ended, Metrics};

/// Growth of its own resident memory that counts as none, in KiB: a page or two of the allocator's.
const FLAT_KIB: u64 = 256;

/// Statements about the run, each with its figures and whether it holds.
#[derive(Clone, Debug)]
pub struct Report(Vec<Statement>);

#[derive(Clone, Debug)]
struct Statement {
    text: String,
    holds: bool,
}

impl Report {
    pub(super) fn new(ledger: &Ledger, metrics: &Metrics, gaps: u64, samples: &[Sample], ended: &Ended) -> Self {
        let mut statements = Accounts::new(ledger.totals(), metrics).statements();
        statements.push(memory(samples));
        statements.push(holds(gaps == 0, format!("{gaps} gaps in the channel next to it, across all reloads")));
        statements.push(holds(ended.code() == Some(0), format!("it ended by {}", ended.status)));
        Self(statements)
    }

    /// Whether all is well.
    pub fn is_good(&self) -> bool {
        self.0.iter().all(|statement| statement.holds)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Statement { text, holds } in &self.0 {
            writeln!(f, "{} {text}", if *holds { "ok  " } else { "FAIL" })?;
        }
        Ok(())
    }
}

fn holds(holds: bool, text: String) -> Statement {
    Statement { text, holds }
}

/// The relayed flow from both sides.
struct Accounts {
    totals: Totals,
    input: u64,
    output: u64,
    dropped_by_kernel: u64,
    dropped_inside: u64,
}

impl Accounts {
    fn new(totals: Totals, metrics: &Metrics) -> Self {
        let count =
            |name, label: &[(&str, &str)]| metrics.sum(name, &[&[("flow", RELAYED.name)], label].concat()) as u64;
        let dropped = |reason| count("flowclient_input_dropped_total", &[("reason", reason)]);
        Self {
            totals,
            input: count("flowclient_input_datagrams_total", &[]),
            output: count("flowclient_output_datagrams_total", &[]),
            dropped_by_kernel: dropped("kernel"),
            dropped_inside: dropped("malformed") + dropped("late") + dropped("overflow"),
        }
    }

    fn statements(&self) -> Vec<Statement> {
        let Self { totals, input, output, dropped_by_kernel, dropped_inside } = self;
        let Totals { sent, seen, duplicates, torn, lost_in_outages, lost_otherwise } = totals;
        vec![
            holds(*seen > 0 && *torn == 0, format!("{sent} sent, {seen} arrived as sent, {torn} changed")),
            holds(*duplicates == 0, format!("{duplicates} arrived twice")),
            holds(
                *lost_otherwise == 0,
                format!("{lost_in_outages} lost while the input was away, {lost_otherwise} otherwise"),
            ),
            holds(
                sent - lost_in_outages == input + dropped_by_kernel,
                format!(
                    "{sent} sent - {lost_in_outages} lost on the way = {input} counted in + {dropped_by_kernel} dropped by the kernel"
                ),
            ),
            holds(*input == output + dropped_inside, format!("{input} in = {output} out + {dropped_inside} dropped")),
            holds(*output == seen + duplicates, format!("{output} counted out, {} arrived", seen + duplicates)),
        ]
    }
}

/// Whether the last quarter of the run needs no more memory than the second: the first is for warming up.
fn memory(samples: &[Sample]) -> Statement {
    let quarter = samples.len() / 4;
    let mean =
        |part: &[Sample]| part.iter().map(|sample| sample.own_memory_kib).sum::<u64>() / part.len().max(1) as u64;
    let (first, second) = (mean(&samples[..quarter]), mean(&samples[quarter..2 * quarter]));
    let last = mean(&samples[samples.len() - quarter..]);
    let text = format!("its own memory by quarters: first {first} KiB, second {second} KiB, last {last} KiB");
    holds(last <= second + FLAT_KIB, text)
}
