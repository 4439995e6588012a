//! What one flow has lost, by cause.

use relay::event::LossCause;
use relay::stats::Counters;

use super::Loss;
use super::credit::Credit;
use super::surroundings::Verdict;

/// What a flow itself tells of its losses. All but the last only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Datagrams dropped at the socket.
    pub(super) dropped_at_socket: u64,
    /// Datagrams for which there was no buffer.
    pub(super) dropped_behind: u64,
    /// RTP datagrams that never came.
    pub(super) lost_by_sequence: u64,
    /// Transport packets missing by the continuity counters.
    pub(super) lost_by_counter: u64,
    /// Transport packets that a datagram holds, on average; at least 1.
    pub(super) packets_per_datagram: u64,
}

impl Facts {
    /// What these counters tell.
    pub(crate) fn of(counters: &Counters) -> Self {
        let whole = counters.input_datagrams.saturating_sub(counters.dropped_malformed()).max(1);
        Self {
            dropped_at_socket: counters.dropped_kernel,
            dropped_behind: counters.dropped_overflow,
            lost_by_sequence: counters.rtp_lost,
            lost_by_counter: counters.missing_packets,
            packets_per_datagram: ((counters.ts_packets + whole / 2) / whole).max(1),
        }
    }

    /// Transport packets missing so far, however they were lost. Sequence numbers and continuity counters mostly tell of the
    /// same ones.
    pub(super) fn missing(&self) -> u64 {
        (self.lost_by_sequence * self.packets_per_datagram).max(self.lost_by_counter)
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            dropped_at_socket: self.dropped_at_socket.saturating_sub(before.dropped_at_socket),
            dropped_behind: self.dropped_behind.saturating_sub(before.dropped_behind),
            lost_by_sequence: self.lost_by_sequence.saturating_sub(before.lost_by_sequence),
            lost_by_counter: self.lost_by_counter.saturating_sub(before.lost_by_counter),
            packets_per_datagram: self.packets_per_datagram,
        }
    }
}

/// Follows one flow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attribution {
    before: Facts,
    /// Transport packets known to be lost here, which gaps are still to show.
    known: Credit,
    total: Loss,
}

impl Attribution {
    /// Takes what the flow tells, and what was found of the host meanwhile. Returns what was lost since the last call.
    pub(crate) fn take(&mut self, now: Facts, verdict: &Verdict) -> Loss {
        let new = now.since(&self.before);
        self.before = now;
        let mut loss = Loss::default();
        let corrupt = new.dropped_at_socket.min(verdict.checksum_errors);
        let full = if verdict.starved { LossCause::Host } else { LossCause::Process };
        let packets = |datagrams: u64| datagrams * now.packets_per_datagram;
        loss.network += packets(corrupt);
        *loss.of_mut(full) += packets(new.dropped_at_socket - corrupt);
        loss.process += packets(new.dropped_behind);
        self.known.add(packets(new.dropped_at_socket + new.dropped_behind));
        let before_the_socket = if verdict.lost_on_path { LossCause::Network } else { LossCause::Upstream };
        *loss.of_mut(before_the_socket) += self.known.spend(new.missing());
        self.known.age();
        self.total.add(&loss);
        loss
    }

    /// What was lost so far.
    pub(crate) const fn total(&self) -> Loss {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FINE: Verdict = Verdict { starved: false, lost_on_path: false, learned: false, checksum_errors: 0 };

    fn facts(dropped_at_socket: u64, lost_by_sequence: u64, lost_by_counter: u64) -> Facts {
        Facts { dropped_at_socket, lost_by_sequence, lost_by_counter, packets_per_datagram: 7, dropped_behind: 0 }
    }

    #[test]
    fn what_is_missing_without_a_drop_was_lost_upstream() {
        let loss = Attribution::default().take(facts(0, 0, 15), &FINE);
        assert_eq!(loss, Loss { upstream: 15, ..Loss::default() });
    }

    #[test]
    fn datagrams_lost_by_their_sequence_are_counted_once() {
        let loss = Attribution::default().take(facts(0, 3, 20), &FINE);
        assert_eq!(loss, Loss { upstream: 21, ..Loss::default() });
    }

    #[test]
    fn what_came_to_the_host_was_lost_in_its_network() {
        let loss = Attribution::default().take(facts(0, 3, 20), &Verdict { lost_on_path: true, ..FINE });
        assert_eq!(loss, Loss { network: 21, ..Loss::default() });
    }

    #[test]
    fn a_full_socket_is_the_hosts_doing_only_if_the_process_was_kept_from_running() {
        for starved in [false, true] {
            let loss = Attribution::default().take(facts(10, 10, 15), &Verdict { starved, ..FINE });
            let (host, process) = if starved { (70, 0) } else { (0, 70) };
            assert_eq!(loss, Loss { host, process, ..Loss::default() });
        }
    }

    #[test]
    fn a_gap_that_shows_later_than_its_drop_is_explained_by_it() {
        let mut flow = Attribution::default();
        flow.take(facts(10, 0, 0), &FINE);
        assert_eq!(flow.take(facts(10, 10, 15), &FINE), Loss::default());
        assert_eq!(flow.take(facts(10, 11, 15), &FINE), Loss { upstream: 7, ..Loss::default() });
        assert_eq!(flow.total(), Loss { upstream: 7, process: 70, ..Loss::default() });
    }

    #[test]
    fn a_wrong_checksum_is_the_networks_doing() {
        let loss = Attribution::default().take(facts(10, 10, 15), &Verdict { checksum_errors: 4, ..FINE });
        assert_eq!(loss, Loss { network: 28, process: 42, ..Loss::default() });
    }

    #[test]
    fn datagrams_are_counted_as_the_packets_that_they_hold() {
        let counters = Counters { input_datagrams: 10, malformed_giant: 1, ts_packets: 37, ..Counters::default() };
        assert_eq!(Facts::of(&counters).packets_per_datagram, 4);
        assert_eq!(Facts::of(&Counters::default()).packets_per_datagram, 1);
    }

    proptest! {
        #[test]
        fn every_packet_missing_has_one_cause_at_least(
            steps in prop::collection::vec((0_u64..5, 0_u64..5, 0_u64..40, any::<bool>(), any::<bool>()), 1..20),
        ) {
            let (mut flow, mut now) = (Attribution::default(), facts(0, 0, 0));
            for (dropped, sequence, counter, starved, lost_on_path) in steps {
                now.dropped_at_socket += dropped;
                now.lost_by_sequence += sequence;
                now.lost_by_counter += counter;
                flow.take(now, &Verdict { starved, lost_on_path, checksum_errors: 1, ..FINE });
            }
            let total = flow.total();
            let sum: u64 = LossCause::ALL.iter().map(|&cause| total.of(cause)).sum();
            prop_assert!(sum >= now.missing());
        }
    }
}
