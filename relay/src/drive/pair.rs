//! A flow that has other instances: what it hears of them, and what its machine makes of it.

use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use super::OpenError;
use super::clocks;
use super::control::Control;
use super::cuts;
use super::outputs::Outputs;
use super::pair_desk::{Desk, HandOverAnswer};
use crate::event::EventKind;
use crate::flow::Flow;
use crate::io::udp::{Batch, Received, Rx};
use crate::mem::{Pool, SlotId};
use crate::pair::air_sequence::AirSequence;
use crate::pair::fingerprint::Fingerprint;
use crate::pair::floor::Floor;
use crate::pair::key_file;
use crate::pair::machine::{Action, Machine, Options, Role, Verdict};
use crate::pair::message::{InstanceId, Key, Message, Quality};
use crate::pair::recut::Recut;
use crate::pair::status::PairStatus;
use crate::spec::{FlowSpec, Output, PairProblem, PairSpec, Transport};
use crate::time::{Moment, Time, Utc};
use crate::wire::rtp::Rtp;

/// Who has not listened for so long listens again before it sends: it may not have run meanwhile, and others may have gone on air.
pub(super) const LATE: Duration = Duration::from_millis(2);
/// How long an instance that leaves waits for its successor.
const LEAVE_LIMIT: Duration = Duration::from_millis(500);

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
    unsaid: Vec<Message>,
    leaving_since: Option<Time>,
    /// When it last took what others had sent and said.
    listened: Time,
    floor: Floor,
    desk: Desk,
    /// Output sockets opened anew that were followed.
    followed: u64,
    /// Whether the reactor has been told to be woken by what comes in; unknown for a descriptor that is new.
    is_watched: Option<bool>,
}

impl PairTask {
    /// Listens beside `output`, and begins as one that only listens.
    pub(super) fn open(
        spec: &FlowSpec,
        pair: &PairSpec,
        output: &Output,
        own: SocketAddr,
        now: Moment,
    ) -> Result<Self, OpenError> {
        let buffer_bytes = spec.receive_buffer_bytes;
        let key = pair.key_file.as_deref().map(key_file::read).transpose()?;
        let (air, control) = open(output, own, buffer_bytes, key)?;
        Ok(Self {
            machine: Machine::new(now.mono, draw(now.utc), own.port(), options(pair)),
            air,
            control,
            transport: output.transport,
            buffer_bytes,
            known: 0,
            air_sequence: AirSequence::default(),
            recut: Recut::new(spec.packets_per_datagram),
            unsaid: Vec::new(),
            leaving_since: None,
            listened: now.mono,
            floor: Floor::new(pair.least_bitrate),
            desk: Desk::default(),
            followed: 0,
            is_watched: None,
        })
    }

    /// Whether it is to be watched otherwise since the last call.
    pub(super) fn take_watch_change(&mut self) -> bool {
        let is_watched = Some(!self.is_aside());
        std::mem::replace(&mut self.is_watched, is_watched) != is_watched
    }

    /// Whether nothing that comes in, but what the others say, is worth to be woken for: it is read now and then.
    pub(super) fn is_aside(&self) -> bool {
        self.machine.is_aside()
    }

