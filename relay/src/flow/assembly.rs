//! From runs of transport packets to datagrams: inspected, re-cut and timed.

use crate::mem::{Pool, Span};
use crate::spec::FlowSpec;
use crate::stage::Payload;
use crate::stage::clock::{Observed, PcrClock};
use crate::stage::continuity::Continuity;
use crate::stage::pace::Pacer;
use crate::stage::queue::Queue;
use crate::stats::Counters;
use crate::time::Time;
use crate::wire::ts::{NULL_PACKET, PACKET_LEN, Packet};

/// The second half of a flow.
pub(super) struct Assembly {
    datagram_len: usize,
    continuity: Continuity,
    clock: PcrClock,
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
            continuity: Continuity::default(),
            clock: PcrClock::default(),
            pacer: Pacer::new(spec.pace, spec.pace_delay),
            queue: Queue::default(),
            packets: 0,
            first_packet: 0,
        }
    }

    /// Adds a run of whole packets, part of `payload` or pieced together from it.
    #[inline]
    pub(super) fn add(&mut self, pool: &mut Pool, run: Span, payload: &Payload, counters: &mut Counters) {
        self.inspect(pool.bytes(run), counters);
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
    fn inspect(&mut self, run: &[u8], counters: &mut Counters) {
        for packet in run.chunks_exact(PACKET_LEN).filter_map(Packet::new) {
            counters.continuity_errors += u64::from(!self.continuity.check(packet));
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
            counters.bitrate_gauge = self.clock.bitrate().unwrap_or(0);
        }
    }
}
