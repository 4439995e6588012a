//! A leg that another instance sends, and what is heard there.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::drive::cuts;
use crate::flow::Flow;
use crate::io::udp::{Batch, Received, Rx, UdpError};
use crate::mem::{Pool, SlotId};
use crate::pair::fingerprint::Fingerprint;
use crate::pair::leg_numbers::{LegNumbers, Stamp};
use crate::pair::recut::Recut;
use crate::spec::{Input, LegNumber, Output};
use crate::time::{Moment, Time};
use crate::wire::rtp::Rtp;

/// Batches that are taken from another leg in a turn.
const MOST_BATCHES_A_TURN: usize = 16;
/// Interval between two attempts to open what hears a leg that is silent anew.
pub(super) const REOPEN_INTERVAL: Duration = Duration::from_secs(1);

/// A leg that another instance sends.
pub(super) struct OtherLeg {
    pub(super) number: LegNumber,
    input: Input,
    rx: Rx,
    /// When it is opened anew at the earliest, if it is silent.
    pub(super) next_try: Time,
}

impl OtherLeg {
    /// Listens to leg `number`, which goes to `output`.
    pub(super) fn open(number: LegNumber, output: &Output, buffer_bytes: usize, now: Time) -> Result<Self, UdpError> {
        let Output { transport, address, interface, .. } = output.clone();
        let input = Input { transport, source: None, address, interface };
        let rx = Rx::open(&input, buffer_bytes)?;
        Ok(Self { number, input, rx, next_try: now + REOPEN_INTERVAL })
    }

    /// The descriptor to watch.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.rx.as_fd()
    }

    /// Where it is heard.
    pub(super) fn address(&self) -> String {
        self.input.to_string()
    }

    /// Gives what waits to `ear`; says until when all that had come was given by that.
    pub(super) fn listen(&mut self, now: Moment, pool: &mut Pool, batch: &mut Batch, ear: &mut Ear<'_>) -> Time {
        let mut newest = None;
        for _ in 0..MOST_BATCHES_A_TURN {
            // An error is told by the silence that follows.
            let Ok(more) = self.rx.receive(pool, batch) else { return now.mono };
            for (slot, received) in batch.drain() {
                let arrival = received.arrival_by(now);
                ear.hear(arrival, pool, slot, &received);
                pool.release(slot);
                newest = Some(arrival);
            }
            if !more {
                return now.mono;
            }
        }
        // Without a slot that is free nothing is heard, and nothing is to wait for that.
        newest.unwrap_or(now.mono)
    }

    /// Opens it anew if it is time and nothing comes; says whether there is a new descriptor.
    pub(super) fn reopen_if_silent(&mut self, now: Time, is_heard: bool, buffer_bytes: usize) -> bool {
        if self.next_try > now {
            return false;
        }
        self.next_try = now + REOPEN_INTERVAL;
        if is_heard || self.rx.has_waiting() {
            return false;
        }
        // If it cannot be opened, the old one stays until the next try.
        let Ok(rx) = Rx::open(&self.input, buffer_bytes) else { return false };
        self.rx = rx;
        true
    }
}

/// What takes in what is heard on a leg.
pub(super) struct Ear<'a> {
    pub(super) leg: LegNumber,
    pub(super) numbers: &'a mut LegNumbers,
    pub(super) recut: &'a mut Recut,
    pub(super) flow: &'a mut Flow,
    /// Datagrams of the queue that were made so far.
    pub(super) known: usize,
}

impl Ear<'_> {
    fn hear(&mut self, arrival: Time, pool: &Pool, slot: SlotId, received: &Received) {
        for span in received.datagrams(slot) {
            let bytes = pool.bytes(span);
            let Ok(rtp) = Rtp::parse(bytes) else { continue };
            let payload = &bytes[rtp.payload_start..rtp.payload_end];
            let stamp = Stamp { sequence: rtp.sequence, timestamp: rtp.timestamp };
            let fingerprint = Fingerprint::of([payload].into_iter());
            let ours = self.numbers.heard(arrival, self.leg.index(), fingerprint, stamp);
            ours.into_iter().for_each(|index| self.stamp(index, rtp.timestamp));
            if self.numbers.is_joining() {
                cuts::follow_heard(self.recut, self.numbers.compared(), payload, self.flow);
            }
        }
    }

    /// The datagram that was made after `index` others leaves with the timestamp that it has on the other leg, if it has not
    /// left yet.
    fn stamp(&mut self, index: u64, timestamp: u32) {
        let oldest = self.numbers.count() - self.known as u64;
        let place = index.checked_sub(oldest);
        place.into_iter().for_each(|place| self.flow.set_timestamp(place as usize, timestamp));
    }
}
