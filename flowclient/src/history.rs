//! The last lines of the log, kept for whoever looks later, and each new one for whoever looks now.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio::sync::broadcast;

/// Lines kept.
const KEPT: usize = 100;
/// New lines that may wait for a reader; one that is further behind is told so.
const WAITING: usize = 256;

/// How bad a line's news is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    Info,
    Warning,
}

impl Severity {
    pub(crate) const fn of(is_warning: bool) -> Self {
        if is_warning { Self::Warning } else { Self::Info }
    }
}

/// A line of the log.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    /// Grows from line to line, and from each start of the program to the next.
    pub(crate) number: u64,
    /// When, in Unix seconds.
    pub(crate) timestamp: f64,
    pub(crate) severity: Severity,
    /// The flow that it is about, if it is about one.
    pub(crate) flow: Option<String>,
    pub(crate) text: String,
}

/// The last lines of the log.
#[derive(Debug)]
pub(crate) struct History {
    kept: Mutex<Kept>,
    news: broadcast::Sender<Arc<Line>>,
}

#[derive(Debug)]
struct Kept {
    lines: VecDeque<Arc<Line>>,
    next_number: u64,
}

impl History {
    /// The history of a program that started at `started`, without a line yet.
    pub(crate) fn new(started: SystemTime) -> Self {
        // Starting from the microseconds of UTC, the numbers of one run lie beyond those of the run before.
        let next_number = started.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64);
        let kept = Mutex::new(Kept { lines: VecDeque::with_capacity(KEPT), next_number });
        Self { kept, news: broadcast::channel(WAITING).0 }
    }

    /// Takes a line that is said now.
    pub(crate) fn note(&self, severity: Severity, flow: Option<&str>, text: String) {
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let line = Line { number: kept.next_number, timestamp, severity, flow: flow.map(str::to_owned), text };
        let line = Arc::new(line);
        kept.next_number += 1;
        if kept.lines.len() == KEPT {
            kept.lines.pop_front();
        }
        kept.lines.push_back(Arc::clone(&line));
        // It fails when nobody looks now.
        let _ = self.news.send(line);
    }

    /// The lines kept of those after number `after`, and all that come from now on.
    pub(crate) fn follow(&self, after: u64) -> (Vec<Arc<Line>>, broadcast::Receiver<Arc<Line>>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = kept.lines.iter().filter(|line| line.number > after).cloned().collect();
        (lines, self.news.subscribe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history_of(lines: usize) -> History {
        let history = History::new(SystemTime::now());
        (0..lines).for_each(|number| history.note(Severity::Info, Some("ch7"), number.to_string()));
        history
    }

    fn texts(lines: &[Arc<Line>]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn the_last_hundred_lines_are_kept() {
        let (lines, _) = history_of(KEPT + 2).follow(0);
        assert_eq!((lines.len(), lines[0].text.as_str(), lines[KEPT - 1].text.as_str()), (KEPT, "2", "101"));
    }

    #[test]
    fn whoever_comes_back_gets_what_is_new_and_nothing_twice() {
        let history = history_of(3);
        let (lines, _) = history.follow(0);
        let (rest, mut news) = history.follow(lines[1].number);
        assert_eq!(texts(&rest), ["2"]);
        history.note(Severity::Warning, None, "3".to_owned());
        assert_eq!(news.try_recv().unwrap().text, "3");
    }

    #[test]
    fn numbers_of_a_later_run_are_higher() {
        let (before, _) = history_of(5).follow(0);
        let (after, _) = history_of(1).follow(0);
        assert!(after[0].number > before[0].number);
    }
}
