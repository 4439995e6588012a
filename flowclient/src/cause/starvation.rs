//! Whether the host let the threads that relay run.

use std::time::Duration;

use crate::host::{HostSample, ThreadTimes};

/// How long the thread that had most to do ran, and how long it was kept from running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Starvation {
    ran: Duration,
    kept: Duration,
}

impl Starvation {
    /// What happened between two samples that were to be `wanted` apart.
    ///
    /// A thread is kept from running by a wait for a CPU, by the quota of a control group, and by another machine on the
    /// same CPU. A process that is stopped shows none of these, but takes the later sample too late. They may overlap, so the
    /// longest counts.
    pub(super) fn between(before: &HostSample, after: &HostSample, wanted: Duration) -> Self {
        let ThreadTimes { ran, waited } = busiest(before, after);
        let late = after.at.saturating_duration_since(before.at).saturating_sub(wanted);
        let throttled = grown(before.throttled, after.throttled);
        let stolen = grown(before.stolen, after.stolen);
        Self { ran, kept: waited.max(throttled).max(stolen).max(late) }
    }

    /// Both intervals together.
    pub(super) fn and(self, other: Self) -> Self {
        Self { ran: self.ran + other.ran, kept: self.kept + other.kept }
    }

    /// Whether the thread was kept from running for longer than it ran.
    pub(super) fn is_starved(self) -> bool {
        self.kept > self.ran
    }
}

/// Times of the thread that wanted to run most.
fn busiest(before: &HostSample, after: &HostSample) -> ThreadTimes {
    let since = |(id, now): (&u32, &ThreadTimes)| {
        let then = before.threads.get(id).copied().unwrap_or_default();
        ThreadTimes { ran: now.ran.saturating_sub(then.ran), waited: now.waited.saturating_sub(then.waited) }
    };
    after.threads.iter().map(since).max_by_key(|times| times.ran + times.waited).unwrap_or_default()
}

fn grown(before: Option<Duration>, after: Option<Duration>) -> Duration {
    after.unwrap_or_default().saturating_sub(before.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const SECOND: Duration = Duration::from_secs(1);

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A sample and one of a second later, in which the thread ran and waited for so long.
    fn second(ran: u64, waited: u64) -> (HostSample, HostSample) {
        let mut before = HostSample::unknown(Instant::now());
        let mut after = HostSample::unknown(before.at + SECOND);
        before.threads.insert(7, ThreadTimes { ran: millis(5_000), waited: millis(70) });
        after.threads.insert(7, ThreadTimes { ran: millis(5_000 + ran), waited: millis(70 + waited) });
        (before, after)
    }

    fn is_starved((before, after): &(HostSample, HostSample)) -> bool {
        Starvation::between(before, after, SECOND).is_starved()
    }

    #[test]
    fn a_thread_that_runs_all_the_time_is_not_starved() {
        assert!(!is_starved(&second(990, 10)));
        assert!(!is_starved(&second(600, 400)));
    }

    #[test]
    fn a_thread_that_waits_longer_than_it_runs_is_starved() {
        assert!(is_starved(&second(300, 700)));
    }

    #[test]
    fn a_quota_starves() {
        let (mut before, mut after) = second(100, 20);
        (before.throttled, after.throttled) = (Some(millis(50)), Some(millis(900)));
        assert!(is_starved(&(before, after)));
    }

    #[test]
    fn a_machine_that_takes_the_cpu_starves() {
        let (mut before, mut after) = second(100, 20);
        (before.stolen, after.stolen) = (Some(millis(10)), Some(millis(800)));
        assert!(is_starved(&(before, after)));
    }

    #[test]
    fn a_process_that_is_stopped_is_starved() {
        let (before, mut after) = second(100, 20);
        after.at += SECOND;
        assert!(is_starved(&(before, after)));
    }

    #[test]
    fn of_several_threads_the_busiest_counts() {
        let (before, mut after) = second(10, 20);
        after.threads.insert(8, ThreadTimes { ran: millis(900), waited: millis(50) });
        assert!(!is_starved(&(before, after)));
    }

    #[test]
    fn what_is_not_known_starves_nobody() {
        let now = Instant::now();
        assert!(!is_starved(&(HostSample::unknown(now), HostSample::unknown(now + SECOND))));
    }
}
