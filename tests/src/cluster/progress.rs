//! What is going on, for whoever waits.

use std::time::Instant;

/// Prints lines with the time since it began.
#[derive(Debug)]
pub(super) struct Progress {
    start: Instant,
}

impl Progress {
    /// Begins.
    pub(super) fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Says what has been reached.
    pub(super) fn reached(&self, what: &str) {
        eprintln!("{:5.1} s  {what}", self.start.elapsed().as_secs_f32());
    }
}
