//! Inspects what comes in, or is played, as time goes by: a flow without outputs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use relay::drive::{Driver, Threads};
use relay::event::{EventKind, EventSink};
use relay::spec::{Engine, FlowSpec, Source, Transport};
use relay::stats::Counters;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::document::{Document, InputReport};
use super::refuse;
use crate::human::count;
use crate::signals::{Request, Signals};
use crate::status::FlowView;
use crate::{check, console};

/// Inspects `source` for `limit`, until it ends, or until a signal says to stop.
///
/// # Errors
/// When it cannot be received.
pub(super) async fn inspect(source: &Source, limit: Option<Duration>) -> anyhow::Result<Document> {
    let spec = FlowSpec::new("inspect", source.clone(), Vec::new());
    crate::error::ConfigError::unless_empty(check::missing_of_source(source))?;
    let mut signals = Signals::take().context("taking SIGTERM and SIGINT")?;
    let (tell, events) = unbounded_channel();
    let sink: EventSink = Arc::new(move |event| {
        // Nobody listens any more only while the inspection ends.
        let _ = tell.send(event.kind);
    });
    let driver =
        Driver::start(Threads::default(), Engine::Socket, sink).context("starting the thread that receives")?;
    let flow = driver.open(&spec).map_err(refuse)?;
    let started = Instant::now();
    let handle = driver.add(flow);
    let stats = Arc::clone(handle.stats());
    announce(source, limit);
    wait(limit, events, &mut signals).await;
    let counters = driver.remove(handle);
    driver.stop();
    let input = describe(source.to_string(), kind(source), started.elapsed(), &counters);
    Ok(Document { input, report: (*stats.report()).clone() })
}

/// For who sits at a terminal and sees nothing for a while.
fn announce(source: &Source, limit: Option<Duration>) {
    if console::Console::is_terminal() {
        let until = limit.map_or("until Ctrl-C".to_owned(), |limit| {
            format!("for {}, or until Ctrl-C", humantime::format_duration(limit))
        });
        eprintln!("inspecting {source} {until}");
    }
}

async fn wait(limit: Option<Duration>, mut events: UnboundedReceiver<EventKind>, signals: &mut Signals) {
    let end = limit.and_then(|limit| tokio::time::Instant::now().checked_add(limit));
    let timeout = async {
        match end {
            Some(end) => tokio::time::sleep_until(end).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(timeout);
    loop {
        tokio::select! {
            () = &mut timeout => return,
            event = events.recv() => if matches!(event, None | Some(EventKind::Ended)) { return },
            request = signals.next() => if matches!(request, Request::Stop(_)) { return },
        }
    }
}

/// What was found so far of a flow that runs.
pub(super) fn document(view: &FlowView) -> Document {
    let kind = view.source.parse::<Source>().map_or("udp", |source| kind(&source));
    let input = describe(view.source.clone(), kind, view.uptime, &view.counters);
    Document { input, report: (*view.report).clone() }
}

const fn kind(source: &Source) -> &'static str {
    match source {
        Source::Network(input) => match input.transport {
            Transport::Rtp => "rtp",
            Transport::Udp => "udp",
        },
        Source::File(_) => "file",
        Source::Test(_) => "test",
    }
}

fn describe(name: String, kind: &'static str, span: Duration, counters: &Counters) -> InputReport {
    InputReport {
        name,
        kind,
        seconds: span.as_secs_f64(),
        datagrams: counters.input_datagrams,
        skipped_bytes: counters.junk_bytes,
        notes: notes(counters),
        ..InputReport::default()
    }
}

/// What was lost or put right on the way to the inspector.
fn notes(counters: &Counters) -> Vec<String> {
    let happened = [
        (counters.rtp_lost, "RTP datagrams lost before they got here"),
        (counters.rtp_reordered, "RTP datagrams out of order, put right"),
        (counters.rtp_duplicates, "RTP datagrams that came twice, left out"),
        (counters.dropped_late, "RTP datagrams too late, left out"),
        (counters.dropped_kernel, "datagrams dropped by this host's kernel, the receive buffer being full"),
        (counters.dropped_overflow, "datagrams dropped here for lack of room"),
        (counters.dropped_malformed(), "datagrams without transport packets, or malformed"),
    ];
    let mut notes: Vec<_> =
        happened.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(*n))).collect();
    if counters.input_datagrams == 0 {
        notes.push("nothing was received".to_owned());
    }
    notes
}
