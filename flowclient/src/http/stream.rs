//! `/api/v1/stream`: the flows once a second and each line of the log, as server-sent events (HTML standard, 9.2).
//!
//! However many look, there is one copy of the news: clients share it, and one that does not keep up is let go. It comes
//! back by itself and says with Last-Event-ID which line it saw last.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::channel::{Channel, Sender};
use hyper::body::Bytes;
use tokio::sync::broadcast::Receiver as Lines;
use tokio::sync::watch::{self, Receiver as Flows};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::api;
use super::server::CONNECTION_LIFE;
use crate::history::Line;
use crate::status::Board;

/// Clients at a time; the other connections are left to scrapes and probes.
pub(super) const MOST_CLIENTS: usize = 32;
/// Time between two events that tell how the flows do.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a client may take to accept an event.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one stream lasts: it ends in good order before its connection is cut.
const LIFE: Duration = CONNECTION_LIFE.saturating_sub(Duration::from_secs(60));
/// How long a client waits before it comes back, in milliseconds.
const RETRY: &str = "retry: 1000\n\n";

/// The news, and who may hear it.
pub(super) struct Stream {
    board: Arc<Board>,
    flows: watch::Sender<Bytes>,
    seats: Arc<Semaphore>,
}

impl Stream {
    pub(super) fn new(board: Arc<Board>) -> Self {
        Self { board, flows: watch::Sender::new(Bytes::new()), seats: Arc::new(Semaphore::new(MOST_CLIENTS)) }
    }

    /// Tells how the flows do, for ever; while nobody listens it costs nothing.
    pub(super) async fn publish(&self) {
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if self.flows.receiver_count() > 0
                && let Some(event) = flows_event(Arc::clone(&self.board)).await
            {
                self.flows.send_replace(event);
            }
        }
    }

    /// A stream of events for one client that has seen the log up to line `after`; `None` when there are too many clients.
    pub(super) fn open(&self, after: u64) -> Option<Channel<Bytes>> {
        let seat = Arc::clone(&self.seats).try_acquire_owned().ok()?;
        let (body, channel) = Channel::new(1);
        let (missed, lines) = self.board.history().follow(after);
        let client = Client { body, flows: self.flows.subscribe(), lines, _seat: seat };
        let board = Arc::clone(&self.board);
        // The time to live over is an end like any other.
        tokio::spawn(async move { timeout(LIFE, client.serve(missed, board)).await });
        Some(channel)
    }
}

/// One who listens.
struct Client {
    body: Sender<Bytes>,
    flows: Flows<Bytes>,
    lines: Lines<Arc<Line>>,
    _seat: OwnedSemaphorePermit,
}

impl Client {
    /// Sends what there is and what comes, until the client is gone or too slow.
    async fn serve(mut self, missed: Vec<Arc<Line>>, board: Arc<Board>) -> Option<()> {
        let first = missed.iter().filter_map(|line| line_event(line));
        let first = first.fold(RETRY.to_owned(), |text, event| text + &event);
        self.send(first.into()).await?;
        self.send(flows_event(board).await?).await?;
        loop {
            let event = tokio::select! {
                // An error means that more lines have come than may wait.
                line = self.lines.recv() => line_event(line.ok()?.as_ref())?.into(),
                changed = self.flows.changed() => {
                    changed.ok()?;
                    self.flows.borrow_and_update().clone()
                }
            };
            self.send(event).await?;
        }
    }

    async fn send(&mut self, event: Bytes) -> Option<()> {
        timeout(PATIENCE, self.body.send_data(event)).await.ok()?.ok()
    }
}

/// How the flows do. It is written elsewhere than on the thread that supervises, for it may be long.
async fn flows_event(board: Arc<Board>) -> Option<Bytes> {
    let text = tokio::task::spawn_blocking(move || api::render(&board.views(), board.uptime()));
    let text = text.await.ok()?.ok()?;
    Some(format!("event: flows\ndata: {text}\n\n").into())
}

fn line_event(line: &Line) -> Option<String> {
    let text = serde_json::to_string(line).ok()?;
    Some(format!("id: {}\nevent: log\ndata: {text}\n\n", line.number))
}
