//! How closely a flow is looked at.

use crate::spec::Inspect;
use crate::stage::continuity::Continuity;
use crate::stage::inspect::Inspector;
use crate::stage::inspect::alarm::AlarmEvent;
use crate::stage::inspect::arrival::Arrivals;
use crate::stage::inspect::report::Report;
use crate::stats::Counters;
use crate::time::Time;
use crate::wire::ts::{PACKET_LEN, PACKETS_PER_DATAGRAM, Packet};

/// Looks at each packet of a flow.
pub(super) enum Inspection {
    /// At its continuity counter.
    Continuity(Continuity),
    /// At everything.
    Full(Box<Full>),
}

#[derive(Default)]
pub(super) struct Full {
    inspector: Inspector,
    /// Only for what comes from the network.
    arrivals: Option<Arrivals>,
}

impl Inspection {
    pub(super) fn new(inspect: Inspect, from_network: bool) -> Self {
        match inspect {
            Inspect::Continuity => Self::Continuity(Continuity::default()),
            Inspect::Full => {
                let arrivals = from_network.then(Arrivals::default);
                Self::Full(Box::new(Full { inspector: Inspector::default(), arrivals }))
            }
        }
    }

    /// Takes a run of whole packets that arrived at `at`.
    #[inline]
    pub(super) fn packets(&mut self, at: Time, run: &[u8], counters: &mut Counters) {
        let packets = run.chunks_exact(PACKET_LEN).filter_map(Packet::new);
        match self {
            Self::Continuity(continuity) => {
                counters.continuity_errors += packets.filter(|&packet| !continuity.check(packet)).count() as u64;
                counters.missing_packets = counters.continuity_errors;
            }
            Self::Full(full) => {
                packets.for_each(|packet| full.inspector.packet(at, packet));
                counters.continuity_errors = full.inspector.continuity_errors();
                counters.missing_packets = full.inspector.missing_packets();
            }
        }
    }

    /// Takes a datagram of `len` bytes with its RTP timestamp, if it has one.
    #[inline]
    pub(super) fn arrive(&mut self, at: Time, len: usize, timestamp: Option<u32>, bits_a_second: u64) {
        if let Self::Full(full) = self
            && let Some(arrivals) = &mut full.arrivals
        {
            arrivals.arrive(at, len, bits_a_second);
            if let Some(timestamp) = timestamp {
                arrivals.stamp(at, timestamp);
            }
        }
    }

    /// Notes sync bytes that were wrong and whether synchronisation was lost.
    pub(super) fn sync(&mut self, at: Time, bad_bytes: usize, lost: bool) {
        if let Self::Full(full) = self {
            (0..bad_bytes).for_each(|_| full.inspector.bad_sync_byte(at, None));
            if lost {
                full.inspector.sync_lost(at);
            }
        }
    }

    /// Datagrams are known to be missing here.
    pub(super) fn lose_place(&mut self) {
        if let Self::Full(full) = self {
            full.inspector.lose_place();
        }
    }

    /// When to look at what should have come.
    pub(super) fn deadline(&self) -> Option<Time> {
        match self {
            Self::Continuity(_) => None,
            Self::Full(full) => Some(full.inspector.next_tick().coarse()),
        }
    }

    /// Looks at what should have come by now.
    pub(super) fn tick(&mut self, now: Time, counters: &Counters) {
        if let Self::Full(full) = self {
            full.inspector.tick(now);
            let lost = full.inspector.missing_packets().max(counters.rtp_lost * PACKETS_PER_DATAGRAM as u64);
            full.arrivals.iter_mut().for_each(|arrivals| arrivals.tick(now, lost));
        }
    }

    /// Alarms raised and cleared since the last call.
    pub(super) fn drain_events(&mut self) -> impl Iterator<Item = AlarmEvent> {
        let full = match self {
            Self::Continuity(_) => None,
            Self::Full(full) => Some(full),
        };
        full.into_iter().flat_map(|full| full.inspector.drain_events())
    }

    /// Whether an alarm of first priority is raised.
    pub(super) fn is_bad(&self) -> bool {
        match self {
            Self::Continuity(_) => false,
            Self::Full(full) => full.inspector.is_raised(1),
        }
    }

    /// What has been found.
    pub(super) fn report(&self, now: Time) -> Option<Report> {
        match self {
            Self::Continuity(_) => None,
            Self::Full(full) => {
                let arrival = full.arrivals.as_ref().and_then(Arrivals::report);
                Some(Report { arrival, ..full.inspector.report(now) })
            }
        }
    }
}
