//! A flow: the stages from a received datagram to the datagrams to send.
//!
//! The rule of use, as everywhere in this crate, is: give it what came ([`Flow::receive`]), then call [`Flow::poll`]
//! until it says to wait. It reads no clock and knows no socket.

mod assembly;
mod cutter;
mod inspection;

use std::ops::Range;

use crate::event::EventKind;
use crate::mem::{Pool, SlotId, Span};
use crate::spec::{FlowSpec, Source, Transport};
use crate::stage::frame::Framer;
use crate::stage::inspect::alarm::{AlarmChange, AlarmEvent};
use crate::stage::inspect::report::Report;
use crate::stage::queue::Queue;
use crate::stage::reorder::{Reorder, Verdict};
use crate::stage::tape::Cut;
use crate::stage::{Payload, RtpHead};
use crate::stats::Counters;
use crate::time::Time;
use crate::wire::rtp::{Rtp, RtpError};

use assembly::Assembly;

/// A filled slot: one datagram, or several of equal length that the kernel joined.
#[derive(Clone, Copy, Debug)]
pub struct Arrived {
    /// The slot; its hold passes to the flow.
    pub slot: SlotId,
    /// Where in it the bytes begin.
    pub start: usize,
    /// Number of bytes.
    pub len: usize,
    /// Length of each datagram in it but the last, which may be shorter; `None` when it is one.
    pub segment_len: Option<usize>,
    /// When it arrived.
    pub arrival: Time,
    /// Whether the datagram was longer than the slot.
    pub truncated: bool,
}

/// What a flow wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// Send the datagrams that are due ([`Queue::due`]), then call [`Flow::sent`].
    Emit,
    /// Nothing before this time, and why then.
    Wait(Time, Why),
    /// Nothing until something is received.
    Idle,
}

/// Reason of a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A datagram leaves.
    Release,
    /// A missing RTP datagram is given up.
    Reorder,
    /// What should have come is looked for.
    Inspect,
}

/// The stages of one flow.
pub struct Flow {
    transport: Transport,
    framer: Framer,
    reorder: Reorder,
    assembly: Assembly,
    /// What the flow has done. The sending side adds its part.
    pub counters: Counters,
}

impl Flow {
    /// The stages that `spec` asks for.
    pub fn new(spec: &FlowSpec) -> Self {
        let transport = match &spec.source {
            Source::Network(input) => input.transport,
            Source::File(_) | Source::Test(_) => Transport::Udp,
        };
        Self {
            transport,
            framer: Framer::default(),
            reorder: Reorder::new(spec.reorder_window),
            assembly: Assembly::new(spec),
            counters: Counters::default(),
        }
    }

    /// Takes what arrived; the datagrams in it go as far as they can.
    pub fn receive(&mut self, pool: &mut Pool, arrived: Arrived) {
        self.receive_made(pool, arrived, RtpHead::default());
    }

    /// Takes a datagram that was made here, whose RTP header is to be `head` as far as that goes.
    pub fn receive_made(&mut self, pool: &mut Pool, arrived: Arrived, head: RtpHead) {
        if arrived.truncated {
            self.count_datagram(arrived.len);
            self.counters.malformed_giant += 1;
        } else if arrived.len == 0 {
            self.count_datagram(0);
            self.counters.malformed_no_sync += 1;
        } else {
            let joined = Span { slot: arrived.slot, start: arrived.start as u32, len: arrived.len as u32 };
            for span in joined.segments(arrived.segment_len) {
                self.receive_datagram(pool, Payload { span, arrival: arrived.arrival, rtp: head });
            }
        }
        pool.release(arrived.slot);
    }

    /// What is to be done at `now`.
    pub fn poll(&mut self, now: Time, pool: &mut Pool) -> Poll {
        if self.reorder.deadline().is_some_and(|deadline| deadline <= now) {
            self.pass_waiting(pool, now);
        }
        if self.assembly.inspection.deadline().is_some_and(|deadline| deadline <= now) {
            self.assembly.inspection.tick(now, &self.counters);
        }
        let inspect = self.assembly.inspection.deadline().map(|time| (time, Why::Inspect));
        let release = self.queue().next_release().map(|time| (time, Why::Release));
        let give_up = self.reorder.deadline().map(|time| (time, Why::Reorder));
        match [release, give_up, inspect].into_iter().flatten().min_by_key(|&(time, _)| time) {
            Some((time, Why::Release)) if time <= now => Poll::Emit,
            Some((time, why)) => Poll::Wait(time, why),
            None => Poll::Idle,
        }
    }