    /// The descriptor of what is on air.
    pub(super) fn air_fd(&self) -> BorrowedFd<'_> {
        self.air.as_fd()
    }

    /// The descriptor of what the others say.
    pub(super) fn control_fd(&self) -> BorrowedFd<'_> {
        self.control.fd()
    }

    /// Whether it is to send what is due.
    pub(super) fn may_send(&self) -> bool {
        self.machine.may_send()
    }

    /// Hears what others send and say.
    pub(super) fn listen(&mut self, now: Moment, pool: &mut Pool, batch: &mut Batch, flow: &mut Flow) {
        let messages: Vec<_> = self.control.messages(now.utc).collect();
        // Who wakes from a freeze must know that another is on air when it hears it; who is handed the air must know what was
        // there before.
        if self.machine.role() == Role::Standby {
            self.hear_air(now, pool, batch, flow);
        }
        messages.iter().for_each(|(message, address)| self.machine.said(now, message, *address));
        if self.machine.role() != Role::Standby {
            self.hear_air(now, pool, batch, flow);
        }
        self.drop_settled(pool, flow);
        self.listened = now.mono;
    }

    fn hear_air(&mut self, now: Moment, pool: &mut Pool, batch: &mut Batch, flow: &mut Flow) {
        // An error is told by the silence that follows.
        while let Ok(more) = self.air.receive(pool, batch) {
            for (slot, received) in batch.drain() {
                self.hear(now, pool, slot, &received, flow);
                pool.release(slot);
            }
            if !more {
                break;
            }
        }
    }

    /// Who did not get to run, in the midst of a turn or while it waited, must hear what was sent meanwhile before it sends,
    /// and so must one that would take the air: listens where that was not done in time, and gives the time as it is then.
    pub(super) fn listen_if_late(
        &mut self,
        now: Moment,
        pool: &mut Pool,
        batch: &mut Batch,
        flow: &mut Flow,
    ) -> Moment {
        let is_late = if self.may_send() {
            clocks::mono().since(self.listened) >= LATE
        } else {
            self.listened < now.mono && self.machine.is_due(now.mono)
        };
        if !is_late {
            return now;
        }
        let now = clocks::now();
        self.listen(now, pool, batch, flow);
        now
    }

    fn hear(&mut self, now: Moment, pool: &Pool, slot: SlotId, received: &Received, flow: &mut Flow) {
        let Some(source) = received.source else { return };
        let arrival = received.arrival_by(now);
        for span in received.datagrams(slot) {
            let bytes = pool.bytes(span);
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
            self.machine.heard(now, arrival, Fingerprint::of([payload].into_iter()), source);
            if self.machine.role() != Role::OnAir {
                cuts::follow_heard(&mut self.recut, self.machine.agreement().equal, payload, flow);
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
        cuts::follow_made(&mut self.recut, self.machine.agreement().equal, self.known, pool, flow);
    }

    fn next_made(&self, pool: &Pool, flow: &Flow) -> Option<(Time, Fingerprint)> {
        let (datagram, spans) = flow.queue().get(self.known)?;
        Some((datagram.release, Fingerprint::of(spans.map(|span| pool.bytes(span)))))
    }

    /// Lets the oldest go when there is hardly room for what arrives: nobody has had them on air for long.
    pub(super) fn make_room(&mut self, pool: &mut Pool, flow: &mut Flow) {
        while pool.is_crowded() && self.known > 0 {
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
        pool: &mut Pool,
        flow: &mut Flow,
        outputs: &mut Outputs,
        say: &mut impl FnMut(EventKind),
    ) -> Time {
        self.follow(now.mono, outputs);
        let is_under_floor = self.floor.is_under(now.mono, flow.counters.input_bytes);
        self.machine.set_quality(now.mono, quality(now.mono, flow, outputs, is_under_floor));
        let next = self.machine.poll(now);
        self.drop_settled(pool, flow);
        while let Some(action) = self.machine.next_action() {
            match action {
                Action::Say(message) => self.unsaid.push(message),
                Action::TakeAir { reason, rtp_next } => {
                    rtp_next.into_iter().for_each(|next| self.air_sequence.told(next));
                    self.recut.stop();
                    self.desk.note_taken(now.utc, reason, &mut flow.counters);
                    say(EventKind::TookAir(reason));
                }
                Action::LeaveAir(reason) => {
                    self.desk.note_left(now.utc, reason, &mut flow.counters);
                    say(EventKind::LeftAir(reason));
                }
                Action::Stranger(source) => {
                    self.desk.note_stranger(now.utc, source, &mut flow.counters);
                    say(EventKind::Stranger(source));
                }
            }
        }
        if self.machine.may_send()
            && let Some(sequence) = self.air_sequence.take()
        {
            outputs.go_on_with(sequence);
        }
        self.desk.answer(self.machine.role());
        let agreement = self.machine.agreement();
        let counters = &mut flow.counters;
        counters.standby_gauge = u64::from(self.machine.role() != Role::OnAir);
        (counters.shadow_equal, counters.shadow_only_on_air, counters.shadow_only_here) =
            (agreement.equal, agreement.only_on_air, agreement.only_here);
        next
    }

    /// Says what is to be said. After the stream: who reads that another is on air is to have heard it there.
    pub(super) fn speak(&mut self) {
        for message in self.unsaid.drain(..) {
            // A message that is lost is said again.
            let _ = self.control.say(&message);
        }
    }

    /// How it sees the pair, if that is to be told now.
    pub(super) fn report(&mut self, now: Moment) -> Option<PairStatus> {
        self.desk.report(now, &self.machine)
    }

    /// Hands over to another instance, or to `to` and no other; `answer` gets what came of it.
    pub(super) fn hand_over(&mut self, now: Moment, to: Option<InstanceId>, answer: HandOverAnswer) {
        self.desk.hand_over(now, &mut self.machine, to, answer);
    }

    /// An output that was opened anew sends from another address: what is heard from there is its own.
    fn follow(&mut self, now: Time, outputs: &Outputs) {
        if outputs.reopened() == self.followed {
            return;
        }
        let Some((output, Ok(own))) = outputs.meeting_point() else { return };
        let opened = open(output, own, self.buffer_bytes, self.control.key().cloned());
        // If that fails, the old ones stay until the next try.
        if let Ok((air, control)) = opened {
            (self.air, self.control, self.followed, self.is_watched) = (air, control, outputs.reopened(), None);
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

    fn drop_settled(&mut self, pool: &mut Pool, flow: &mut Flow) {
        let settled = self.machine.take_settled();
        self.suppress(settled, pool, flow);
    }

    fn suppress(&mut self, count: usize, pool: &mut Pool, flow: &mut Flow) {
        flow.suppress(count, pool);
        self.known -= count.min(self.known);
    }
}

const fn options(pair: &PairSpec) -> Options {
    Options { rank: pair.rank, least_patience: pair.patience, most_patience: pair.most_patience }
}

/// Opens what listens to the others.
fn open(output: &Output, own: SocketAddr, buffer_bytes: usize, key: Option<Key>) -> Result<(Rx, Control), OpenError> {
    let control = output.control().ok_or(OpenError::Pair(PairProblem::NoPort(output.address)))?;
    Ok((Rx::open_beside(output, own, buffer_bytes)?, Control::open(&control, key)?))
}

pub(super) fn quality(now: Time, flow: &Flow, outputs: &Outputs, is_under_floor: bool) -> Quality {
    if flow.counters.input_up_gauge == 0 || outputs.all_fail(now) {
        Quality::None
    } else if is_under_floor || flow.is_bad() {
        Quality::Bad
    } else {
        Quality::Good
    }
}

/// A number that no other instance has, in all likelihood.
pub(super) fn draw(utc: Utc) -> InstanceId {
    use std::hash::{BuildHasher, RandomState};
    InstanceId(RandomState::new().hash_one(utc.0))
}
