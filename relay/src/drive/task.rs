//! A flow with its input and outputs, as a reactor thread drives it.

mod xdp;

use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

use super::OpenError;
use super::clocks;
use super::crossing::Crossing;
use super::leg::LegTask;
use super::made::MadeInput;
use super::outputs::Outputs;
use super::pair::PairTask;
use super::pair_desk::{HandOverAnswer, HandOverError};
use super::recorder::Recorder;
use super::socket::{Filled, SocketInput};
use crate::event::{EventKind, EventSink, FlowEvent};
use crate::flow::{Flow, Poll, Why};
use crate::io;
use crate::io::udp::{Batch, UdpError};
use crate::mem::Pool;
use crate::pair::message::InstanceId;
use crate::spec::{FlowSpec, PairProblem, Source};
use crate::stats::{Counters, FlowStats};
use crate::time::{Moment, Time};

/// Batches that one flow may take a turn, so that no flow keeps the others waiting.
const MOST_BATCHES_A_TURN: usize = 6;

/// Flows of a thread up to which each publishes its counters every turn. They are more bytes than a turn of a slow flow touches
/// otherwise, and those of more flows do not stay in the processor's cache.
const FEW_FLOWS: usize = 64;
/// Shortest interval between two publications by one of more flows.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(10);
/// Longest time for which what has been counted is not published.
const LATEST_PUBLICATION: Duration = Duration::from_millis(100);
/// Interval between two reports of what inspection has found.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

pub(super) struct FlowTask {
    flow: Flow,
    input: FlowInput,
    outputs: Outputs,
    pair: Option<PairTask>,
    /// Only if other instances send the other outputs.
    leg: Option<LegTask>,
    teller: Teller,
    /// Only if the flow is recorded.
    recorder: Option<Recorder>,
    stats: Arc<FlowStats>,
    ended: bool,
    /// Whether it got datagrams of a port since its last turn.
    touched: bool,
    /// When the pair wants to be looked at.
    next_look: Option<Time>,
    /// When the counters may be published again.
    next_publication: Time,
    /// When the next report is due.
    next_report: Time,
    /// The earliest deadline set for this flow.
    pub(super) scheduled: Option<Time>,
}

enum FlowInput {
    Socket(Box<SocketInput>),
    Made(MadeInput),
}

/// Says events in the flow's name.
struct Teller {
    name: String,
    sink: EventSink,
}

impl Teller {
    fn say(&self, kind: EventKind) {
        (self.sink)(FlowEvent { flow: self.name.clone(), kind });
    }
}

impl FlowTask {
    pub(super) fn open(spec: &FlowSpec, sink: EventSink, recorder: Option<Recorder>) -> Result<Self, OpenError> {
        let outputs = Outputs::open(spec)?;
        let mut task = Self {
            flow: Flow::new(spec),
            input: FlowInput::open(spec)?,
            pair: open_pair(spec, &outputs)?,
            leg: spec.leg.map(|leg| LegTask::open(spec, leg, clocks::now())).transpose()?,
            outputs,
            teller: Teller { name: spec.name.clone(), sink },
            recorder,
            stats: Arc::default(),
            ended: false,
            touched: false,
            next_look: None,
            next_publication: Time::default(),
            next_report: Time::default(),
            scheduled: None,
        };
        // Whoever looks before the first turn sees that it is paired.
        task.tell_of_pair(clocks::now());
        Ok(task)
    }

    pub(super) fn name(&self) -> &str {
        &self.teller.name
    }

    pub(super) const fn stats(&self) -> &Arc<FlowStats> {
        &self.stats
    }

