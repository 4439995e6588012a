//! What went wrong in the last minute and the last hour: for who looks once, and cannot compare counters.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use relay::event::LossCause;
use serde::Serialize;

use crate::cause::Loss;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// What went wrong in a time; or since the flow began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Wrong {
    /// Errors of all indicators of TR 101 290.
    pub(crate) tr101290_errors: u64,
    /// Transport packets lost, by cause.
    pub(crate) loss: Loss,
}

/// What went wrong of late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Recent {
    /// In the last minute.
    pub(crate) minute: Wrong,
    /// In the last hour, to a minute.
    pub(crate) hour: Wrong,
}

/// What had gone wrong at times past: each second of the last minute, each minute of the last hour. Only changes are kept, so that a
/// flow that is well costs nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    now: Wrong,
    seconds: VecDeque<(Instant, Wrong)>,
    minutes: VecDeque<(Instant, Wrong)>,
}

impl Trail {
    /// Takes what has gone wrong since the flow began; for once a second.
    pub(super) fn note(&mut self, now: Instant, wrong: Wrong) {
        if wrong != self.now {
            // The value that was is what a time that begins before now is compared with.
            self.seconds.push_back((now, self.now));
            let is_due = self.minutes.back().is_none_or(|(at, _)| now.saturating_duration_since(*at) >= MINUTE);
            if is_due {
                self.minutes.push_back((now, self.now));
            }
            self.now = wrong;
        }
        forget(&mut self.seconds, now, MINUTE);
        forget(&mut self.minutes, now, HOUR);
    }

    /// What went wrong of late, as of the last note.
    pub(super) fn recent(&self) -> Recent {
        let since = |kept: &VecDeque<(Instant, Wrong)>| {
            kept.front().map_or_else(Wrong::default, |(_, then)| self.now.since(then))
        };
        Recent { minute: since(&self.seconds), hour: since(&self.minutes) }
    }
}

fn forget(kept: &mut VecDeque<(Instant, Wrong)>, now: Instant, span: Duration) {
    while kept.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > span) {
        kept.pop_front();
    }
}

impl Wrong {
    fn since(&self, then: &Self) -> Self {
        let lost = |cause: LossCause| self.loss.of(cause).saturating_sub(then.loss.of(cause));
        Self {
            tr101290_errors: self.tr101290_errors.saturating_sub(then.tr101290_errors),
            loss: Loss {
                upstream: lost(LossCause::Upstream),
                network: lost(LossCause::Network),
                host: lost(LossCause::Host),
                process: lost(LossCause::Process),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(tr101290_errors: u64, network: u64) -> Wrong {
        Wrong { tr101290_errors, loss: Loss { network, ..Loss::default() } }
    }

    #[test]
    fn what_is_long_past_no_longer_counts() {
        let (mut trail, start) = (Trail::default(), Instant::now());
        let mut at = |seconds: u64, wrong: Wrong| {
            trail.note(start + Duration::from_secs(seconds), wrong);
            trail.recent()
        };
        assert_eq!(at(0, wrong(0, 0)), Recent::default());
        assert_eq!(at(1, wrong(3, 7)), Recent { minute: wrong(3, 7), hour: wrong(3, 7) });
        assert_eq!(at(61, wrong(3, 7)).minute, wrong(3, 7));
        assert_eq!(at(62, wrong(3, 7)), Recent { minute: wrong(0, 0), hour: wrong(3, 7) });
        assert_eq!(at(90, wrong(5, 7)), Recent { minute: wrong(2, 0), hour: wrong(5, 7) });
        assert_eq!(at(3_602, wrong(5, 7)), Recent { minute: wrong(0, 0), hour: wrong(2, 0) });
        assert_eq!(at(9_999, wrong(5, 7)), Recent::default());
    }

    #[test]
    fn a_flow_that_errs_all_the_time_is_kept_in_bounds() {
        let (mut trail, start) = (Trail::default(), Instant::now());
        (1..10_000).for_each(|second| trail.note(start + Duration::from_secs(second), wrong(second, 0)));
        assert!(trail.seconds.len() <= 61 && trail.minutes.len() <= 61);
        assert!((3_540..=3_661).contains(&trail.recent().hour.tr101290_errors), "{:?}", trail.recent());
    }
}
