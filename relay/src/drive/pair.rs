//! A flow that has other instances: what it hears of them, and what its machine makes of it.

use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use super::OpenError;
use super::control::Control;
use super::outputs::{LOW_WATER_SLOTS, Outputs};
use crate::event::EventKind;
use crate::flow::Flow;
use crate::io::udp::{Batch, Received, Rx, UdpError};
use crate::mem::{Pool, SlotId, Span};
use crate::pair::air_sequence::AirSequence;
use crate::pair::fingerprint::Fingerprint;
use crate::pair::machine::reason::Reason;
use crate::pair::machine::{Action, Machine, Options, Role, Verdict};
use crate::pair::message::{InstanceId, Key, Quality};
use crate::pair::recut::Recut;
use crate::spec::{FlowSpec, Output, Transport};
use crate::stats::Counters;
use crate::time::{Moment, Time, Utc};
use crate::wire::rtp::Rtp;

/// How long an instance that leaves waits for its successor.
const LEAVE_LIMIT: Duration = Duration::from_millis(100);

/// One instance of a flow among others.
pub(super) struct PairTask {
    machine: Machine,
    air: Rx,
    control: Control,
    transport: Transport,
    buffer_bytes: usize,
    /// Datagrams of the queue that the machine knows.
    known: usize,
    /// RTP numbers heard while this instance is not sending.
    air_sequence: AirSequence,
    recut: Recut,
    leaving_since: Option<Time>,
    /// Output sockets opened anew that were followed.
    followed: u64,
    /// Whether there are descriptors that nobody watches yet.
    has_new_fds: bool,
}

impl PairTask {
    /// Listens beside the first output, and begins as one that only listens.
    pub(super) fn open(spec: &FlowSpec, output: &Output, own: SocketAddr, now: Moment) -> Result<Self, OpenError> {
        let buffer_bytes = spec.receive_buffer_bytes;
        let (air, control) = open(output, own, buffer_bytes, None)?;
        let machine = Machine::new(now.mono, draw(now.utc), own.port(), Options::default());
        Ok(Self {
            machine,
            air,
            control,
            transport: output.transport,
            buffer_bytes,
            known: 0,
            air_sequence: AirSequence::default(),
            recut: Recut::new(spec.packets_per_datagram),
            leaving_since: None,
            followed: 0,
            has_new_fds: false,
        })
    }

    /// Whether there are new descriptors to watch since the last call.
    pub(super) const fn take_new_fds(&mut self) -> bool {
        std::mem::replace(&mut self.has_new_fds, false)
    }

    /// The descriptors to watch.
    pub(super) fn fds(&self) -> [BorrowedFd<'_>; 2] {
        [self.air.as_fd(), self.control.fd()]
    }

    /// Whether it is to send what is due.
    pub(super) fn may_send(&self) -> bool {
        self.machine.may_send()
    }

    /// Hears what others send and say.
    pub(super) fn listen(&mut self, now: Moment, pool: &mut Pool, batch: &mut Batch, flow: &mut Flow) {
        // An error is told by the silence that follows.
        while let Ok(more) = self.air.receive(pool, batch) {
            let received: Vec<_> = batch.drain().collect();
            for (slot, received) in &received {
                self.hear(now, pool, *slot, received, flow);
            }
            received.iter().for_each(|&(slot, _)| pool.release(slot));
            if !more {
                break;
            }
        }
        for (message, address) in self.control.messages(now.utc) {
            self.machine.said(now, &message, address);
        }
        self.drop_heard(pool, flow);
    }

    fn hear(&mut self, now: Moment, pool: &Pool, slot: SlotId, received: &Received, flow: &mut Flow) {
        let Some(source) = received.source else { return };
        let segment_len = received.segment_len.unwrap_or(received.len).max(1);
        for start in (0..received.len).step_by(segment_len) {
            let len = segment_len.min(received.len - start);
            let bytes = pool.bytes(Span { slot, start: start as u32, len: len as u32 });
            let payload = match self.transport {
                Transport::Udp => bytes,
                Transport::Rtp => {
                    let Ok(rtp) = Rtp::parse(bytes) else { continue };
                    if !self.machine.may_send() {
                        self.air_sequence.heard(rtp.sequence);
                    }
                    &bytes[rtp.payload_start..rtp.payload_end]
                }
            };
            self.machine.heard(now, Fingerprint::of([payload].into_iter()), source);
            if self.machine.role() != Role::OnAir {
                let cut = self.recut.heard(payload, self.machine.agreement().equal);
                cut.into_iter().for_each(|packet| flow.cut_before(packet));
            }
        }
    }

    /// Tells the machine of datagrams that are new in the queue, and lets those go that were on air.
    pub(super) fn take_made(&mut self, pool: &mut Pool, flow: &mut Flow) {
        while let Some((release, fingerprint)) = self.next_made(pool, flow) {
            match self.machine.made(release, fingerprint) {
                Verdict::Keep => {
                    self.compare_cuts(pool, flow);
                    self.known += 1;
                }
                Verdict::Drop { before } => {
                    flow.suppress(before + 1, pool);
                    self.known -= before;
                }
            }
        }
    }

