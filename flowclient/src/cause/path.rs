//! Whether packets that are missing came in at this host's interface.
//!
//! Most of what a protocol stack drops before a socket no counter tells (a packet filter, for one). But what came in at the
//! interface and reached no socket of ours shows as a difference, and that is steady while nothing is lost: other programs'
//! traffic. When packets are missing and the difference has grown by as much, they were here.

use std::time::Duration;

/// Bytes of the headers of Ethernet, IPv4 and UDP: those of the link and IP are in the interface's counters and not in ours.
const HEADER_BYTES: i64 = 14 + 20 + 8;
/// Bytes of a transport packet.
const PACKET_BYTES: f64 = 188.0;
/// Weight of a new interval in what is usual.
const WEIGHT: f64 = 0.125;
/// How many times the usual deviation is out of the usual.
const UNUSUAL: f64 = 4.0;

/// Counters of an interface and of the flows that come in there. All numbers only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// Bytes received, headers included.
    pub(super) bytes: u64,
    /// Packets received.
    pub(super) packets: u64,
    /// Packets dropped at the interface.
    pub(super) dropped: u64,
    /// Whether the interface is down, has no carrier, or is not there.
    pub(super) down: bool,
    /// Payload bytes that reached the sockets of our flows.
    pub(super) claimed_bytes: u64,
    /// Transport packets of our flows that are missing.
    pub(super) missing: u64,
    /// Packets of the interface that the datagrams of our flows hold, on average.
    pub(super) packets_per_datagram: u64,
    /// How far the flows were behind the interface: the difference is uncertain by what comes in meanwhile.
    pub(super) stale: Duration,
}

/// Follows one interface.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    before: Option<Reading>,
    calm: Option<Calm>,
    usual: Option<Usual>,
    /// Evidence of the interval before, if nothing was missing then: a gap may be seen later than it was made.
    unspent: Evidence,
}

impl Evidence {
    /// Both together.
    fn and(self, other: Self) -> Self {
        Self {
            dropped: self.dropped + other.dropped,
            unclaimed: self.unclaimed + other.unclaimed,
            down: self.down || other.down,
        }
    }

    /// Whether so many packets that are missing can be meant: half of them will do, as each number is about right only.
    fn explains(self, missing: f64) -> bool {
        self.down || self.dropped >= missing / 2.0 || self.unclaimed >= missing / 2.0
    }
}

/// Transport packets that came in at the interface and reached no socket, beyond the usual.
#[derive(Clone, Copy, Debug, Default)]
struct Evidence {
    /// By the counter of drops.
    dropped: f64,
    /// By the difference.
    unclaimed: f64,
    /// Whether nothing could come in for a while.
    down: bool,
}

/// A time in which nothing went missing, from a reading that no flow was behind.
#[derive(Clone, Copy, Debug)]
struct Calm {
    since: Reading,
    span: Duration,
}

/// What comes in for others, in bytes a second.
#[derive(Clone, Copy, Debug)]
struct Usual {
    mean: f64,
    deviation: f64,
}

impl Path {
    /// Whether what comes in for others is known, and what is lost behind the interface can be told from what never came.
    pub(super) const fn is_known(&self) -> bool {
        self.usual.is_some()
    }

    /// Takes the counters `span` after those before. Returns whether what was found missing meanwhile was lost on this host.
    pub(super) fn look(&mut self, span: Duration, now: Reading) -> bool {
        let before = self.before.replace(now);
        let is_lost_here = before.is_some_and(|before| self.judge(span, &before, &now));
        self.learn(span, now);
        is_lost_here
    }

    fn judge(&mut self, span: Duration, before: &Reading, now: &Reading) -> bool {
        if !follows(before, now) {
            self.unspent = Evidence { down: before.down || now.down, ..Evidence::default() };
            return false;
        }
        let missing = (now.missing - before.missing) as f64;
        let found = self.evidence(span, before, now);
        if missing == 0.0 {
            self.unspent = found;
            return false;
        }
        found.and(std::mem::take(&mut self.unspent)).explains(missing)
    }

    fn evidence(&self, span: Duration, before: &Reading, now: &Reading) -> Evidence {
        let dropped = ((now.dropped - before.dropped) * now.packets_per_datagram) as f64;
        let unclaimed = self.usual.map_or(0.0, |usual| {
            let excess = unclaimed_a_second(span, before, now) - usual.mean;
            let certain = excess * span.as_secs_f64() - uncertain_bytes(span, before, now);
            if excess > UNUSUAL * usual.deviation { certain.max(0.0) / PACKET_BYTES } else { 0.0 }
        });
        Evidence { dropped, unclaimed, down: before.down || now.down }
    }

    /// Learns what is usual from calm times. On a busy host a flow may be behind at most readings: those between are left out.
    fn learn(&mut self, span: Duration, now: Reading) {
        let calm = self.calm.take().map(|calm| Calm { span: calm.span + span, ..calm });
        let calm = calm.filter(|calm| follows(&calm.since, &now) && calm.since.missing == now.missing);
        if !now.stale.is_zero() {
            self.calm = calm;
            return;
        }
        self.calm = Some(Calm { since: now, span: Duration::ZERO });
        if let Some(Calm { since, span }) = calm {
            let unclaimed = unclaimed_a_second(span, &since, &now);
            self.usual.get_or_insert(Usual { mean: unclaimed, deviation: 0.0 }).take(unclaimed);
        }
    }
}

