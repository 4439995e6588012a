//! Moderation, as network cards do it with their interrupts: under a fast stream of single datagrams the thread rests for a
//! moment after each turn, so that the next one has more to take with a call. At low rates nothing waits.

use std::time::Duration;

use crate::time::Time;

/// Buffers a second from which a stream counts as fast. Joined datagrams fill one together: they need no moderation.
const FAST_RATE_HZ: u64 = 60_000;
/// The same for a thread of many flows. To each of them a rest is a small part of the time between two datagrams; without
/// it the thread would wake for each datagram of each flow.
const FAST_RATE_OF_MANY_HZ: u64 = 8_000;
/// Flows that are many.
const MANY_FLOWS: usize = 16;
/// Buffers that may come faster than that, as a burst of a slow stream.
const BURST: u64 = 40;
/// How far a fast stream fills the bucket: so long after its end a burst is taken for more of it.
const FULL: u64 = 80;
/// The rest: at 150,000 datagrams a second 22 of them come in it. It is at most what one of them waits longer.
const REST: Duration = Duration::from_micros(150);
/// The rest of a thread of many flows.
const REST_OF_MANY: Duration = Duration::from_micros(300);
/// One buffer in the bucket: nanoseconds times buffers a second.
const UNIT: u64 = 1_000_000_000;

/// Decides after each turn whether the thread rests: a bucket that leaks at the rate of a fast stream.
#[derive(Default)]
pub(super) struct Moderation {
    last: Time,
    /// Buffers in the bucket, in billionths.
    level: u64,
}

impl Moderation {
    /// How long a thread of `flows` flows rests after a turn, begun at `now`, that filled so many buffers.
    pub(super) fn rest(&mut self, now: Time, buffers: usize, flows: usize) -> Option<Duration> {
        let (fast_hz, rest) =
            if flows < MANY_FLOWS { (FAST_RATE_HZ, REST) } else { (FAST_RATE_OF_MANY_HZ, REST_OF_MANY) };
        let leaked = now.0.saturating_sub(self.last.0).saturating_mul(fast_hz);
        self.last = now;
        self.level = (self.level.saturating_sub(leaked) + buffers as u64 * UNIT).min(FULL * UNIT);
        (buffers > 0 && self.level > BURST * UNIT).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MICRO: u64 = 1_000;

    /// Rests in 10 ms of turns, each so long after the one before and with so many buffers.
    fn rests(interval_micros: u64, buffers: usize, flows: usize) -> usize {
        let mut moderation = Moderation::default();
        let turns = (0..10_000).step_by(interval_micros as usize);
        turns.filter(|&micros| moderation.rest(Time(micros * MICRO), buffers, flows).is_some()).count()
    }

    #[test]
    fn a_fast_stream_makes_the_thread_rest_however_it_is_cut() {
        assert!(rests(130, 20, 1) > 70, "{}", rests(130, 20, 1));
        assert!(rests(10, 2, 1) > 900, "{}", rests(10, 2, 1));
    }

    #[test]
    fn a_slow_stream_and_its_bursts_do_not() {
        assert_eq!(rests(25, 1, 1), 0);
        assert_eq!(rests(1_000, 30, 1), 0);
    }

    #[test]
    fn many_flows_make_a_fast_stream_together() {
        assert_eq!(rests(50, 1, 1), 0);
        assert!(rests(50, 1, 100) > 100, "{}", rests(50, 1, 100));
        assert_eq!(rests(200, 1, 100), 0);
    }
}
