//! Inspects a capture, as fast as it can be read.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use relay::io::capture::{self, Capture, CaptureError, Counters, Inspection};
use tokio::time::timeout;

use super::document::{Document, InputReport};
use super::refuse;
use crate::human::count;
use crate::signals::{Request, Signals};

/// How long the reader of a pipe may take to come to its next bytes, once it is told to stop.
const LONGEST_STOP: Duration = Duration::from_secs(1);

/// Inspects the capture at `path` until its end, for `limit` of its time, or until a signal says to stop.
///
/// # Errors
/// When there is nothing in it to inspect, or a signal finds it waiting for bytes that do not come.
pub(super) async fn inspect(
    name: &str,
    path: PathBuf,
    flow: Option<SocketAddr>,
    limit: Option<Duration>,
) -> anyhow::Result<Document> {
    let mut signals = Signals::take().context("taking SIGTERM and SIGINT")?;
    let stop = Arc::new(AtomicBool::new(false));
    let reader = Reader { name: name.to_owned(), path, flow, limit, stop: Arc::clone(&stop) };
    let mut reading = tokio::task::spawn_blocking(move || reader.read());
    let signal = tokio::select! {
        done = &mut reading => return done.context("reading the capture")?.map_err(refuse),
        signal = stopped(&mut signals) => signal,
    };
    stop.store(true, Relaxed);
    match timeout(LONGEST_STOP, reading).await {
        Ok(done) => done.context("reading the capture")?.map_err(refuse),
        Err(_) => bail!("{signal} while the capture kept us waiting"),
    }
}

async fn stopped(signals: &mut Signals) -> &'static str {
    loop {
        if let Request::Stop(signal) = signals.next().await {
            return signal;
        }
    }
}

struct Reader {
    name: String,
    path: PathBuf,
    flow: Option<SocketAddr>,
    limit: Option<Duration>,
    stop: Arc<AtomicBool>,
}

impl Reader {
    fn read(&self) -> Result<Document, CaptureError> {
        let mut capture = capture::open(&self.path, self.flow)?;
        let mut inspection = Inspection::new(capture.kind(), self.limit);
        let damage = loop {
            match capture.read(|item| inspection.take(item)) {
                Ok(true) if !self.stop.load(Relaxed) && !inspection.is_over() => {}
                Ok(_) => break None,
                Err(error) if inspection.is_empty() => return Err(error),
                Err(error) => break Some(error.to_string()),
            }
        };
        let input = InputReport { damage, ..self.describe(&capture, &inspection) };
        Ok(Document { input, report: inspection.report() })
    }

    fn describe(&self, capture: &Capture, inspection: &Inspection) -> InputReport {
        let counters = capture.counters();
        let started = |utc: relay::time::Utc| SystemTime::UNIX_EPOCH + Duration::from_nanos(utc.0);
        InputReport {
            name: self.name.clone(),
            kind: capture.kind().name(),
            destination: capture.destination().map(|destination| destination.to_string()),
            started: capture.started().map(|utc| humantime::format_rfc3339_millis(started(utc)).to_string()),
            seconds: inspection.span().as_secs_f64(),
            datagrams: counters.datagrams,
            skipped_bytes: counters.skipped_bytes,
            notes: notes(&counters).into_iter().chain(other_flows(capture)).collect(),
            damage: None,
        }
    }
}

/// What was left out of a capture of network traffic.
fn notes(counters: &Counters) -> Vec<String> {
    let left_out = [
        (counters.cut_datagrams, "datagrams captured in part only (use tcpdump -s 0)"),
        (counters.malformed_datagrams, "datagrams without an RTP header"),
        (counters.fragments, "fragments of datagrams"),
        (counters.stamps_back, "frames stamped before the one ahead of them"),
        (counters.cut_bytes, "bytes at the end that are no whole frame"),
    ];
    left_out.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(*n))).collect()
}

fn other_flows(capture: &Capture) -> Option<String> {
    let others: Vec<_> = capture
        .flows()
        .iter()
        .filter(|flow| Some(flow.destination) != capture.destination())
        .map(|flow| flow.destination.to_string())
        .collect();
    (!others.is_empty()).then(|| format!("other flows in it (choose one with --flow): {}", others.join(", ")))
}
