//! A flow of which this instance sends one leg: it hears the others, to number its datagrams as they do.

mod other;

use std::os::fd::BorrowedFd;
use std::time::Duration;

use super::OpenError;
use super::clocks;
use super::cuts;
use super::outputs::Outputs;
use super::pair::{LATE, draw, quality};
use crate::flow::Flow;
use crate::io::udp::{Batch, UdpError};
use crate::mem::Pool;
use crate::pair::fingerprint::Fingerprint;
use crate::pair::leg_numbers::{LegNumbers, Made};
use crate::pair::machine::Role;
use crate::pair::message::InstanceId;
use crate::pair::recut::Recut;
use crate::pair::status::{LegStatus, PairStatus, Shadow, Stand, unix_seconds};
use crate::spec::{FlowSpec, LegNumber};
use crate::time::{Moment, Time};
use other::{Ear, OtherLeg, REOPEN_INTERVAL};

/// What should have left so long ago is of no use to a receiver that merges: the most that legs may be apart is 450 ms
/// (ST 2022-7, class C).
const STALE: Duration = Duration::from_millis(500);
/// How long a stream's first datagrams wait for its clock, once: two intervals of PCR, each of 100 ms at most
/// (ISO/IEC 13818-1, 2.7.2).
const CLOCK_PATIENCE: Duration = Duration::from_millis(200);
/// Interval between two reports, if nothing changes.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// One leg of a flow.
pub(super) struct LegTask {
    own: LegNumber,
    instance: InstanceId,
    others: Vec<OtherLeg>,
    numbers: LegNumbers,
    recut: Recut,
    /// Datagrams of the queue that have a number.
    known: usize,
    /// Until when what has no timestamp is held back.
    clock_limit: Option<Time>,
    /// Whether the next one to leave is.
    lacks_clock: bool,
    role: Role,
    role_since: f64,
    told: Option<Time>,
    buffer_bytes: usize,
    has_new_fds: bool,
}

impl LegTask {
    /// Listens to the legs other than `own`.
    pub(super) fn open(spec: &FlowSpec, own: LegNumber, now: Moment) -> Result<Self, OpenError> {
        let buffer_bytes = spec.receive_buffer_bytes;
        let legs = spec.outputs.iter().enumerate().map(|(index, output)| (LegNumber::of_index(index), output));
        let others = legs.filter(|&(number, _)| number != own);
        let open = |(number, output)| OtherLeg::open(number, output, buffer_bytes, now.mono);
        Ok(Self {
            own,
            instance: draw(now.utc),
            others: others.map(open).collect::<Result<_, UdpError>>()?,
            numbers: LegNumbers::new(now.mono, own.index(), spec.outputs.len()),
            recut: Recut::new(spec.packets_per_datagram),
            known: 0,
            clock_limit: None,
            lacks_clock: false,
            role: Role::Joining,
            role_since: unix_seconds(now.utc),
            told: None,
            buffer_bytes,
            has_new_fds: false,
        })
    }

    /// Whether there are new descriptors to watch since the last call.
    pub(super) const fn take_new_fds(&mut self) -> bool {
        std::mem::replace(&mut self.has_new_fds, false)
    }