    /// Alarms raised and cleared since the last call.
    pub fn drain_alarms(&mut self) -> impl Iterator<Item = EventKind> {
        let tape = &mut self.assembly.tape;
        let alarms = self.assembly.inspection.drain_events();
        alarms
            .inspect(move |alarm| {
                tape.iter_mut().filter(|_| is_worth_recording(alarm)).for_each(|tape| tape.alarm(*alarm))
            })
            .map(EventKind::Alarm)
    }

    /// What came around an alarm, once all of it has come, or nothing more will because the flow is `ending`. It is to be
    /// given back ([`Flow::give_back`]) when it has been saved.
    pub fn cut_recording(&mut self, now: Time, ending: bool) -> Option<Cut> {
        self.assembly.tape.as_mut()?.cut(now, ending)
    }

    /// Takes back what [`Flow::cut_recording`] gave: its memory is used again.
    pub fn give_back(&mut self, cut: Cut) {
        if let Some(tape) = &mut self.assembly.tape {
            tape.give_back(cut);
        }
    }

    /// Whether its stream can hardly be decoded: an alarm of first priority is raised. Unknown, and so not, if it is not
    /// inspected in full.
    pub fn is_bad(&self) -> bool {
        self.assembly.inspection.is_bad()
    }

    /// What inspection has found, if the flow is inspected in full.
    pub fn report(&self, now: Time) -> Option<Report> {
        self.assembly.inspection.report(now)
    }

    /// The datagrams on their way out.
    pub const fn queue(&self) -> &Queue {
        &self.assembly.queue
    }

    /// The datagrams on their way out, and the counters, to which the sending side adds its part.
    pub const fn sending(&mut self) -> (&Queue, &mut Counters) {
        (&self.assembly.queue, &mut self.counters)
    }

    /// Lets the datagrams go that were due by `horizon`; the last of them was sent at `done`.
    pub fn sent(&mut self, horizon: Time, done: Time, pool: &mut Pool) {
        while self.queue().next_release().is_some_and(|release| release <= horizon)
            && let Some(datagram) = self.assembly.queue.pop(pool)
        {
            self.counters.observe_latency(done.since(datagram.arrival));
        }
    }

    /// Lets the oldest `count` datagrams of the queue go unsent: another instance had them on air.
    pub fn suppress(&mut self, count: usize, pool: &mut Pool) {
        for _ in 0..count {
            if self.assembly.queue.pop(pool).is_some() {
                self.counters.suppressed_datagrams += 1;
            }
        }
    }

    /// Gives datagram number `index` of the queue this RTP sequence number.
    pub fn set_sequence(&mut self, index: usize, sequence: u16) {
        self.assembly.queue.set_sequence(index, sequence);
    }

    /// Gives datagram number `index` of the queue this RTP timestamp, in ticks of 90 kHz.
    pub fn set_timestamp(&mut self, index: usize, timestamp: u32) {
        self.assembly.queue.set_timestamp(index, timestamp);
    }

    /// Moves the cuts between datagrams so that one is in front of packet number `packet` ([`first_packet`](crate::stage::queue::Datagram::first_packet)), and of
    /// every so many before and after it. Up to two datagrams become shorter by that, none longer.
    pub fn cut_before(&mut self, packet: u64) {
        self.assembly.cut_before(packet);
    }

    /// The source has ended: what waits goes out, the last datagram filled up with null packets.
    pub fn finish(&mut self, now: Time, pool: &mut Pool) {
        let waiting: Vec<Payload> = self.reorder.drain().collect();
        for payload in waiting {
            self.pass(pool, payload);
            pool.release(payload.span.slot);
        }
        self.counters.junk_bytes += self.framer.interrupt(pool) as u64;
        self.assembly.fill_up(pool, now);
    }

