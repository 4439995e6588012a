//! Who keeps the release times: our thread, which wakes for each, or the kernel, which is given datagrams ahead of theirs.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::queue::Queue;
use crate::time::Time;

/// A thread wakes this long before a release time, and sends all that leaves by so long after it woke: it wakes 10 to 50 us
/// later than it asked to, and with many flows it needs to wake less often.
const TIMER_LEAD: Duration = Duration::from_micros(20);
/// The kernel has a datagram by this long before its time: a thread that is kept from running for less delays nothing.
const LEAST_AHEAD: Duration = Duration::from_millis(5);
/// It has none longer before its time: what it has cannot be called back.
const MOST_AHEAD: Duration = Duration::from_millis(20);
/// Datagrams that the kernel has at most. By default `fq` drops what exceeds 100 of a socket (tc-fq(8): flow_limit).
const MOST_HANDED: usize = 64;

/// Who keeps the release times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// Our thread, which wakes for each.
    #[default]
    Timer,
    /// The kernel's queueing discipline `fq` (SO_TXTIME).
    Fq,
}

impl Tier {
    /// All, from the plainest on.
    pub const ALL: [Self; 2] = [Self::Timer, Self::Fq];

    /// Name, as a label of metrics and a key of reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timer => "timer",
            Self::Fq => "fq",
        }
    }

    /// How long before its time a datagram is sent at the latest.
    const fn lead(self) -> Duration {
        match self {
            Self::Timer => TIMER_LEAD,
            Self::Fq => LEAST_AHEAD,
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timer => "this process, which wakes for each datagram",
            Self::Fq => "the kernel (fq)",
        })
    }
}

/// Decides what is sent when, so that it leaves at its time.
#[derive(Default)]
pub struct Release {
    tier: Tier,
    /// Release times of what the kernel has.
    handed: VecDeque<Time>,
}

impl Release {
    /// Who keeps the times.
    pub const fn tier(&self) -> Tier {
        self.tier
    }

    /// Has another keep the times from now on.
    pub const fn change(&mut self, tier: Tier) {
        self.tier = tier;
    }

    /// Up to which release time the datagrams of `queue` are to be sent now. `None` when none is.
    pub fn horizon(&mut self, now: Time, queue: &Queue) -> Option<Time> {
        let next = queue.next_release()?;
        if next > now + self.tier.lead() {
            return None;
        }
        if self.tier == Tier::Timer {
            return Some(now + TIMER_LEAD);
        }
        while self.handed.front().is_some_and(|&release| release <= now) {
            self.handed.pop_front();
        }
        let room = MOST_HANDED.saturating_sub(self.handed.len());
        let ahead = queue.due(now + MOST_AHEAD).map(|(datagram, _)| datagram.release).take(room);
        ahead.last().map(|last| last.max(now))
    }

    /// Takes note of a datagram that is sent at `now`, to leave at `release`.
    pub fn hand_over(&mut self, now: Time, release: Time) {
        if self.tier == Tier::Fq && release > now {
            self.handed.push_back(release);
        }
    }

    /// When to ask for the horizon, if the first datagram leaves at `next`.
    pub fn wake(&self, next: Time) -> Time {
        let has_room = self.handed.front().filter(|_| self.handed.len() >= MOST_HANDED);
        (next - self.tier.lead()).max(has_room.copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mem::Pool;
    use crate::stage::RtpHead;
    use proptest::prelude::*;

    const MS: u64 = 1_000_000;

    fn queue(pool: &mut Pool, releases: impl IntoIterator<Item = u64>) -> Queue {
        let mut queue = Queue::default();
        for release in releases {
            queue.close(0, Time(0), Time(release), RtpHead::default());
        }
        assert_eq!(pool.free_slots(), 1);
        queue
    }

    fn release(tier: Tier) -> Release {
        Release { tier, ..Release::default() }
    }

    #[test]
    fn a_thread_sends_what_is_due_and_wakes_just_before_the_next() {
        let mut pool = Pool::new(1, 1);
        let (queue, mut release) = (queue(&mut pool, [10 * MS, 11 * MS]), release(Tier::Timer));
        assert_eq!(release.horizon(Time(9 * MS), &queue), None);
        let wake = release.wake(Time(10 * MS));
        assert_eq!(wake, Time(10 * MS) - TIMER_LEAD);
        assert_eq!(release.horizon(wake, &queue), Some(Time(10 * MS)));
    }

    #[test]
    fn the_kernel_gets_many_at_once_and_ahead() {
        let mut pool = Pool::new(1, 1);
        let (queue, mut release) = (queue(&mut pool, (0..50).map(|n| n * 2 * MS)), release(Tier::Fq));
        assert_eq!(release.horizon(Time(0), &queue), Some(Time(20 * MS)));
        assert_eq!(release.wake(Time(22 * MS)), Time(17 * MS));
    }

    #[test]
    fn what_is_far_off_is_not_handed_over() {
        let mut pool = Pool::new(1, 1);
        let queue = queue(&mut pool, [100 * MS]);
        assert_eq!(release(Tier::Fq).horizon(Time(94 * MS), &queue), None);
        assert_eq!(release(Tier::Fq).horizon(Time(95 * MS), &queue), Some(Time(100 * MS)));
    }

    #[test]
    fn the_kernel_never_has_more_than_it_holds() {
        let mut pool = Pool::new(1, 1);
        let (fast, mut release) = (queue(&mut pool, (0..300).map(|n| 1_000 + n * MS / 10)), release(Tier::Fq));
        let horizon = release.horizon(Time(0), &fast).unwrap();
        let handed: Vec<_> = fast.due(horizon).map(|(datagram, _)| datagram.release).collect();
        assert_eq!(handed.len(), MOST_HANDED);
        handed.iter().for_each(|&at| release.hand_over(Time(0), at));
        let rest = queue(&mut pool, (64..300).map(|n| 1_000 + n * MS / 10));
        assert_eq!(release.horizon(Time(0), &rest), None);
        assert_eq!(release.wake(Time(1_000 + 64 * MS / 10)), handed[0].max(Time(1_000 + 64 * MS / 10) - LEAST_AHEAD));
    }

    proptest! {
        #[test]
        fn whoever_keeps_the_times_each_datagram_is_sent_once_in_order_and_by_its_time(
            gaps in prop::collection::vec(0..3 * MS, 1..200),
            fq in any::<bool>(),
        ) {
            let mut pool = Pool::new(1, 1);
            let releases: Vec<u64> = gaps.iter().scan(0, |at, gap| { *at += gap; Some(*at) }).collect();
            let (mut queue, mut release) = (queue(&mut pool, releases.iter().copied()), release(if fq { Tier::Fq } else { Tier::Timer }));
            let (mut now, mut sent) = (Time(0), Vec::new());
            while let Some(next) = queue.next_release() {
                now = now.max(release.wake(next));
                let horizon = release.horizon(now, &queue);
                prop_assert!(horizon.is_some(), "woke at {now:?} for {next:?} and sent nothing");
                while queue.next_release().is_some_and(|next| Some(next) <= horizon) {
                    let datagram = queue.pop(&mut pool).unwrap();
                    prop_assert!(datagram.release >= now, "left late: {:?} at {:?}", datagram.release, now);
                    release.hand_over(now, datagram.release);
                    sent.push(datagram.release.0);
                }
            }
            prop_assert_eq!(sent, releases);
        }
    }
}
