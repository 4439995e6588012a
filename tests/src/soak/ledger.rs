//! What became of each datagram: when it was sent, whether it arrived, and whether the input was away meanwhile.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::lab::until;

/// The account of the relayed flow, kept by its sender and its receiver.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    /// When each datagram was sent, by its number.
    sent: Vec<Instant>,
    /// Whether each datagram has arrived, by its number.
    seen: Vec<bool>,
    last_seen: Option<u32>,
    duplicates: u64,
    torn: u64,
    outages: Vec<(Instant, Instant)>,
}

/// The account in figures, each in datagrams.
#[derive(Clone, Copy, Debug)]
pub(super) struct Totals {
    /// Sent to the relay.
    pub(super) sent: u64,
    /// Arrived at the sink, each counted once.
    pub(super) seen: u64,
    /// Arrived once more.
    pub(super) duplicates: u64,
    /// Arrived other than sent.
    pub(super) torn: u64,
    /// Never arrived, sent while the input was away.
    pub(super) lost_in_outages: u64,
    /// Never arrived, sent while all was well.
    pub(super) lost_otherwise: u64,
}

impl Ledger {
    /// Sends the next datagram by `send`, which gets its number and says whether it was taken; notes it if so.
    pub(super) fn send(&self, send: impl FnOnce(u32) -> bool) -> bool {
        let mut books = self.books();
        let number = u32::try_from(books.sent.len()).expect("fewer than 2^32 datagrams");
        let taken = send(number);
        if taken {
            books.sent.push(Instant::now());
            books.seen.push(false);
        }
        taken
    }

    /// Notes that a datagram with the packets `numbers` has arrived.
    pub(super) fn arrive(&self, numbers: &[u32]) {
        let mut books = self.books();
        let number = numbers[0] / 7;
        let whole = numbers.iter().copied().eq(7 * number..7 * number + 7);
        books.torn += u64::from(!whole);
        books.last_seen = Some(number);
        match books.seen.get_mut(number as usize) {
            Some(seen) if *seen => books.duplicates += 1,
            Some(seen) => *seen = true,
            None => books.torn += 1,
        }
    }

    /// Notes that the input was away from `start` to `end`.
    pub(super) fn outage(&self, start: Instant, end: Instant) {
        self.books().outages.push((start, end));
    }

    /// Waits until a datagram has arrived that was sent after `moment`.
    pub(super) fn wait_for_arrival_after(&self, moment: Instant) {
        until("a datagram after the outage", || {
            let books = self.books();
            let sent = books.sent[books.last_seen? as usize];
            (sent > moment).then_some(())
        });
    }

    /// Gives the last datagrams sent the time to arrive.
    pub(super) fn settle(&self) {
        let give_up = Instant::now() + Duration::from_secs(5);
        until("the last datagram", || {
            (self.books().seen.last() == Some(&true) || Instant::now() > give_up).then_some(())
        });
    }

    pub(super) fn totals(&self) -> Totals {
        let books = self.books();
        let away = |sent: &Instant| books.outages.iter().any(|(start, end)| (start..=end).contains(&sent));
        let lost = || books.sent.iter().zip(&books.seen).filter(|(_, seen)| !**seen);
        let lost_in_outages = lost().filter(|(sent, _)| away(sent)).count() as u64;
        Totals {
            sent: books.sent.len() as u64,
            seen: books.seen.iter().filter(|seen| **seen).count() as u64,
            duplicates: books.duplicates,
            torn: books.torn,
            lost_in_outages,
            lost_otherwise: lost().count() as u64 - lost_in_outages,
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().expect("books of a thread that panicked")
    }
}