    /// The descriptors to watch.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.others.iter().map(OtherLeg::fd)
    }

    /// Whether it is to send what is due.
    pub(super) fn may_send(&self) -> bool {
        self.numbers.may_send() && !self.lacks_clock
    }

    /// Whether what waits is to be sent when the flow ends.
    pub(super) const fn has_begun(&self) -> bool {
        !self.numbers.is_joining()
    }

    /// Hears the other legs.
    pub(super) fn listen(&mut self, now: Moment, pool: &mut Pool, batch: &mut Batch, flow: &mut Flow) {
        let Self { others, numbers, recut, known, .. } = self;
        let mut listened = now.mono;
        for other in others {
            let mut ear = Ear { leg: other.number, numbers, recut, flow, known: *known };
            listened = listened.min(other.listen(now, pool, batch, &mut ear));
        }
        numbers.listened(listened);
    }

    /// Who did not get to run, in the midst of a turn or while it waited, must hear what was sent meanwhile before it numbers
    /// anything: listens where that was not done of late, and gives the time as it is then.
    pub(super) fn listen_if_late(
        &mut self,
        now: Moment,
        pool: &mut Pool,
        batch: &mut Batch,
        flow: &mut Flow,
    ) -> Moment {
        if clocks::mono().since(self.numbers.listened_until()) < LATE {
            return now;
        }
        let now = clocks::now();
        self.listen(now, pool, batch, flow);
        now
    }

    /// Numbers the datagrams that are new in the queue.
    pub(super) fn take_made(&mut self, now: Time, pool: &Pool, flow: &mut Flow) {
        while let Some(made) = self.next_made(now, pool, flow) {
            let number = self.numbers.made(made);
            flow.set_sequence(self.known, number);
            if let Some(timestamp) = self.numbers.timestamp(made.fingerprint) {
                flow.set_timestamp(self.known, timestamp);
            }
            // Only before it is on air.
            if self.numbers.is_joining() {
                cuts::follow_made(&mut self.recut, self.numbers.compared(), self.known, pool, flow);
            }
            self.known += 1;
        }
    }

    /// Does what time demands; gives the time of the next look.
    pub(super) fn act(&mut self, now: Moment, pool: &mut Pool, flow: &mut Flow) -> Time {
        let next = self.numbers.poll();
        self.number_anew(flow);
        self.drop_useless(now.mono, pool, flow);
        let clock_limit = self.look_for_clock(now.mono, flow);
        let role = if self.numbers.is_joining() { Role::Joining } else { Role::OnAir };
        if self.role != role {
            (self.role, self.role_since, self.told) = (role, unix_seconds(now.utc), None);
        }
        flow.counters.standby_gauge = u64::from(role != Role::OnAir);
        let retry = self.reopen_silent(now.mono);
        [next, clock_limit].into_iter().flatten().fold(retry, Time::min)
    }

    /// So many datagrams of the queue were sent.
    pub(super) fn sent(&mut self, count: usize) {
        self.known -= count.min(self.known);
    }

    /// Lets the oldest go when there is hardly room for what arrives.
    pub(super) fn make_room(&mut self, pool: &mut Pool, flow: &mut Flow) {
        while pool.is_crowded() && self.known > 0 {
            self.suppress(1, pool, flow);
        }
    }

    /// How it and the others stand, if that is to be told now.
    pub(super) fn report(&mut self, now: Moment, flow: &Flow, outputs: &Outputs) -> Option<PairStatus> {
        if self.told.is_some_and(|told| now.mono.since(told) < REPORT_INTERVAL) {
            return None;
        }
        self.told = Some(now.mono);
        let legs: Vec<_> = self.others.iter().map(|other| self.stand(other)).collect();
        let is_sure = legs.iter().all(|leg| leg.agrees || !leg.heard);
        let own = Stand {
            instance: self.instance,
            rank: 0,
            term: 0,
            on_air: self.role == Role::OnAir,
            ready: self.role == Role::OnAir && is_sure,
            quality: quality(now.mono, flow, outputs, false),
            leaving: false,
        };
        Some(PairStatus {
            own,
            role: self.role,
            since_timestamp: self.role_since,
            last_change: None,
            stranger: None,
            shadow: Shadow::default(),
            peers: Vec::new(),
            leg: Some(self.own),
            legs,
        })
    }

    fn stand(&self, other: &OtherLeg) -> LegStatus {
        LegStatus::of(other.number, other.address(), self.numbers.stand(other.number.index()))
    }

    fn next_made(&self, now: Time, pool: &Pool, flow: &Flow) -> Option<Made> {
        let (datagram, spans) = flow.queue().get(self.known)?;
        Some(Made {
            now,
            release: datagram.release,
            fingerprint: Fingerprint::of(spans.map(|span| pool.bytes(span))),
            sequence: datagram.rtp.sequence,
            is_after_loss: datagram.is_after_loss,
        })
    }

    /// Gives the datagrams in the queue the numbers that are known by now.
    fn number_anew(&mut self, flow: &mut Flow) {
        let Some(first) = self.numbers.take_renumbered() else { return };
        let oldest = self.numbers.count() - self.known as u64;
        for place in 0..self.known {
            let index = oldest + place as u64;
            if index >= first {
                flow.set_sequence(place, self.numbers.number(index));
            }
        }
    }

    /// Holds back what has no timestamp, while one may be found: another instance would make up another. Gives until when.
    fn look_for_clock(&mut self, now: Time, flow: &Flow) -> Option<Time> {
        let lacks_clock = flow.queue().get(0).is_some_and(|(datagram, _)| datagram.rtp.timestamp.is_none());
        let limit = lacks_clock.then(|| *self.clock_limit.get_or_insert(now + CLOCK_PATIENCE));
        self.lacks_clock = limit.is_some_and(|limit| now < limit);
        limit.filter(|_| self.lacks_clock)
    }

    /// Lets go what is due before this leg has begun, and what is too late for anybody.
    fn drop_useless(&mut self, now: Time, pool: &mut Pool, flow: &mut Flow) {
        while self.known > 0 && flow.queue().next_release().is_some_and(|release| self.is_useless(now, release)) {
            self.suppress(1, pool, flow);
        }
    }

    /// Whether nobody needs the oldest datagram, which leaves at `release`.
    fn is_useless(&self, now: Time, release: Time) -> bool {
        let oldest = self.numbers.count() - self.known as u64;
        let is_stale = || release + STALE < now && self.numbers.is_passed(oldest);
        if self.numbers.is_joining() { release <= now } else { is_stale() }
    }

    fn suppress(&mut self, count: usize, pool: &mut Pool, flow: &mut Flow) {
        flow.suppress(count, pool);
        self.known -= count.min(self.known);
    }

    /// The interface of a silent leg may have gone and come back: only a new socket has the group there. Gives the time of
    /// the next look.
    fn reopen_silent(&mut self, now: Time) -> Time {
        let mut next = now + REOPEN_INTERVAL;
        for other in &mut self.others {
            let is_heard = self.numbers.stand(other.number.index()).is_heard;
            self.has_new_fds |= other.reopen_if_silent(now, is_heard, self.buffer_bytes);
            next = next.min(other.next_try);
        }
        next
    }
}
