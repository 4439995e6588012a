//! `/api/v1/flows`: the flows as JSON.

use std::time::Duration;

use relay::pair::status::PairStatus;
use relay::stage::inspect::arrival::INTERVAL_BOUNDS;
use relay::stage::inspect::report::Report;
use relay::stats::Counters;
use serde::Serialize;

use crate::cause::Loss;
use crate::metrics::{REVISION, VERSION};
use crate::status::{FlowView, OutputView, Recent, shown_tier};

/// The answer. Spans are in seconds, rates in bits a second, times Unix seconds; what is not known is null.
#[derive(Serialize)]
struct Answer<'a> {
    version: &'static str,
    revision: &'static str,
    uptime_seconds: f64,
    /// Upper bounds of `inspection.arrival.intervals`, whose last number is for all longer ones.
    interval_bounds_seconds: [f64; INTERVAL_BOUNDS.len()],
    flows: Vec<Flow<'a>>,
}

#[derive(Serialize)]
struct Flow<'a> {
    name: &'a str,
    state: String,
    on_air: bool,
    ready: bool,
    /// Why the flow is not ready.
    reasons: &'a [String],
    uptime_seconds: f64,
    input: Input<'a>,
    /// Transport packets lost, by cause.
    loss: Loss,
    /// Errors of TR 101 290 and losses of the last minute and the last hour.
    recent: Recent,
    stream: Stream,
    outputs: Vec<Output<'a>>,
    output: OutputSum,
    /// How it sees its other instances; null when there are to be none.
    pair: Option<Pair<'a>>,
    /// What inspection has found; null when the flow is not inspected in full.
    inspection: Option<&'a Report>,
}

#[derive(Serialize)]
struct Input<'a> {
    source: &'a str,
    up: bool,
    last_datagram_timestamp: Option<f64>,
    datagrams: u64,
    bytes: u64,
    bits_per_second: f64,
    lost: u64,
    reordered: u64,
    duplicates: u64,
    dropped: Dropped,
}

#[derive(Serialize)]
struct Dropped {
    kernel: u64,
    malformed: u64,
    late: u64,
    overflow: u64,
}

#[derive(Serialize)]
struct Stream {
    packets: u64,
    bits_per_second: Option<u64>,
    continuity_errors: u64,
}

#[derive(Serialize)]
struct Output<'a> {
    address: &'a str,
    failure: Option<&'a str>,
}

/// All outputs together.
#[derive(Serialize)]
struct OutputSum {
    datagrams: u64,
    bytes: u64,
    bits_per_second: f64,
    errors: u64,
    /// How datagrams are released (`fq`, `timer`, `degraded`); null when they leave as they arrive.
    pacing: Option<&'static str>,
}

#[derive(Serialize)]
struct Pair<'a> {
    #[serde(flatten)]
    status: &'a PairStatus,
    /// Times that this instance went on air.
    takeovers: u64,
    /// Datagrams made here and not sent, another instance having sent them.
    suppressed: u64,
}

/// The answer's text.
///
/// # Errors
/// When a value cannot be written as JSON, which none of these is.
pub(super) fn render(flows: &[FlowView], uptime: Duration) -> serde_json::Result<String> {
    let flows = flows.iter().map(Flow::of).collect();
    let answer = Answer {
        version: VERSION,
        revision: REVISION,
        uptime_seconds: uptime.as_secs_f64(),
        interval_bounds_seconds: INTERVAL_BOUNDS.map(|bound| bound.as_secs_f64()),
        flows,
    };
    serde_json::to_string(&answer)
}

impl<'a> Flow<'a> {
    fn of(view: &'a FlowView) -> Self {
        Self {
            name: &view.name,
            state: view.state.to_string(),
            on_air: view.is_on_air(),
            ready: view.troubles.is_empty(),
            reasons: &view.troubles,
            uptime_seconds: view.uptime.as_secs_f64(),
            input: Input::of(view),
            loss: view.loss,
            recent: view.recent,
            stream: Stream::of(view),
            outputs: view.outputs.iter().map(Output::of).collect(),
            output: OutputSum::of(view),
            pair: view.pair.as_deref().map(|status| Pair::of(status, &view.counters)),
            inspection: (!view.report.tr101290.is_empty()).then_some(&*view.report),
        }
    }
}

impl<'a> Input<'a> {
    fn of(view: &'a FlowView) -> Self {
        let counters = &view.counters;
        let last = counters.last_input_utc_nanos_gauge;
        Self {
            source: &view.source,
            up: counters.input_up_gauge != 0,
            last_datagram_timestamp: (last != 0).then_some(last as f64 / 1e9),
            datagrams: counters.input_datagrams,
            bytes: counters.input_bytes,
            bits_per_second: view.rates.input_bits.round(),
            lost: counters.rtp_lost,
            reordered: counters.rtp_reordered,
            duplicates: counters.rtp_duplicates,
            dropped: Dropped {
                kernel: counters.dropped_kernel,
                malformed: counters.dropped_malformed(),
                late: counters.dropped_late,
                overflow: counters.dropped_overflow,
            },
        }
    }
}

impl Stream {
    const fn of(view: &FlowView) -> Self {
        let rate = view.counters.bitrate_gauge;
        Self {
            packets: view.counters.ts_packets,
            bits_per_second: if rate == 0 { None } else { Some(rate) },
            continuity_errors: view.counters.continuity_errors,
        }
    }
}

impl<'a> Output<'a> {
    fn of(view: &'a OutputView) -> Self {
        Self { address: &view.address, failure: view.failure.as_deref() }
    }
}

impl<'a> Pair<'a> {
    const fn of(status: &'a PairStatus, counters: &Counters) -> Self {
        Self { status, takeovers: counters.takeovers(), suppressed: counters.suppressed_datagrams }
    }
}

impl OutputSum {
    fn of(view: &FlowView) -> Self {
        Self {
            datagrams: view.counters.output_datagrams,
            bytes: view.counters.output_bytes,
            bits_per_second: view.rates.output_bits.round(),
            errors: view.counters.output_errors,
            pacing: shown_tier(&view.counters),
        }
    }
}