    /// Cuts the stream where the air does, if the datagram that is new shows where that is.
    fn compare_cuts(&mut self, pool: &Pool, flow: &mut Flow) {
        if self.machine.role() == Role::OnAir {
            return;
        }
        let Some((datagram, spans)) = flow.queue().get(self.known) else { return };
        let pieces = spans.map(|span| pool.bytes(span));
        let cut = self.recut.made(datagram.first_packet, pieces, self.machine.agreement().equal);
        cut.into_iter().for_each(|packet| flow.cut_before(packet));
    }

    fn next_made(&self, pool: &Pool, flow: &Flow) -> Option<(Time, Fingerprint)> {
        let (datagram, spans) = flow.queue().get(self.known)?;
        Some((datagram.release, Fingerprint::of(spans.map(|span| pool.bytes(span)))))
    }

    /// Lets the oldest go when there is hardly room for what arrives: nobody has had them on air for long.
    pub(super) fn make_room(&mut self, pool: &mut Pool, flow: &mut Flow) {
        while pool.free_slots() < LOW_WATER_SLOTS && self.known > 0 {
            self.machine.sent(1);
            self.suppress(1, pool, flow);
        }
    }

    /// So many datagrams of the queue were sent; the next one has this RTP sequence number.
    pub(super) fn sent(&mut self, count: usize, rtp_next: Option<u16>) {
        self.machine.sent(count);
        self.machine.set_rtp_next(rtp_next);
        self.known -= count.min(self.known);
    }

    /// Does what time and the others demand; gives the time of the next look.
    pub(super) fn act(
        &mut self,
        now: Moment,
        flow: &mut Flow,
        outputs: &mut Outputs,
        say: &mut impl FnMut(EventKind),
    ) -> Time {
        self.follow(now.mono, outputs);
        self.machine.set_quality(now.mono, quality(now.mono, flow, outputs));
        let next = self.machine.poll(now);
        while let Some(action) = self.machine.next_action() {
            match action {
                // A message that is lost is said again.
                Action::Say(message) => drop(self.control.say(&message)),
                Action::TakeAir { reason, rtp_next } => {
                    rtp_next.into_iter().for_each(|next| self.air_sequence.told(next));
                    self.recut.stop();
                    count_takeover(&mut flow.counters, reason);
                    say(EventKind::TookAir(reason));
                }
                Action::LeaveAir(reason) => say(EventKind::LeftAir(reason)),
                Action::Stranger(source) => say(EventKind::Stranger(source)),
            }
        }
        if self.machine.may_send()
            && let Some(sequence) = self.air_sequence.take()
        {
            outputs.go_on_with(sequence);
        }
        let agreement = self.machine.agreement();
        let counters = &mut flow.counters;
        counters.standby_gauge = u64::from(self.machine.role() != Role::OnAir);
        (counters.shadow_equal, counters.shadow_only_on_air, counters.shadow_only_here) =
            (agreement.equal, agreement.only_on_air, agreement.only_here);
        next
    }

    /// An output that was opened anew sends from another address: what is heard from there is its own.
    fn follow(&mut self, now: Time, outputs: &Outputs) {
        let Some((output, Ok(own))) = outputs.first().filter(|_| outputs.reopened() != self.followed) else { return };
        let opened = open(output, own, self.buffer_bytes, self.control.key().cloned());
        // If that fails, the old ones stay until the next try.
        if let Ok((air, control)) = opened {
            (self.air, self.control, self.followed, self.has_new_fds) = (air, control, outputs.reopened(), true);
            self.machine.set_port(now, own.port());
        }
    }

    /// Begins to leave.
    pub(super) fn leave(&mut self, now: Moment) {
        self.leaving_since = Some(now.mono);
        self.machine.leave(now);
    }

    /// Whether it has left, or has waited long enough for somebody to go on.
    pub(super) fn has_left(&self, now: Time) -> bool {
        let is_late = self.leaving_since.is_some_and(|since| now.since(since) >= LEAVE_LIMIT);
        self.machine.role() == Role::Left || is_late
    }

    fn drop_heard(&mut self, pool: &mut Pool, flow: &mut Flow) {
        let settled = self.machine.take_settled();
        self.suppress(settled, pool, flow);
    }

    fn suppress(&mut self, count: usize, pool: &mut Pool, flow: &mut Flow) {
        flow.suppress(count, pool);
        self.known -= count.min(self.known);
    }
}

/// Opens what listens to the others.
fn open(output: &Output, own: SocketAddr, buffer_bytes: usize, key: Option<Key>) -> Result<(Rx, Control), UdpError> {
    Ok((Rx::open_beside(output, own, buffer_bytes)?, Control::open(output, key)?))
}

fn quality(now: Time, flow: &Flow, outputs: &Outputs) -> Quality {
    if flow.counters.input_up_gauge == 0 || outputs.all_fail(now) {
        Quality::None
    } else if flow.is_bad() {
        Quality::Bad
    } else {
        Quality::Good
    }
}

fn count_takeover(counters: &mut Counters, reason: Reason) {
    match reason {
        Reason::Nobody => counters.takeovers_nobody += 1,
        Reason::Silence => counters.takeovers_silence += 1,
        Reason::HandOver => counters.takeovers_hand_over += 1,
        Reason::TakenBack => counters.takeovers_taken_back += 1,
        Reason::Outranked | Reason::Stalled | Reason::BetterInput | Reason::Unheard => {}
    }
}

/// A number that no other instance has, in all likelihood.
fn draw(utc: Utc) -> InstanceId {
    use std::hash::{BuildHasher, RandomState};
    InstanceId(RandomState::new().hash_one(utc.0))
}
