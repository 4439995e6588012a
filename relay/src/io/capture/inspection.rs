//! Inspection of a capture: what the inspector would have found at the time, however fast the capture is read.

use std::time::Duration;

use super::item::{Datagram, Item, Run};
use super::kind::Kind;
use crate::stage::clock::{Observed, PcrClock};
use crate::stage::inspect::Inspector;
use crate::stage::inspect::arrival::Arrivals;
use crate::stage::inspect::report::Report;
use crate::time::Time;
use crate::wire::ts::Packet;

/// The inspector looks at what should have come so many times in a silence. All that can happen in it has happened by
/// then; a longer one, of days perhaps, is passed over.
const MOST_TICKS_IN_A_SILENCE: usize = 600;

/// Inspects the items of a capture.
#[derive(Default)]
pub struct Inspection {
    inspector: Inspector,
    arrivals: Arrivals,
    /// For the rate of the media at the arrival of a datagram; captures of network traffic only.
    rate: Option<MediaRate>,
    /// Whether the times of the packets are those of their arrival, and not from the stream's own clock.
    arrivals_known: bool,
    limit: Option<Duration>,
    first: Option<Time>,
    last: Time,
    /// Until this time, a packet is only taken.
    boundary: Time,
    over: bool,
}

impl Inspection {
    /// Inspects a capture of this kind, no longer than `limit` from the first packet on by the times of the packets.
    pub fn new(kind: Kind, limit: Option<Duration>) -> Self {
        Self { arrivals_known: kind.has_arrival_times(), limit, ..Self::default() }
    }

    /// Takes the next item; those after the limit are left out.
    pub fn take(&mut self, item: Item<'_>) {
        match item {
            Item::Run(run) => self.take_run(&run),
            Item::Datagram(datagram) => self.take_datagram(&datagram),
            Item::BadSync { at, packet } => {
                if self.reach(at) {
                    self.inspector.bad_sync_byte(at, Some(packet[0]));
                }
            }
            Item::SyncLost { at } => {
                if self.reach(at) {
                    self.inspector.sync_lost(at);
                }
            }
            // The next packet shows it.
            Item::SyncFound { .. } => {}
        }
    }

    /// Whether the limit is reached.
    pub const fn is_over(&self) -> bool {
        self.over
    }

    /// Whether there was nothing yet.
    pub const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Time from the first packet to the last.
    pub fn span(&self) -> Duration {
        self.first.map_or(Duration::ZERO, |first| self.last.since(first))
    }

    /// What has been found so far.
    pub fn report(&self) -> Report {
        let arrival = self.rate.as_ref().and_then(|_| self.arrivals.report());
        let mut report = Report { arrival, ..self.inspector.report(self.last) };
        if !self.arrivals_known {
            report.clocks.iter_mut().for_each(|clock| (clock.jitter_seconds, clock.drift_ppm) = (None, None));
        }
        report
    }

    #[inline]
    fn take_run(&mut self, run: &Run<'_>) {
        for (at, bytes) in run.packets() {
            if at >= self.boundary && !self.reach(at) {
                return;
            }
            self.last = at;
            if let Some(packet) = Packet::new(bytes) {
                self.inspector.packet(at, packet);
                if let Some(rate) = &mut self.rate {
                    rate.observe(packet);
                }
            }
        }
    }

    fn take_datagram(&mut self, datagram: &Datagram) {
        if !self.reach(datagram.at) {
            return;
        }
        let payload_start = datagram.rtp.map_or(0, |rtp| rtp.payload_start);
        let bitrate = self.rate.get_or_insert_default().bits_a_second;
        self.arrivals.arrive(datagram.at, datagram.len - payload_start, bitrate);
        if let Some(rtp) = datagram.rtp {
            self.arrivals.stamp(datagram.at, rtp.timestamp);
        }
    }

    /// Brings the inspector's time to `at`; `false` if that is after the limit.
    #[cold]
    fn reach(&mut self, at: Time) -> bool {
        let first = *self.first.get_or_insert_with(|| {
            self.inspector.tick(at);
            at
        });
        self.over |= self.limit.is_some_and(|limit| at.since(first) >= limit);
        if self.over {
            self.boundary = Time::default();
            return false;
        }
        self.tick_until(at);
        self.boundary =
            self.limit.map_or(self.inspector.next_tick(), |limit| self.inspector.next_tick().min(first + limit));
        true
    }

    fn tick_until(&mut self, at: Time) {
        for _ in 0..MOST_TICKS_IN_A_SILENCE {
            let due = self.inspector.next_tick();
            if due > at {
                return;
            }
            self.tick(due);
        }
        if self.inspector.next_tick() <= at {
            self.tick(at);
        }
    }

    fn tick(&mut self, now: Time) {
        self.inspector.tick(now);
        self.arrivals.tick(now, self.inspector.missing_packets());
        // Nobody hears of alarms here; the report tells of them.
        self.inspector.drain_events().for_each(drop);
    }
}

/// The rate between the last two PCRs.
#[derive(Default)]
struct MediaRate {
    clock: PcrClock,
    packets: u64,
    bits_a_second: u64,
}

impl MediaRate {
    #[inline]
    fn observe(&mut self, packet: Packet<'_>) {
        let number = self.packets;
        self.packets += 1;
        let Some(field) = packet.adaptation() else { return };
        let Some(pcr) = field.pcr() else { return };
        if self.clock.observe(packet.pid(), number, pcr, field.discontinuity()) == Observed::Steady {
            self.bits_a_second = self.clock.bitrate().unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ts::NULL_PACKET;

    /// One null packet every 10 ms for so many seconds.
    fn inspect(inspection: &mut Inspection, seconds: std::ops::Range<u64>) {
        for hundredth in seconds.start * 100..seconds.end * 100 {
            let run =
                Run::new(&NULL_PACKET, NULL_PACKET.len(), Time(hundredth * 10_000_000), super::super::item::Step::ZERO);
            inspection.take(Item::Run(run));
        }
    }

    #[test]
    fn what_is_missing_is_counted_by_the_times_of_the_capture() {
        let mut inspection = Inspection::new(Kind::Pcap, None);
        inspect(&mut inspection, 0..2);
        let report = inspection.report();
        assert_eq!((report.ts.packets, report.tr101290["pat_error_2"].errors), (200, 1));
        assert_eq!(inspection.span(), Duration::from_millis(1_990));
    }

    #[test]
    fn the_limit_counts_from_the_first_packet() {
        let mut inspection = Inspection::new(Kind::Pcap, Some(Duration::from_secs(1)));
        inspect(&mut inspection, 5..9);
        assert_eq!((inspection.report().ts.packets, inspection.is_over()), (100, true));
        assert_eq!(inspection.report().ts.bitrate_now, 0);
    }

    #[test]
    fn a_silence_of_years_is_passed_over() {
        let mut inspection = Inspection::new(Kind::Pcap, None);
        inspect(&mut inspection, 0..1);
        inspect(&mut inspection, 100_000_000..100_000_001);
        assert_eq!(inspection.report().ts.packets, 200);
    }
}