    /// Lets go of every slot.
    pub fn clear(&mut self, pool: &mut Pool) {
        for payload in self.reorder.drain() {
            pool.release(payload.span.slot);
        }
        self.framer.interrupt(pool);
        self.assembly.queue.clear(pool);
    }

    #[inline]
    fn receive_datagram(&mut self, pool: &mut Pool, payload: Payload) {
        let Payload { span, arrival, .. } = payload;
        self.count_datagram(span.len as usize);
        if let Some(tape) = &mut self.assembly.tape {
            tape.datagram(arrival, pool.bytes(span));
        }
        if self.transport == Transport::Udp {
            self.assembly.arrive(arrival, span.len as usize, None);
            return self.pass(pool, payload);
        }
        match Rtp::parse(pool.bytes(span)) {
            Ok(rtp) => {
                let payload = rtp_payload(span, arrival, &rtp);
                self.assembly.arrive(arrival, payload.span.len as usize, Some(rtp.timestamp));
                self.receive_rtp(pool, payload);
            }
            Err(error) => *self.rtp_defect(error) += 1,
        }
    }

    fn receive_rtp(&mut self, pool: &mut Pool, payload: Payload) {
        match self.reorder.push(payload) {
            Verdict::Pass => self.pass(pool, payload),
            Verdict::Held => pool.hold(payload.span.slot),
            Verdict::Duplicate => self.counters.rtp_duplicates += 1,
            Verdict::Late => self.counters.dropped_late += 1,
        }
        if self.reorder.deadline().is_some() {
            self.pass_waiting(pool, payload.arrival);
        }
    }

    fn pass_waiting(&mut self, pool: &mut Pool, now: Time) {
        while let Some(payload) = self.reorder.pop(now) {
            if self.counters.rtp_lost != self.reorder.lost {
                self.counters.rtp_lost = self.reorder.lost;
                self.counters.junk_bytes += self.framer.interrupt(pool) as u64;
                self.assembly.inspection.lose_place();
            }
            self.pass(pool, payload);
            pool.release(payload.span.slot);
        }
        self.counters.rtp_reordered = self.reorder.reordered;
    }

    #[inline]
    fn pass(&mut self, pool: &mut Pool, payload: Payload) {
        let (assembly, counters) = (&mut self.assembly, &mut self.counters);
        let framed = self.framer.feed(pool, payload.span, |pool, run| assembly.add(pool, run, &payload, counters));
        if framed.packets == 0 && framed.junk_bytes > 0 {
            self.counters.malformed_no_sync += 1;
        } else {
            self.counters.junk_bytes += framed.junk_bytes as u64;
        }
        if framed.sync_lost || framed.bad_sync_bytes > 0 {
            self.counters.sync_losses += u64::from(framed.sync_lost);
            self.assembly.inspection.sync(payload.arrival, framed.bad_sync_bytes, framed.sync_lost);
        }
    }

    #[inline]
    fn count_datagram(&mut self, len: usize) {
        self.counters.input_datagrams += 1;
        self.counters.input_bytes += len as u64;
    }

    fn rtp_defect(&mut self, error: RtpError) -> &mut u64 {
        match error {
            RtpError::Truncated => &mut self.counters.malformed_rtp_truncated,
            RtpError::Version(_) => &mut self.counters.malformed_rtp_version,
            RtpError::Padding(_) => &mut self.counters.malformed_rtp_padding,
        }
    }
}

/// Alarms of priority 1: without what they watch, nothing can be decoded.
fn is_worth_recording(alarm: &AlarmEvent) -> bool {
    matches!(alarm.change, AlarmChange::Raised(_)) && alarm.indicator.priority() == 1
}

fn rtp_payload(packet: Span, arrival: Time, rtp: &Rtp) -> Payload {
    let Range { start, end } = rtp.payload_start..rtp.payload_end;
    Payload { span: packet.part(start, end - start), arrival, rtp: rtp.into() }
}

#[cfg(test)]
mod tests;
