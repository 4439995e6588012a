//! Alarms: how often each indicator was in error, and whether it is now.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::indicator::{INDICATORS, Indicator, Offence};
use crate::time::Time;

/// An alarm clears when nothing has been wrong for so long: it does not flicker with errors that come in swarms.
pub const CLEAR_AFTER: Duration = Duration::from_secs(5);

/// Something was wrong for the first time, or is right again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AlarmEvent {
    /// What.
    pub indicator: Indicator,
    /// On which PID, if on one.
    pub pid: Option<u16>,
    /// When.
    #[serde(skip)]
    pub at: Time,
    /// Whether it began or ended.
    pub change: AlarmChange,
}

/// Which way an alarm changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmChange {
    /// It was raised by this.
    Raised(Offence),
    /// It was cleared, after so many errors.
    Cleared {
        /// Errors counted while it was raised.
        errors: u64,
    },
}

impl fmt::Display for AlarmEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TR 101 290 {} {}", self.indicator.clause(), self.indicator.name())?;
        if let Some(pid) = self.pid {
            write!(f, " on PID {pid}")?;
        }
        match self.change {
            AlarmChange::Raised(offence) => write!(f, ": {offence}"),
            AlarmChange::Cleared { errors: 1 } => write!(f, ": over, after 1 error"),
            AlarmChange::Cleared { errors } => write!(f, ": over, after {errors} errors"),
        }
    }
}

/// State of one indicator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alarm {
    /// Errors counted so far.
    pub errors: u64,
    /// Since when it is raised.
    pub since: Option<Time>,
    /// When the last error was.
    pub last: Option<Time>,
    /// What the last error was, and on which PID.
    pub offence: Option<(Option<u16>, Offence)>,
    /// Faults that last: the alarm stays while there are any.
    lasting: u32,
    errors_before: u64,
}

/// The state of all indicators.
#[derive(Debug, Default)]
pub struct Alarms {
    alarms: [Alarm; INDICATORS],
    events: Vec<AlarmEvent>,
}

/// Events kept for the caller at most: two for each indicator between two looks are the most there can be.
const MOST_EVENTS: usize = 4 * INDICATORS;

impl Alarms {
    /// Counts an error.
    pub fn count(&mut self, now: Time, indicator: Indicator, pid: Option<u16>, offence: Offence) {
        let alarm = &mut self.alarms[indicator as usize];
        let raises = alarm.since.is_none();
        if raises {
            (alarm.since, alarm.errors_before) = (Some(now), alarm.errors);
        }
        alarm.errors += 1;
        (alarm.last, alarm.offence) = (Some(now), Some((pid, offence)));
        if raises {
            self.say(AlarmEvent { indicator, pid, at: now, change: AlarmChange::Raised(offence) });
        }
    }

    /// Counts an error that lasts until [`Self::end`].
    pub fn begin(&mut self, now: Time, indicator: Indicator, pid: Option<u16>, offence: Offence) {
        self.alarms[indicator as usize].lasting += 1;
        self.count(now, indicator, pid, offence);
    }

    /// A lasting error has ended.
    pub fn end(&mut self, now: Time, indicator: Indicator) {
        let alarm = &mut self.alarms[indicator as usize];
        alarm.lasting = alarm.lasting.saturating_sub(1);
        alarm.last = Some(now);
    }

    /// Clears what has been right for long enough.
    pub fn tick(&mut self, now: Time) {
        for indicator in Indicator::ALL {
            let alarm = &mut self.alarms[indicator as usize];
            let calm = alarm.last.is_some_and(|last| now.since(last) >= CLEAR_AFTER);
            if alarm.since.is_some() && calm && alarm.lasting == 0 {
                alarm.since = None;
                let errors = alarm.errors - alarm.errors_before;
                let pid = alarm.offence.and_then(|(pid, _)| pid);
                self.say(AlarmEvent { indicator, pid, at: now, change: AlarmChange::Cleared { errors } });
            }
        }
    }

    /// The state of an indicator.
    pub const fn get(&self, indicator: Indicator) -> &Alarm {
        &self.alarms[indicator as usize]
    }

    /// Whether an indicator of this priority is raised.
    pub fn is_raised(&self, priority: u8) -> bool {
        let mut raised = Indicator::ALL.into_iter().filter(|&indicator| self.get(indicator).since.is_some());
        raised.any(|indicator| indicator.priority() == priority)
    }

    /// Takes the events since the last call.
    pub fn drain_events(&mut self) -> impl Iterator<Item = AlarmEvent> {
        self.events.drain(..)
    }

    fn say(&mut self, event: AlarmEvent) {
        if self.events.len() < MOST_EVENTS {
            self.events.push(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const WHAT: Indicator = Indicator::TransportError;

    fn raised(alarms: &Alarms) -> bool {
        alarms.get(WHAT).since.is_some()
    }

    #[test]
    fn a_swarm_of_errors_is_one_alarm() {
        let mut alarms = Alarms::default();
        let mut now = Time(0);
        for _ in 0..10 {
            alarms.count(now, WHAT, Some(7), Offence::Found);
            now = now + SECOND;
            alarms.tick(now);
        }
        assert_eq!((alarms.get(WHAT).errors, alarms.drain_events().count()), (10, 1));
        alarms.tick(now + CLEAR_AFTER);
        let events: Vec<_> = alarms.drain_events().map(|event| event.change).collect();
        assert_eq!(events, [AlarmChange::Cleared { errors: 10 }]);
        assert!(!raised(&alarms));
    }

    #[test]
    fn a_lasting_error_keeps_its_alarm_until_some_time_after_its_end() {
        let mut alarms = Alarms::default();
        alarms.begin(Time(0), WHAT, None, Offence::AbsentNanos(1));
        alarms.tick(Time(0) + 100 * SECOND);
        assert!(raised(&alarms));
        alarms.end(Time(0) + 100 * SECOND, WHAT);
        alarms.tick(Time(0) + 101 * SECOND);
        assert!(raised(&alarms));
        alarms.tick(Time(0) + 100 * SECOND + CLEAR_AFTER);
        assert!(!raised(&alarms));
    }
}
