//! How far something is that takes longer than a second: one line on a terminal, and nothing elsewhere.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use k8s::registry::client;

use crate::print;

/// To the start of the line, and the line cleared (ECMA-48: CR, EL 2).
const CLEAR_LINE: &str = "\r\x1b[2K";
const INTERVAL: Duration = Duration::from_millis(100);

/// A line for bytes that come or go; `what` says which.
pub(crate) fn bytes(what: String) -> client::Progress {
    let shown: Mutex<Option<Instant>> = Mutex::new(None);
    Arc::new(move |done, total| {
        let is_over = done == total;
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if is_over || shown.is_none_or(|at| at.elapsed() >= INTERVAL) {
            *shown = Some(Instant::now());
            let line = format!("{what}: {} of {}", print::size(done), print::size(total));
            show(if is_over { "" } else { &line });
        }
    })
}

/// A line for the one-th of `total` things that are asked for; an empty line when all are there.
pub(crate) fn count(what: &str, done: usize, total: usize) {
    let line = format!("{what}: {done} of {total}");
    show(if done == total { "" } else { &line });
}

/// A line of what is being done; an empty one when it is over.
pub(crate) fn line(line: &str) {
    show(line);
}

fn show(line: &str) {
    let mut terminal = io::stderr();
    if terminal.is_terminal() {
        // A terminal that is gone shows nothing; the work goes on without it.
        let _ = write!(terminal, "{CLEAR_LINE}{line}").and_then(|()| terminal.flush());
    }
}
