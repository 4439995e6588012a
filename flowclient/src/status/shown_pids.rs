//! Which PIDs of a flow are shown one by one, where there may be thousands.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use relay::stage::inspect::report::PidReport;

/// Most PIDs of a flow that are shown.
pub(crate) const MOST_SHOWN: usize = 64;
/// How many times the packets of a PID that is shown another must have to take its place: the choice is to stay as it is
/// while ranks change to and fro.
const LEAD: u64 = 2;

/// The PIDs that are shown: those with most packets, at most [`MOST_SHOWN`].
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownPids {
    packets: BTreeMap<u16, u64>,
}

impl ShownPids {
    /// Whether `pid` is shown.
    pub(crate) fn contains(&self, pid: u16) -> bool {
        self.packets.contains_key(&pid)
    }

    /// Takes what the PIDs have had so far.
    pub(crate) fn update(&mut self, pids: &[PidReport]) {
        let mut others = Vec::new();
        for pid in pids.iter().filter(|pid| pid.packets > 0) {
            match self.packets.get_mut(&pid.pid) {
                Some(packets) => *packets = pid.packets,
                None => others.push((pid.packets, pid.pid)),
            }
        }
        others.sort_by_key(|&(packets, pid)| (Reverse(packets), pid));
        // Those after the first that finds no place have fewer packets still.
        others.into_iter().all(|(packets, pid)| self.find_place(packets, pid));
    }

    /// Returns whether there was a place.
    fn find_place(&mut self, packets: u64, pid: u16) -> bool {
        if self.packets.len() >= MOST_SHOWN {
            let Some((&least, &fewest)) = self.packets.iter().min_by_key(|&(_, &packets)| packets) else {
                return false;
            };
            if packets <= fewest.saturating_mul(LEAD) {
                return false;
            }
            self.packets.remove(&least);
        }
        self.packets.insert(pid, packets);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::tests::pid_report;
    use proptest::prelude::*;

    fn report(pid: u16, packets: u64) -> PidReport {
        pid_report(pid, packets, 0)
    }

    fn shown(pids: &ShownPids) -> Vec<u16> {
        pids.packets.keys().copied().collect()
    }

    #[test]
    fn of_too_many_those_with_most_packets_are_shown() {
        let mut pids = ShownPids::default();
        let reports: Vec<_> = (0..100).map(|pid| report(pid, u64::from(pid))).collect();
        pids.update(&reports);
        assert_eq!(shown(&pids), (36..100).collect::<Vec<_>>());
    }

    #[test]
    fn ranks_that_change_a_little_change_nothing_and_a_clear_lead_does() {
        let mut pids = ShownPids::default();
        let first: Vec<_> = (0..64).map(|pid| report(pid, 100)).collect();
        pids.update(&first);
        let with = |packets| [first.clone(), vec![report(500, packets)]].concat();
        pids.update(&with(200));
        assert!(!pids.contains(500));
        pids.update(&with(201));
        assert!(pids.contains(500) && shown(&pids).len() == MOST_SHOWN);
        pids.update(&with(202));
        assert!(pids.contains(500));
    }

    proptest! {
        #[test]
        fn never_are_more_shown_than_may_be(
            rounds in prop::collection::vec(prop::collection::vec((0_u16..200, 0_u64..1_000), 0..150), 1..5),
        ) {
            let mut pids = ShownPids::default();
            for round in rounds {
                let reports: Vec<_> = round.into_iter().map(|(pid, packets)| report(pid, packets)).collect();
                pids.update(&reports);
                prop_assert!(shown(&pids).len() <= MOST_SHOWN);
            }
        }
    }
}
