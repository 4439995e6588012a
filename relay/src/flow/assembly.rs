//! From runs of transport packets to datagrams: inspected, re-cut and timed.

use super::cutter::Cutter;
use super::inspection::Inspection;
use crate::mem::{Pool, Span};
use crate::spec::{FlowSpec, Source, Transport};
use crate::stage::clock::{Observed, PcrClock};
use crate::stage::pace::Pacer;
use crate::stage::queue::Queue;
use crate::stage::rtp_clock::RtpClock;
use crate::stage::tape::Tape;
use crate::stage::{Payload, RtpHead};
use crate::stats::Counters;
use crate::time::Time;
use crate::wire::ts::{NULL_PACKET, PACKET_LEN, Packet};

/// The second half of a flow.
pub(super) struct Assembly {
    cutter: Cutter,
    /// Length in bytes of the datagram being put together, once it is complete.
    open_len: usize,
    /// What is known of its RTP header.
    open_rtp: RtpHead,
    pub(super) inspection: Inspection,
    /// Only if what comes around an alarm is to be recorded.
    pub(super) tape: Option<Box<Tape>>,
    clock: PcrClock,
    /// Only if RTP headers are made here.
    rtp_clock: Option<RtpClock>,
    /// Bits a second of the multiplex between its last two PCRs; 0 while unknown.
    bitrate: u64,
    pacer: Pacer,
    pub(super) queue: Queue,
    packets: u64,
    /// Number of the first packet of the datagram being put together.
    first_packet: u64,
}

impl Assembly {
    pub(super) fn new(spec: &FlowSpec) -> Self {
        Self {
            cutter: Cutter::new(spec.packets_per_datagram),
            open_len: spec.packets_per_datagram * PACKET_LEN,
            open_rtp: RtpHead::default(),
            inspection: Inspection::new(spec.inspect, matches!(spec.source, Source::Network(_))),
            tape: spec.record.as_ref().map(|record| Box::new(Tape::new(record))),
            clock: PcrClock::default(),
            rtp_clock: spec.outputs.iter().any(|output| output.transport == Transport::Rtp).then(RtpClock::default),
            bitrate: 0,
            pacer: Pacer::new(spec.pace, spec.pace_delay),
            queue: Queue::default(),
            packets: 0,
            first_packet: 0,
        }
    }

    /// A datagram arrived, of so many bytes of payload.
    #[inline]
    pub(super) fn arrive(&mut self, at: Time, len: usize, timestamp: Option<u32>) {
        self.inspection.arrive(at, len, timestamp, self.bitrate);
    }

    /// Adds a run of whole packets, part of `payload` or pieced together from it.
    #[inline]
    pub(super) fn add(&mut self, pool: &mut Pool, run: Span, payload: &Payload, counters: &mut Counters) {
        self.inspect(pool.bytes(run), payload.arrival, counters);
        let as_it_came = self.queue.open_len() == 0 && run == payload.span && run.len as usize == self.open_len;
        let mut rest = run;
        while rest.len > 0 {
            let len = (rest.len as usize).min(self.open_len - self.queue.open_len());
            self.take_times(pool.bytes(rest.part(0, len)), payload, counters);
            self.queue.append(pool, rest.part(0, len));
            rest = rest.part(len, rest.len as usize - len);
            if self.queue.open_len() == self.open_len {
                let timestamp = self.open_rtp.timestamp;
                let rtp = if as_it_came { RtpHead { timestamp, ..payload.rtp } } else { self.open_rtp };
                self.close(payload.arrival, rtp);
            }
        }
        counters.pace_resets = self.pacer.resets;
    }

    /// Moves the cuts between datagrams so that one is in front of packet number `packet`.
    pub(super) fn cut_before(&mut self, packet: u64) {
        self.cutter.cut_before(packet);
        self.open_len = self.cutter.datagram_len(self.first_packet, self.queue.open_len());
    }

    fn close(&mut self, arrival: Time, rtp: RtpHead) {
        let release = self.pacer.release(arrival, self.clock.media_time(self.first_packet));
        self.queue.close(self.first_packet, arrival, release, rtp);
        self.first_packet = self.packets;
        self.open_len = self.cutter.datagram_len(self.packets, 0);
    }

    /// Closes the datagram being put together with null packets (ISO/IEC 13818-1, 2.4.3.3), if there is one.
    pub(super) fn fill_up(&mut self, pool: &mut Pool, now: Time) {
        let missing = self.open_len - self.queue.open_len();
        if self.queue.open_len() == 0 {
            return;
        }
        if let Some(slot) = pool.take() {
            for packet in pool.slot_mut(slot)[..missing].chunks_exact_mut(PACKET_LEN) {
                packet.copy_from_slice(&NULL_PACKET);
            }
            self.queue.append(pool, Span { slot, start: 0, len: missing as u32 });
            pool.release(slot);
            self.close(now, self.open_rtp);
        }
    }

    #[inline]
    fn inspect(&mut self, run: &[u8], arrival: Time, counters: &mut Counters) {
        let errors = counters.continuity_errors;
        self.inspection.packets(arrival, run, counters);
        if counters.continuity_errors != errors {
            self.queue.note_loss();
        }
        if let Some(tape) = &mut self.tape {
            tape.packets(arrival, run);
        }
    }

    /// Counts packets of the datagram being put together, and takes the times from them.
    #[inline]
    fn take_times(&mut self, packets: &[u8], payload: &Payload, counters: &mut Counters) {
        for packet in packets.chunks_exact(PACKET_LEN).filter_map(Packet::new) {
            if packet.has_adaptation() {
                self.observe_pcr(packet, counters);
            }
            if self.packets == self.first_packet {
                self.open_rtp = self.rtp_of_first(payload);
            }
            self.packets += 1;
        }
        counters.ts_packets = self.packets;
    }

    /// What is known of the RTP header of a datagram that begins with the packet that came last, part of `payload`.
    fn rtp_of_first(&self, payload: &Payload) -> RtpHead {
        let by_content = || self.rtp_clock.as_ref()?.timestamp(self.packets);
        let timestamp = payload.rtp.timestamp.or_else(by_content);
        RtpHead { sequence: None, marker: false, timestamp, ..payload.rtp }
    }

    fn observe_pcr(&mut self, packet: Packet, counters: &mut Counters) {
        let Some(field) = packet.adaptation() else { return };
        let Some(pcr) = field.pcr() else { return };
        if let Some(clock) = &mut self.rtp_clock
            && clock.observe(packet.pid(), self.packets, pcr, field.discontinuity())
        {
            self.queue.fill_in_timestamps(|packet| clock.timestamp_before(packet));
            let first_packet = self.first_packet;
            self.open_rtp.timestamp = self.open_rtp.timestamp.or_else(|| clock.timestamp_before(first_packet));
        }
        if self.clock.observe(packet.pid(), self.packets, pcr, field.discontinuity()) == Observed::Steady {
            self.bitrate = self.clock.bitrate().unwrap_or(0);
            counters.bitrate_gauge = self.bitrate;
        }
    }
}
