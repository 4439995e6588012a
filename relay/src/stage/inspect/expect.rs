//! What must come again and again, and what must not last: the two shapes that errors over time have.

use std::time::Duration;

use super::alarm::Alarms;
use super::indicator::{Indicator, Offence};
use crate::time::Time;

/// What is looked for, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    /// What is wrong when it takes longer.
    pub(super) indicator: Indicator,
    /// The PID that it is about, if it is about one.
    pub(super) pid: Option<u16>,
    /// The longest that is right.
    pub(super) longest: Duration,
}

/// Something that must come again within a time. Each gap that is too long is one error, counted when the time is over;
/// it lasts until the gap ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recurring {
    last: Time,
    overdue: bool,
}

impl Recurring {
    /// What came at `at`, or is expected from then on.
    pub(super) const fn since(at: Time) -> Self {
        Self { last: at, overdue: false }
    }

    /// When it came last, or was first expected.
    pub(super) const fn last(&self) -> Time {
        self.last
    }

    /// It came.
    pub(super) fn arrive(&mut self, at: Time, limit: Limit, alarms: &mut Alarms) {
        self.look(at, limit, alarms);
        self.expect_no_more(at, limit.indicator, alarms);
        self.last = at;
    }

    /// Looks whether it should have come by now.
    pub(super) fn look(&mut self, now: Time, limit: Limit, alarms: &mut Alarms) {
        let absent = now.since(self.last);
        if !self.overdue && absent > limit.longest {
            self.overdue = true;
            alarms.begin(now, limit.indicator, limit.pid, Offence::absent(absent));
        }
    }

    /// It need not come any more.
    pub(super) fn expect_no_more(&mut self, at: Time, indicator: Indicator, alarms: &mut Alarms) {
        if std::mem::take(&mut self.overdue) {
            alarms.end(at, indicator);
        }
    }
}

/// A state that is an error once it has lasted for longer than it may.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lasting {
    since: Option<Time>,
    is_error: bool,
}

impl Lasting {
    /// Notes whether the state is there now.
    pub(super) fn look(&mut self, now: Time, is_there: bool, limit: Limit, offence: Offence, alarms: &mut Alarms) {
        if !is_there {
            self.since = None;
            if std::mem::take(&mut self.is_error) {
                alarms.end(now, limit.indicator);
            }
            return;
        }
        let since = *self.since.get_or_insert(now);
        if !self.is_error && now.since(since) > limit.longest {
            self.is_error = true;
            alarms.begin(now, limit.indicator, limit.pid, offence);
        }
    }

    /// Whether it has lasted for too long.
    pub(super) const fn is_error(&self) -> bool {
        self.is_error
    }
}
