//! Alert rules and dashboard, with real tools and a real scrape.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use tests::lab::{Cgroup, Flowclient, Path, Process, until};
use tests::watching::{self, RULES, RULES_FOLDER, dashboard, documented, panels, queries, scraped};

use crate::OUT;
use crate::prometheus::{ask, prometheus};

/// Where the instance that stands by serves HTTP.
const STANDBY_PORT: u16 = 9_092;
/// And one that sends a leg of two.
const LEG_PORT: u16 = 9_093;

/// A channel of constant rate that comes to flowclient as RTP: it has every metric that a flow without pace and other instances has.
struct Lab {
    path: Path,
    flowclient: Flowclient,
    _source: Flowclient,
    /// Only a group with a quota tells how long it was throttled.
    _group: Cgroup,
}

impl Lab {
    fn new(pairing: &str, pace: &str) -> Self {
        let path = Path::new();
        let channel = ["--handler", "ch7", "--out", "rtp://239.9.9.9:5000?iface=eth0"];
        let source = Flowclient::start(&path.source, &channel);
        let flowclient = Flowclient::start(&path.relay, &instance(pairing, pace));
        let group = Cgroup::new("watched", 200);
        group.take(flowclient.pid());
        Self { path, flowclient, _source: source, _group: group }
    }

    /// Paced and with another instance of the flow, it has all metrics that there are.
    fn paired() -> (Self, Flowclient) {
        let lab = Self::new("standby", "pcr");
        let other = Flowclient::start_on(&lab.path.relay, STANDBY_PORT, &instance("standby", "pcr"));
        (lab, other)
    }

    /// An instance that sends a leg of its own.
    fn leg(&self) -> Flowclient {
        let legs = ["--out", "rtp://239.1.1.8:5000?iface=out0", "--out", "rtp://239.1.2.8:5000?iface=out0"];
        let pairing = ["--in", "rtp://239.9.9.9:5000?iface=in0", "--pair", "active-active", "--pair-leg", "1"];
        Flowclient::start_on(&self.path.relay, LEG_PORT, &[&pairing[..], &legs].concat())
    }
}

fn instance<'a>(pairing: &'a str, pace: &'a str) -> [&'a str; 8] {
    ["--in", "rtp://239.9.9.9:5000?iface=in0", "--out", OUT, "--pair", pairing, "--pace", pace]
}

#[test]
fn the_documentation_lists_every_metric_of_a_scrape_and_no_other() {
    let (lab, _other) = Lab::paired();
    let leg = lab.leg();
    let documented = documented();
    let mut missing = BTreeSet::new();
    until("all metrics", || {
        let bodies = [&lab.flowclient, &leg].map(|instance| instance.get("/metrics").body);
        let scraped = bodies.iter().flat_map(|body| scraped(body)).collect::<BTreeSet<_>>();
        let more: Vec<_> = scraped.difference(&documented).collect();
        assert!(more.is_empty(), "not in docs/metrics.md: {more:?}");
        let still: BTreeSet<_> = documented.difference(&scraped).cloned().collect();
        if still != missing {
            println!("not in the scrape yet: {still:?}");
            missing = still;
        }
        missing.is_empty().then_some(())
    });
}

#[test]
fn promtool_passes_the_alert_rules_and_their_tests() {
    let folder = watching::path(RULES_FOLDER);
    for arguments in [["check", "rules", "flowclient.rules.yml"], ["test", "rules", "flowclient.rules.test.yml"]] {
        Process::run(Command::new("promtool").args(arguments).current_dir(&folder)).expect_success();
    }
}

#[test]
fn a_healthy_channel_raises_no_alert() {
    let lab = Lab::new("off", "arrival");
    let folder = TempDir::new().unwrap();
    let rules = watching::path(RULES).canonicalize().unwrap();
    let _prometheus = prometheus(&lab.path.relay, &folder, &format!("rule_files: ['{}']\n", rules.display()));
    lab.flowclient.wait_until_ready();
    until("rules evaluated", || {
        let up = ask(&lab.path.relay, "count_over_time(flowclient_on_air[1m])")?;
        (number(&up) >= 10.0).then_some(())
    });
    let firing = ask(&lab.path.relay, "ALERTS{alertstate='firing'}").unwrap();
    assert!(firing.is_empty(), "{firing:?}");
}

#[test]
fn every_query_of_the_dashboard_finds_something() {
    let (lab, _other) = Lab::paired();
    let folder = TempDir::new().unwrap();
    let _prometheus = prometheus(&lab.path.relay, &folder, "");
    let dashboard = dashboard();
    for panel in panels(&dashboard) {
        for query in queries(panel) {
            let what = format!("{}: {query}", panel["title"]);
            until(&what, || ask(&lab.path.relay, &plain(&query)).filter(|found| !found.is_empty()).map(drop));
        }
    }
}

/// The query as Grafana would ask it for all flows of the last minute; what it leaves out because it is 0 included.
fn plain(query: &str) -> String {
    let spans = query.replace("$__rate_interval", "1m").replace("$__range", "1m").replace(" > 0", "");
    ["$flow", "$instance", "$job"].iter().fold(spans, |query, variable| query.replace(variable, ".*"))
}

fn number(found: &[Value]) -> f64 {
    let value = found.first().and_then(|series| series["value"][1].as_str());
    value.and_then(|value| value.parse().ok()).unwrap_or_default()
}
