//! What became of the channel around each event.

use serde::{Deserialize, Serialize};

use super::channel::PACKETS;
use super::tape::{Arrival, Reel};

/// From an event to the next one, in nanoseconds of UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
}

/// What a viewer saw in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// TS packets that never came.
    pub lost_packets: u64,
    /// Datagrams that came for the first time after one with a higher number.
    pub out_of_order: u64,
    /// Datagrams that came again.
    pub duplicates: u64,
    /// Longest time between two datagrams that came for the first time.
    pub gap_ms: f64,
    /// Longest time between two datagrams at the source.
    pub own_ms: f64,
    /// The same where another instance goes on, less what was between these two at the source.
    pub switch_ms: f64,
    /// Times that another instance went on.
    pub switches: u64,
}

/// Accounts of all `windows`, which follow each other.
pub(crate) fn accounts(reel: &Reel, windows: &[Window]) -> Vec<Account> {
    let mut accounts = vec![Account::default(); windows.len()];
    let mut seen = Seen::default();
    for arrival in &reel.arrivals {
        let window = windows.partition_point(|window| window.end_ns <= arrival.received_ns);
        let inside = windows.get(window).is_some_and(|window| window.start_ns <= arrival.received_ns);
        let account = if inside { &mut accounts[window] } else { &mut Account::default() };
        seen.take(*arrival, account);
    }
    for (number, at_ns) in seen.missing {
        if !seen.numbers.get(number as usize).copied().unwrap_or_default() {
            let window = windows.partition_point(|window| window.end_ns <= at_ns);
            accounts.get_mut(window).into_iter().for_each(|account| account.lost_packets += PACKETS as u64);
        }
    }
    accounts
}

#[derive(Default)]
struct Seen {
    numbers: Vec<bool>,
    highest: Option<Arrival>,
    last: Option<Arrival>,
    /// Not there when a higher one came, and when that was.
    missing: Vec<(u64, u64)>,
}

impl Seen {
    fn take(&mut self, arrival: Arrival, account: &mut Account) {
        let number = arrival.stamp.number as usize;
        if self.numbers.len() <= number {
            self.numbers.resize(number + 1, false);
        }
        if std::mem::replace(&mut self.numbers[number], true) {
            account.duplicates += 1;
            return;
        }
        if let Some(last) = self.last.replace(arrival) {
            account.note_gap(last, arrival);
        }
        match self.highest {
            Some(highest) if highest.stamp.number > arrival.stamp.number => account.out_of_order += 1,
            highest => self.advance(highest, arrival, account),
        }
    }

    fn advance(&mut self, highest: Option<Arrival>, arrival: Arrival, account: &mut Account) {
        if let Some(highest) = highest {
            let next = highest.stamp.number + 1;
            self.missing.extend((next..arrival.stamp.number).map(|number| (number, arrival.received_ns)));
            if next == arrival.stamp.number {
                account.own_ms = account.own_ms.max(millis(highest.stamp.sent_ns, arrival.stamp.sent_ns));
            }
        }
        self.highest = Some(arrival);
    }
}

impl Account {
    fn note_gap(&mut self, last: Arrival, arrival: Arrival) {
        let gap = millis(last.received_ns, arrival.received_ns);
        self.gap_ms = self.gap_ms.max(gap);
        if last.host != arrival.host {
            self.switches += 1;
            self.switch_ms = self.switch_ms.max(gap - millis(last.stamp.sent_ns, arrival.stamp.sent_ns));
        }
    }
}

fn millis(from_ns: u64, to_ns: u64) -> f64 {
    to_ns.saturating_sub(from_ns) as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::super::channel::Stamp;
    use super::*;

    const MS: u64 = 1_000_000;

    /// Datagrams of a millisecond each: its number, when it came, and from where.
    fn reel(arrivals: &[(u64, u64, u8)]) -> Reel {
        let arrival = |&(number, at_ms, host): &(u64, u64, u8)| Arrival {
            stamp: Stamp { number, sent_ns: number * MS },
            received_ns: at_ms * MS,
            host,
        };
        Reel { arrivals: arrivals.iter().map(arrival).collect(), foreign: 0 }
    }

    #[test]
    fn each_window_has_what_came_in_it() {
        let reel = reel(&[(0, 0, 1), (1, 1, 1), (2, 11, 2), (2, 12, 1), (5, 13, 2), (4, 14, 2), (6, 21, 2)]);
        let windows = [Window { start_ns: 0, end_ns: 20 * MS }, Window { start_ns: 20 * MS, end_ns: 30 * MS }];
        let accounts = accounts(&reel, &windows);
        let first = Account {
            lost_packets: 7,
            out_of_order: 1,
            duplicates: 1,
            gap_ms: 10.0,
            own_ms: 1.0,
            switch_ms: 9.0,
            switches: 1,
        };
        assert_eq!(accounts[0], first);
        assert_eq!(accounts[1], Account { gap_ms: 7.0, own_ms: 1.0, ..Account::default() });
    }
}