    /// The descriptor to watch, if the input has one.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.input {
            FlowInput::Socket(socket) => Some(socket.fd()),
            FlowInput::Made(_) => None,
        }
    }

    pub(super) fn say(&self, event: EventKind) {
        self.teller.say(event);
    }

    /// What is on air from other instances, and what they say, if there may be any.
    pub(super) const fn pair(&self) -> Option<&PairTask> {
        self.pair.as_ref()
    }

    /// The other instances' legs, if they send some.
    pub(super) const fn leg(&self) -> Option<&LegTask> {
        self.leg.as_ref()
    }

    /// Whether it only holds back, and looks now and then at what came in.
    pub(super) fn is_aside(&self) -> bool {
        self.pair.as_ref().is_some_and(PairTask::is_aside)
    }

    /// Other instances may have sent or said something: to be called before anything else that has come is looked at.
    pub(super) fn listen(&mut self, now: Moment, pool: &mut Pool, batch: &mut Batch) {
        if let Some(pair) = &mut self.pair {
            pair.listen(now, pool, batch, &mut self.flow);
        }
        if let Some(leg) = &mut self.leg {
            leg.listen(now, pool, batch, &mut self.flow);
        }
    }

    /// Hands over to another instance, or to `to` and no other; `answer` gets what came of it.
    pub(super) fn hand_over(&mut self, now: Moment, to: Option<InstanceId>, answer: HandOverAnswer) {
        match &mut self.pair {
            Some(pair) => pair.hand_over(now, to, answer),
            None if self.leg.is_some() => answer(Err(HandOverError::OwnLeg)),
            None => answer(Err(HandOverError::NotPaired)),
        }
    }

    /// Begins to hand over what it has on air. Returns whether that takes time.
    pub(super) fn begin_leave(&mut self, now: Moment) -> bool {
        let Some(pair) = &mut self.pair else { return false };
        pair.leave(now);
        true
    }

    /// Whether another instance has gone on, or none will.
    pub(super) fn has_left(&self, now: Time) -> bool {
        self.pair.as_ref().is_none_or(|pair| pair.has_left(now))
    }

    /// Says and publishes how the flow starts.
    pub(super) fn begin(&mut self) {
        if let FlowInput::Socket(socket) = &self.input {
            let (granted, wanted) = socket.buffer_bytes();
            self.flow.counters.receive_buffer_bytes_gauge = granted as u64;
            if granted < wanted {
                self.teller.say(EventKind::ReceiveBufferSmall { wanted, granted });
            }
        }
        self.stats.publish(&self.flow.counters);
    }

    /// Something waits at the input's descriptor. Returns what a turn's share of it filled.
    pub(super) fn on_readable(&mut self, now: Moment, pool: &mut Pool, batch: &mut Batch) -> Filled {
        self.take_in(now, pool, batch, MOST_BATCHES_A_TURN)
    }

    /// Takes in what waits at the socket, if the input has one, up to so many batches.
    fn take_in(&mut self, now: Moment, pool: &mut Pool, batch: &mut Batch, most_batches: usize) -> Filled {
        let Self { flow, input, outputs, pair, leg, teller, next_look, .. } = self;
        let FlowInput::Socket(socket) = input else { return Filled::default() };
        let mut all = Filled::default();
        for _ in 0..most_batches {
            let filled = socket.receive(now, pool, batch, flow, &mut |kind| teller.say(kind));
            let (pair, leg) = (pair.as_mut(), leg.as_mut());
            SendingSide { flow, outputs, pair, leg, next_look, teller }.send_due(now, pool, batch);
            all = Filled { buffers: all.buffers + filled.buffers, more: filled.more };
            if !filled.more {
                break;
            }
        }
        all
    }

    /// A deadline may have come. Returns whether its descriptors are to be watched anew.
    pub(super) fn on_time(&mut self, now: Moment, pool: &mut Pool, batch: &mut Batch) -> bool {
        let say = &mut |kind| self.teller.say(kind);
        let new_descriptor = match &mut self.input {
            FlowInput::Socket(socket) => socket.on_deadline(now.mono, &mut self.flow, say),
            FlowInput::Made(made) => {
                made.produce(now, pool, &mut self.flow, say);
                false
            }
        };
        self.sender().send_due(now, pool, batch);
        let others = self.pair.as_mut().is_some_and(PairTask::take_watch_change);
        new_descriptor | others | self.leg.as_mut().is_some_and(LegTask::take_new_fds)
    }

    /// Ends a turn of one of `flows` flows: publishes the counters and says when to look again, if ever.
    pub(super) fn end_turn(&mut self, now: Moment, pool: &mut Pool, flows: usize) -> Option<Time> {
        self.touched = false;
        let publication = self.publish_among(flows, now.mono);
        let input = match &self.input {
            FlowInput::Socket(socket) => Some(socket.deadline().coarse()),
            FlowInput::Made(made) => made.deadline(now),
        };
        let holds_back = self.pair.as_ref().is_some_and(|pair| !pair.may_send())
            || self.leg.as_ref().is_some_and(|leg| !leg.may_send());
        let flow = match self.flow.poll(now.mono, pool) {
            Poll::Emit if holds_back => None,
            Poll::Emit => Some(now.mono),
            // Who holds back sends nothing ahead of its time either: waking early would be waking in vain, again and again.
            Poll::Wait(time, Why::Release) if !holds_back => Some(self.outputs.wake(time)),
            Poll::Wait(time, _) => Some(time),
            Poll::Idle => None,
        };
        self.tell_of_inspection(now.mono);
        self.tell_of_pair(now);
        self.recorder.iter_mut().for_each(|recorder| recorder.turn(now, &mut self.flow));
        self.say_if_ended();
        let crossing = self.crossing().and_then(Crossing::due);
        [input, flow, crossing, self.next_look, publication].into_iter().flatten().min()
    }

    /// Sends what still waits in the socket or for its time, gives back every slot, publishes the final report and gives the
    /// final counters.
    pub(super) fn close(mut self, now: Moment, pool: &mut Pool, batch: &mut Batch) -> Counters {
        self.listen(now, pool, batch);
        self.take_rest(now, pool, batch);
        if let FlowInput::Socket(socket) = &mut self.input {
            socket.count_drops(&mut self.flow, &mut |kind| self.teller.say(kind));
        }
        if self.pair.as_ref().is_some_and(|pair| !pair.may_send()) {
            self.sender().send_due(now, pool, batch);
        }
        self.flow.finish(now.mono, pool);
        self.leg.iter_mut().for_each(|leg| leg.take_made(now.mono, pool, &mut self.flow));
        if self.pair.as_ref().is_none_or(PairTask::may_send) && self.leg.as_ref().is_none_or(LegTask::has_begun) {
            self.send_rest(now, pool);
        }
        self.flow.clear(pool);
        self.flow.drain_alarms().for_each(|alarm| self.teller.say(alarm));
        self.recorder.iter_mut().for_each(|recorder| recorder.end(now, &mut self.flow));
        self.stats.publish(&self.flow.counters);
        self.flow.report(now.mono).into_iter().for_each(|report| self.stats.publish_report(report));
        self.flow.counters
    }

    /// Publishes the counters.
    pub(super) fn publish(&mut self, now: Time) {
        self.next_publication = now + PUBLISH_INTERVAL;
        self.stats.publish(&self.flow.counters);
    }

    /// Publishes the counters, unless this is one of many flows and did so just now. Returns by when it is to be done then.
    fn publish_among(&mut self, flows: usize, now: Time) -> Option<Time> {
        if flows > FEW_FLOWS && now < self.next_publication {
            return Some((self.next_publication + LATEST_PUBLICATION).coarse());
        }
        self.publish(now);
        None
    }

    fn send_rest(&mut self, now: Moment, pool: &mut Pool) {
        self.outputs.send_all(now, pool, &mut self.flow, &mut |kind| self.teller.say(kind));
    }

    fn sender(&mut self) -> SendingSide<'_> {
        let Self { flow, outputs, pair, leg, teller, next_look, .. } = self;
        SendingSide { flow, outputs, pair: pair.as_mut(), leg: leg.as_mut(), next_look, teller }
    }

    fn tell_of_inspection(&mut self, now: Time) {
        self.flow.drain_alarms().for_each(|alarm| self.teller.say(alarm));
        if self.next_report <= now
            && let Some(report) = self.flow.report(now)
        {
            self.next_report = now + REPORT_INTERVAL;
            self.stats.publish_report(report);
        }
    }

    fn tell_of_pair(&mut self, now: Moment) {
        let of_pair = self.pair.as_mut().and_then(|pair| pair.report(now));
        let of_leg = || self.leg.as_mut()?.report(now, &self.flow, &self.outputs);
        of_pair.or_else(of_leg).into_iter().for_each(|status| self.stats.publish_pair(status));
    }

    fn say_if_ended(&mut self) {
        let over = matches!(&self.input, FlowInput::Made(made) if made.has_ended()) && self.flow.queue().is_empty();
        if over && !self.ended {
            self.ended = true;
            self.teller.say(EventKind::Ended);
        }
    }
}

