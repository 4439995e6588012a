//! From runs of transport packets to datagrams: inspected, re-cut and timed.

use super::inspection::Inspection;
use crate::mem::{Pool, Span};
use crate::spec::{FlowSpec, Source};
use crate::stage::Payload;
use crate::stage::clock::{Observed, PcrClock};
use crate::stage::pace::Pacer;
use crate::stage::queue::Queue;
use crate::stage::tape::Tape;
use crate::stats::Counters;
use crate::time::Time;
use crate::wire::ts::{NULL_PACKET, PACKET_LEN, Packet};

/// The second half of a flow.
pub(super) struct Assembly {
    datagram_len: usize,
    pub(super) inspection: Inspection,
    /// Only if what comes around an alarm is to be recorded.
    pub(super) tape: Option<Box<Tape>>,
    clock: PcrClock,
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
            datagram_len: spec.packets_per_datagram * PACKET_LEN,
            inspection: Inspection::new(spec.inspect, matches!(spec.source, Source::Network(_))),
            tape: spec.record.as_ref().map(|record| Box::new(Tape::new(record))),
            clock: PcrClock::default(),
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
        self.look_at(pool.bytes(run), payload.arrival, counters);
        let as_it_came = self.queue.open_len() == 0 && run == payload.span && run.len as usize == self.datagram_len;
        let stamp = if as_it_came { payload.rtp } else { None };
        let mut rest = run;
        while rest.len > 0 {
            let len = (rest.len as usize).min(self.datagram_len - self.queue.open_len());
            self.queue.append(pool, rest.part(0, len));
            rest = rest.part(len, rest.len as usize - len);
            if self.queue.open_len() == self.datagram_len {
                let release = self.pacer.release(payload.arrival, self.clock.media_time(self.first_packet));
                self.queue.close(payload.arrival, release, stamp);
                self.first_packet += (self.datagram_len / PACKET_LEN) as u64;
            }
        }
        counters.pace_resets = self.pacer.resets;
    }

    /// Closes the datagram being put together with null packets (ISO/IEC 13818-1, 2.4.3.3), if there is one.
    pub(super) fn fill_up(&mut self, pool: &mut Pool, now: Time) {
        let missing = self.datagram_len - self.queue.open_len();
        if self.queue.open_len() == 0 {
            return;
        }
        if let Some(slot) = pool.take() {
            for packet in pool.slot_mut(slot)[..missing].chunks_exact_mut(PACKET_LEN) {
                packet.copy_from_slice(&NULL_PACKET);
            }
            self.queue.append(pool, Span { slot, start: 0, len: missing as u32 });
            pool.release(slot);
            let release = self.pacer.release(now, self.clock.media_time(self.first_packet));
            self.queue.close(now, release, None);
        }
    }

    #[inline]
    fn look_at(&mut self, run: &[u8], arrival: Time, counters: &mut Counters) {
        self.inspection.packets(arrival, run, counters);
        if let Some(tape) = &mut self.tape {
            tape.packets(arrival, run);
        }
        for packet in run.chunks_exact(PACKET_LEN).filter_map(Packet::new) {
            if packet.has_adaptation() {
                self.observe_pcr(packet, counters);
            }
            self.packets += 1;
        }
        counters.ts_packets = self.packets;
    }

    fn observe_pcr(&mut self, packet: Packet, counters: &mut Counters) {
        let Some(field) = packet.adaptation() else { return };
        let Some(pcr) = field.pcr() else { return };
        if self.clock.observe(packet.pid(), self.packets, pcr, field.discontinuity()) == Observed::Steady {
            self.bitrate = self.clock.bitrate().unwrap_or(0);
            counters.bitrate_gauge = self.bitrate;
        }
    }
}