impl Usual {
    fn take(&mut self, unclaimed: f64) {
        let off = unclaimed - self.mean;
        self.mean += WEIGHT * off;
        self.deviation += WEIGHT * (off.abs() - self.deviation);
    }
}

/// Whether nothing began anew between the two.
fn follows(before: &Reading, now: &Reading) -> bool {
    now.bytes >= before.bytes
        && now.packets >= before.packets
        && now.dropped >= before.dropped
        && now.claimed_bytes >= before.claimed_bytes
        && now.missing >= before.missing
}

fn unclaimed_a_second(span: Duration, before: &Reading, now: &Reading) -> f64 {
    let headers = (now.packets - before.packets).cast_signed() * HEADER_BYTES;
    let received = (now.bytes - before.bytes).cast_signed() - headers;
    let claimed = (now.claimed_bytes - before.claimed_bytes).cast_signed();
    (received - claimed) as f64 / span.as_secs_f64().max(f64::MIN_POSITIVE)
}

fn uncertain_bytes(span: Duration, before: &Reading, now: &Reading) -> f64 {
    let claimed = (now.claimed_bytes - before.claimed_bytes) as f64;
    claimed * (before.stale + now.stale).as_secs_f64() / span.as_secs_f64().max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const DATAGRAM: u64 = 7 * 188;

    /// An interface on which a flow of 100 datagrams a second comes in, and a line after each second.
    #[derive(Default)]
    struct Link {
        path: Path,
        reading: Reading,
    }

    impl Link {
        /// A second: datagrams that came in, those of them that reached the socket, and those found missing.
        fn second(&mut self, came: u64, claimed: u64, missing: u64) -> bool {
            self.reading.packets += came;
            self.reading.bytes += came * (DATAGRAM + 42);
            self.reading.claimed_bytes += claimed * DATAGRAM;
            self.reading.missing += missing * 7;
            self.reading.packets_per_datagram = 7;
            self.path.look(SECOND, self.reading)
        }

        /// A second of other programs' traffic besides.
        fn second_with_others(&mut self, others: u64, came: u64, claimed: u64, missing: u64) -> bool {
            self.reading.packets += others;
            self.reading.bytes += others * 642;
            self.second(came, claimed, missing)
        }
    }

    fn quiet() -> Link {
        let mut link = Link::default();
        (0..5).for_each(|_| assert!(!link.second(100, 100, 0)));
        link
    }

    #[test]
    fn what_did_not_come_in_was_not_lost_here() {
        let mut link = quiet();
        assert!(!link.second(90, 90, 10));
        assert!(!link.second(1, 1, 99));
    }

    #[test]
    fn what_came_in_and_reached_no_socket_was_lost_here() {
        let mut link = quiet();
        assert!(link.second(100, 99, 1));
        assert!(link.second(100, 10, 90));
    }

    #[test]
    fn it_stays_so_however_long_it_lasts() {
        let mut link = quiet();
        (0..1_000).for_each(|_| assert!(link.second(100, 95, 5)));
    }

    #[test]
    fn what_the_interface_dropped_was_lost_here() {
        let mut link = quiet();
        link.reading.dropped += 10;
        assert!(link.second(90, 90, 10));
        assert!(!link.second(90, 90, 10));
    }

    #[test]
    fn a_gap_may_be_found_an_interval_later() {
        let mut link = quiet();
        link.reading.dropped += 10;
        link.second(90, 90, 0);
        assert!(link.second(100, 100, 10));
    }

    #[test]
    fn what_went_missing_while_the_interface_was_down_was_lost_here() {
        let mut link = quiet();
        link.reading.down = true;
        link.second(10, 10, 0);
        link.second(0, 0, 0);
        link.reading.down = false;
        assert!(link.second(50, 50, 2));
        link.second(100, 100, 0);
        assert!(!link.second(100, 100, 2));
    }

    #[test]
    fn others_on_the_same_interface_are_known_by_their_habits() {
        let mut link = Link::default();
        for second in 0..20 {
            link.second_with_others(1_000 + second % 3, 100, 100, 0);
        }
        assert!(!link.second_with_others(1_001, 80, 80, 20));
        assert!(link.second_with_others(1_001, 100, 80, 20));
    }

    #[test]
    fn what_a_flow_that_is_behind_has_not_taken_yet_is_not_lost() {
        let mut link = quiet();
        link.reading.stale = Duration::from_millis(100);
        assert!(!link.second(90, 81, 10));
        link.reading.stale = Duration::ZERO;
        assert!(!link.second(90, 99, 10));
    }

    #[test]
    fn what_is_usual_is_learned_between_readings_that_no_flow_was_behind() {
        let mut link = Link::default();
        for behind in [0, 7, 3, 0] {
            let before = link.reading.stale.as_millis() as u64 / 10;
            link.reading.stale = Duration::from_millis(10 * behind);
            assert!(!link.path.is_known());
            link.second(100, 100 + before - behind, 0);
        }
        assert!(link.path.is_known());
        assert!(link.second(100, 95, 5));
    }

    #[test]
    fn without_a_quiet_second_nothing_is_known() {
        let mut link = Link::default();
        (0..5).for_each(|_| assert!(!link.second(100, 90, 10)));
    }

    #[test]
    fn counters_that_begin_anew_tell_nothing() {
        let mut link = quiet();
        link.reading = Reading::default();
        assert!(!link.second(100, 10, 90));
    }
}