impl FlowInput {
    fn open(spec: &FlowSpec) -> Result<Self, OpenError> {
        match &spec.source {
            Source::Network(input) => {
                let socket = SocketInput::open(input, spec.receive_buffer_bytes)?;
                Ok(Self::Socket(Box::new(socket)))
            }
            Source::File(file) => {
                let generator = io::file::open(file, spec.packets_per_datagram)?;
                Ok(Self::Made(MadeInput::new(Box::new(generator))))
            }
            Source::Test(test) => {
                let generator = io::synthetic::SyntheticChannel::new(test, spec.packets_per_datagram);
                let failed = |error: io::synthetic::SyntheticError| OpenError::Test {
                    url: test.to_string(),
                    reason: error.to_string(),
                };
                Ok(Self::Made(MadeInput::new(Box::new(generator.map_err(failed)?))))
            }
        }
    }
}

fn open_pair(spec: &FlowSpec, outputs: &Outputs) -> Result<Option<PairTask>, OpenError> {
    let Some(pair) = &spec.pair else { return Ok(None) };
    let (output, own) = outputs.meeting_point().ok_or(OpenError::Pair(PairProblem::NoGroup))?;
    let own = own.map_err(|error| UdpError::of(output, "tell its own address", error))?;
    PairTask::open(spec, pair, output, own, clocks::now()).map(Some)
}

