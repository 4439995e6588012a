//! Transport packets out of the payloads of a flow, whether datagrams hold whole packets or not.

use super::counters::Counters;
use super::item::{Item, Run, Step as TimeStep};
use super::layout::Layout;
use super::payload::is_aligned;
use super::sync::{Step, Sync};
use crate::time::Time;
use crate::wire::ts::{PACKET_LEN, SYNC_BYTE};

/// Cuts payloads into packets.
pub(super) struct Aligner {
    sync: Sync,
    begun: bool,
    /// The end of the payloads so far, of which more is needed.
    carry: Vec<u8>,
    skipped: u64,
}

impl Aligner {
    pub(super) const fn new() -> Self {
        Self { sync: Sync::lost(Layout::PLAIN), begun: false, carry: Vec::new(), skipped: 0 }
    }

    /// Gives the packets that end in `payload`, which came at `at`.
    pub(super) fn feed(&mut self, at: Time, payload: &[u8], counters: &mut Counters, take: &mut impl FnMut(Item<'_>)) {
        self.start_afresh(payload, counters);
        if self.carry.is_empty() {
            let done = self.give(at, payload, false, counters, take);
            self.carry.extend_from_slice(&payload[done..]);
        } else {
            let mut carry = std::mem::take(&mut self.carry);
            carry.extend_from_slice(payload);
            let done = self.give(at, &carry, false, counters, take);
            carry.drain(..done);
            self.carry = carry;
        }
    }

    /// Gives what can be told only now that nothing follows.
    pub(super) fn finish(&mut self, at: Time, counters: &mut Counters, take: &mut impl FnMut(Item<'_>)) {
        let carry = std::mem::take(&mut self.carry);
        self.give(at, &carry, true, counters, take);
    }

    /// A payload of whole packets starts afresh, at the start of the flow or when what is carried does not go on in it.
    fn start_afresh(&mut self, payload: &[u8], counters: &mut Counters) {
        let missing = self.carry.len().next_multiple_of(PACKET_LEN) - self.carry.len();
        let fits = self.carry.is_empty() || self.sync.is_lost() || payload.get(missing) == Some(&SYNC_BYTE);
        let goes_on = self.begun && fits;
        if is_aligned(payload) && !goes_on {
            counters.skipped_bytes += self.carry.len() as u64;
            self.carry.clear();
            self.sync = Sync::locked(Layout::PLAIN);
        }
        self.begun = true;
    }

    /// Gives what `bytes` start with, and says how much of them that was.
    fn give(
        &mut self,
        at: Time,
        bytes: &[u8],
        ended: bool,
        counters: &mut Counters,
        take: &mut impl FnMut(Item<'_>),
    ) -> usize {
        let mut done = 0;
        loop {
            let rest = &bytes[done..];
            let step = self.sync.step(rest, ended);
            counters.count(step, PACKET_LEN);
            match step {
                Step::Run(len) => take(Item::Run(Run::new(&rest[..len], PACKET_LEN, at, TimeStep::ZERO))),
                Step::Bad(_) => take_bad(at, rest, take),
                Step::Lost => take(Item::SyncLost { at }),
                Step::Found => take(Item::SyncFound { at, skipped: std::mem::take(&mut self.skipped) }),
                Step::Skip(len) => self.skipped += len as u64,
                Step::More => return done,
            }
            done += step.len();
        }
    }
}

fn take_bad(at: Time, bytes: &[u8], take: &mut impl FnMut(Item<'_>)) {
    if let Some(packet) = bytes.first_chunk() {
        take(Item::BadSync { at, packet });
    }
}
