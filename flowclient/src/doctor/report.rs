//! All findings: as text, worst first, or as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use super::finding::{Finding, Verdict, counted};

/// Lines of one check, unless something is wrong with each.
const MOST_LINES: usize = 8;

/// What the doctor says.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "flowclient doctor")]
pub(super) struct Report {
    /// Version of the program that looked.
    version: &'static str,
    /// The worst of all findings.
    verdict: Verdict,
    /// Number of flows that it was asked about; 0 is the machine in general.
    flows: usize,
    /// What was found, worst first.
    findings: Vec<Finding>,
}

impl Report {
    /// Sorts `findings`; those as bad as each other stay in their order, in which they are best mended.
    pub(super) fn new(flows: usize, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| finding.verdict);
        let verdict = findings.first().map_or(Verdict::Ok, |finding| finding.verdict);
        Self { version: env!("CARGO_PKG_VERSION"), verdict, flows, findings }
    }

    /// Whether something must be mended.
    pub(super) fn is_bad(&self) -> bool {
        self.verdict == Verdict::Bad
    }

    /// In JSON, after [`schema`].
    pub(super) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// For people: a line each, and below what it costs and what mends it. What is well in many places is one line for all,
    /// unless `verbose`, which also says where it was looked at.
    pub(super) fn to_text(&self, verbose: bool) -> String {
        let many = if verbose { BTreeMap::new() } else { self.well_in_many_places() };
        let is_shown = |finding: &&Finding| finding.verdict != Verdict::Ok || !many.contains_key(finding.check);
        let shown: Vec<_> = self.findings.iter().filter(is_shown).collect();
        let checks = shown.iter().map(|finding| finding.check).chain(many.keys().copied());
        let check_width = checks.map(str::len).max().unwrap_or_default();
        let subject_width = shown.iter().map(|finding| subject(finding).chars().count()).max().unwrap_or_default();
        let mut text = String::new();
        // Writing to a string cannot fail.
        for finding in shown {
            let Finding { check, verdict, found, .. } = finding;
            let _ = writeln!(text, "{verdict:4}  {check:check_width$}  {:subject_width$}  {found}", subject(finding));
            for (name, line) in below(finding, verbose) {
                let _ = writeln!(text, "      {name:10} {line}");
            }
        }
        for (check, count) in many {
            let _ = writeln!(text, "{:4}  {check:check_width$}  {count} of them", Verdict::Ok);
        }
        let _ = writeln!(text, "\n{}", self.summary());
        text
    }

    /// Checks that are well in more places than anybody reads, and in how many.
    fn well_in_many_places(&self) -> BTreeMap<&'static str, usize> {
        let mut well = BTreeMap::new();
        for finding in self.findings.iter().filter(|finding| finding.verdict == Verdict::Ok) {
            *well.entry(finding.check).or_default() += 1;
        }
        well.retain(|_, count| *count > MOST_LINES);
        well
    }

    fn summary(&self) -> String {
        let count = |verdict| self.findings.iter().filter(|finding| finding.verdict == verdict).count();
        let about = match self.flows {
            0 => "the machine in general".to_owned(),
            flows => counted(flows, "flow"),
        };
        let (bad, warn, ok) = (count(Verdict::Bad), count(Verdict::Warn), count(Verdict::Ok));
        format!("{about}: {bad} bad, {warn} to be better, {ok} ok")
    }
}

fn subject(finding: &Finding) -> &str {
    finding.subject.as_deref().unwrap_or("-")
}

/// The lines below a finding. What is well is mended only for those who want to know all.
fn below(finding: &Finding, verbose: bool) -> impl Iterator<Item = (&'static str, &str)> {
    let is_said = verbose || finding.verdict != Verdict::Ok;
    let looked_at = Some(finding.looked_at.as_str()).filter(|_| verbose);
    let lines = [
        ("looked at:", looked_at),
        ("costs:", finding.cost.as_deref()),
        ("mend:", finding.command.as_deref()),
        ("do:", finding.advice.as_deref()),
    ];
    lines.into_iter().filter_map(move |(name, line)| line.filter(|_| is_said).map(|line| (name, line)))
}

/// The JSON Schema of what `--json` writes.
pub(super) fn schema() -> serde_json::Result<String> {
    let schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Report>();
    serde_json::to_string_pretty(&schema).map(|text| text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let fine = Finding::ok("kernel", "setsockopt(2)", "Linux 6.1").mended_by("nothing");
        let narrow =
            Finding::ok("mtu", "RTM_GETLINK", "576 bytes").of("in0").bad("fragments").mended_by("ip link set …");
        let slow = Finding::ok("clock", "/sys/…", "hpet").warn("a call").advised("boot");
        Report::new(2, vec![fine, slow, narrow])
    }

    #[test]
    fn the_worst_is_told_first_with_its_cost_and_what_mends_it() {
        let wanted = "\
bad   mtu     in0  576 bytes
      costs:     fragments
      mend:      ip link set …
warn  clock   -    hpet
      costs:     a call
      do:        boot
ok    kernel  -    Linux 6.1

2 flows: 1 bad, 1 to be better, 1 ok
";
        assert_eq!(report().to_text(false), wanted);
        assert!(report().is_bad());
    }

    #[test]
    fn those_who_want_to_know_all_are_told_all() {
        let text = report().to_text(true);
        assert!(text.contains("looked at: RTM_GETLINK") && text.contains("mend:      nothing"), "{text}");
    }

    #[test]
    fn what_is_well_everywhere_is_one_line() {
        let route = |number: usize| Finding::ok("route", "RTM_GETROUTE", "joined").of(format!("239.1.1.{number}"));
        let lines = |count, verbose| Report::new(count, (0..count).map(route).collect()).to_text(verbose);
        assert_eq!(lines(9, false), "ok    route  9 of them\n\n9 flows: 0 bad, 0 to be better, 9 ok\n");
        assert_eq!((lines(8, false).lines().count(), lines(9, true).lines().count()), (10, 20));
    }

    #[test]
    fn the_schema_is_the_one_in_the_documents() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/doctor-schema.json");
        let documented = std::fs::read_to_string(path).unwrap_or_default();
        assert!(documented == schema().unwrap(), "write it anew: flowclient doctor --schema > docs/doctor-schema.json");
    }
}