/// What sends, apart from the input, which may be in use meanwhile.
struct SendingSide<'a> {
    flow: &'a mut Flow,
    outputs: &'a mut Outputs,
    pair: Option<&'a mut PairTask>,
    leg: Option<&'a mut LegTask>,
    next_look: &'a mut Option<Time>,
    teller: &'a Teller,
}

impl SendingSide<'_> {
    /// Sends what is due, if this instance is on air.
    fn send_due(&mut self, now: Moment, pool: &mut Pool, batch: &mut Batch) {
        if self.leg.is_some() {
            return self.send_leg(now, pool, batch);
        }
        let Some(pair) = &mut self.pair else { return self.send(now, pool) };
        let now = pair.listen_if_late(now, pool, batch, self.flow);
        pair.take_made(pool, self.flow);
        *self.next_look = Some(pair.act(now, pool, self.flow, self.outputs, &mut |kind| self.teller.say(kind)));
        if pair.may_send() {
            let before = self.flow.queue().len();
            self.send(now, pool);
            let sent = before - self.flow.queue().len();
            self.pair.iter_mut().for_each(|pair| pair.sent(sent, self.outputs.next_sequence()));
        } else {
            pair.make_room(pool, self.flow);
        }
        self.pair.iter_mut().for_each(|pair| pair.speak());
    }

    /// Sends what is due and has a number.
    fn send_leg(&mut self, now: Moment, pool: &mut Pool, batch: &mut Batch) {
        let Some(leg) = &mut self.leg else { return };
        let now = leg.listen_if_late(now, pool, batch, self.flow);
        // What is no longer waited for comes into the queue now, and gets its number with the rest.
        self.flow.poll(now.mono, pool);
        leg.take_made(now.mono, pool, self.flow);
        *self.next_look = Some(leg.act(now, pool, self.flow));
        if !leg.may_send() {
            return leg.make_room(pool, self.flow);
        }
        let before = self.flow.queue().len();
        self.send(now, pool);
        let sent = before - self.flow.queue().len();
        self.leg.iter_mut().for_each(|leg| leg.sent(sent));
    }

    fn send(&mut self, now: Moment, pool: &mut Pool) {
        let say = &mut |kind| self.teller.say(kind);
        self.outputs.probe(now.mono, self.flow, say);
        loop {
            // What was missed is given up first.
            self.flow.poll(now.mono, pool);
            if !self.outputs.send(now, pool, self.flow, say) {
                return;
            }
        }
    }
}
