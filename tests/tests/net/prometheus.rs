//! The metrics, as Debian's Prometheus reads them.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use tests::lab::{Flowclient, NetNs, Path, Process, get, until};

const SERVER: &str = "127.0.0.1:9091";

#[test]
fn a_real_prometheus_scrapes_what_a_channel_sends() {
    let path = Path::new();
    let _flowclient = Flowclient::start(&path.relay, &["--handler", "ch7", "--out", "239.1.1.7:5000"]);
    let folder = TempDir::new().unwrap();
    let _prometheus = prometheus(&path.relay, &folder, "");
    until("up == 1", || (query(&path.relay, "up")? == 1.0).then_some(()));
    until("datagrams in Prometheus", || (query(&path.relay, "flowclient_output_datagrams_total")? > 0.0).then_some(()));
    until("the flow on air", || (query(&path.relay, "flowclient_on_air")? == 1.0).then_some(()));
}

/// Starts a Prometheus that scrapes a flowclient of the namespace every second; `more` goes to its configuration.
pub(crate) fn prometheus(namespace: &NetNs, folder: &TempDir, more: &str) -> Process {
    let config = folder.path().join("prometheus.yml");
    let target = "scrape_configs:\n- job_name: flowclient\n  scrape_interval: 1s\n  static_configs:\n  - targets: ['127.0.0.1:9090']\n";
    let global = "global: {evaluation_interval: 1s}\n";
    fs::write(&config, format!("{global}{target}{more}")).unwrap();
    let mut command = namespace.command("prometheus");
    command.arg(format!("--config.file={}", config.display()));
    command.arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()));
    Process::start(command.arg(format!("--web.listen-address={SERVER}")))
}

fn query(namespace: &NetNs, expression: &str) -> Option<f64> {
    ask(namespace, expression)?.first()?["value"][1].as_str()?.parse().ok()
}

/// What Prometheus finds for an expression; `None` while it does not answer.
pub(crate) fn ask(namespace: &NetNs, expression: &str) -> Option<Vec<Value>> {
    let server: SocketAddr = SERVER.parse().unwrap();
    let encoded: String = expression.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let answer = get(namespace, server, &format!("/api/v1/query?query={encoded}")).ok()?;
    let answer: Value = serde_json::from_str(&answer.body).ok()?;
    assert_ne!(answer["status"], "error", "{expression}: {answer}");
    answer["data"]["result"].as_array().cloned()
}

#[test]
fn promtool_has_nothing_to_say_against_the_metrics() {
    let path = Path::new();
    let flowclient = Flowclient::start(&path.relay, &["--handler", "ch7", "--out", "239.1.1.7:5000"]);
    let mut promtool = path.relay.command("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = promtool.spawn().unwrap();
    promtool.stdin.take().unwrap().write_all(flowclient.get("/metrics").body.as_bytes()).unwrap();
    let verdict = promtool.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&verdict.stderr) + String::from_utf8_lossy(&verdict.stdout);
    assert!(verdict.status.success() && words.is_empty(), "{words}");
}
