//! Counters of a flow: written by its thread alone, read by anybody as a snapshot.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::pair::status::PairStatus;
use crate::stage::inspect::report::Report;
use crate::stage::release::Tier;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A flow's counters at one moment. All but the gauges (named so) only grow.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)*
            /// Datagrams by the time from the kernel's receive stamp to the return of the send call;
            /// one count a bucket of [`LATENCY_BOUNDS`], the last for all that took longer.
            pub latency_buckets: [u64; LATENCY_BOUNDS.len() + 1],
            /// Paced datagrams by how far from their release time they left, as the thread saw it: from that time to the
            /// return of the send call, either way; nothing for those that the kernel was given before their time, to keep
            /// it. One count a bucket of [`RELEASE_BOUNDS`], the last for all that were farther from it.
            pub release_buckets: [u64; RELEASE_BOUNDS.len() + 1],
        }

        #[derive(Debug, Default)]
        struct Shared {
            $($name: AtomicU64,)*
            latency_buckets: [AtomicU64; LATENCY_BOUNDS.len() + 1],
            release_buckets: [AtomicU64; RELEASE_BOUNDS.len() + 1],
        }

        impl Shared {
            fn store(&self, now: &Counters) {
                $(self.$name.store(now.$name, Relaxed);)*
                store_all(&self.latency_buckets, &now.latency_buckets);
                store_all(&self.release_buckets, &now.release_buckets);
            }

            fn load(&self) -> Counters {
                Counters {
                    $($name: self.$name.load(Relaxed),)*
                    latency_buckets: load_all(&self.latency_buckets),
                    release_buckets: load_all(&self.release_buckets),
                }
            }
        }
    };
}

/// Upper bounds of the latency histogram.
pub const LATENCY_BOUNDS: [Duration; 14] = [
    Duration::from_micros(10),
    Duration::from_micros(20),
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(200),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(2),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_secs(1),
];

/// Upper bounds of the histogram of release errors.
pub const RELEASE_BOUNDS: [Duration; 14] = [
    Duration::from_nanos(500),
    Duration::from_micros(2),
    Duration::from_micros(5),
    Duration::from_micros(10),
    Duration::from_micros(20),
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(200),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(2),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(100),
];

fn store_all<const N: usize>(cells: &[AtomicU64; N], values: &[u64; N]) {
    for (cell, &value) in cells.iter().zip(values) {
        cell.store(value, Relaxed);
    }
}

fn load_all<const N: usize>(cells: &[AtomicU64; N]) -> [u64; N] {
    cells.each_ref().map(|cell| cell.load(Relaxed))
}

counters! {
    /// Datagrams received, or made here.
    input_datagrams,
    /// Bytes of them, without IP and UDP headers.
    input_bytes,
    /// Datagrams that the kernel dropped because the socket's buffer was full (SO_RXQ_OVFL).
    dropped_kernel,
    /// Datagrams that came after their place in the RTP sequence was given up.
    dropped_late,
    /// Datagrams dropped because no pool slot was free.
    dropped_overflow,
    /// Datagrams dropped whole: RTP header cut short.
    malformed_rtp_truncated,
    /// Datagrams dropped whole: RTP version other than 2.
    malformed_rtp_version,
    /// Datagrams dropped whole: RTP padding that does not fit.
    malformed_rtp_padding,
    /// Datagrams dropped whole: longer than a pool slot.
    malformed_giant,
    /// Datagrams in which no transport packet was found.
    malformed_no_sync,
    /// Datagrams dropped whole: lengths or checksums of IP or UDP that are wrong. Told of by AF_XDP only: what goes through
    /// sockets is looked at and dropped by the kernel.
    malformed_checksum,
    /// Bytes skipped in search of a sync byte, in datagrams that held packets too.
    junk_bytes,
    /// Times that packet synchronisation was lost.
    sync_losses,
    /// RTP datagrams that never came.
    rtp_lost,
    /// RTP datagrams that came out of order and were put right.
    rtp_reordered,
    /// RTP datagrams that came twice.
    rtp_duplicates,
    /// Transport packets passed on, null packets included.
    ts_packets,
    /// Continuity counter errors (TR 101 290, 1.4).
    continuity_errors,
    /// Transport packets missing by the continuity counters: at most 15 can be told a gap. At least one an error where a flow
    /// is looked at for its continuity only.
    missing_packets,
    /// Datagrams sent, all outputs together.
    output_datagrams,
    /// Bytes of them, without IP and UDP headers, RTP headers included.
    output_bytes,
    /// Datagrams that an output refused (no route, interface down, queue full).
    output_errors,
    /// Datagrams made here and not sent, because another instance of the flow had them on air.
    suppressed_datagrams,
    /// Times that this instance went on air because nobody was.
    takeovers_nobody,
    /// Times that it went on air because the one that was fell silent.
    takeovers_silence,
    /// Times that the air was handed over to it.
    takeovers_hand_over,
    /// Times that it took the air back from a successor that was not heard.
    takeovers_taken_back,
    /// Times that it left the air to a successor, as planned.
    left_air_hand_over,
    /// Times that it left the air to another that goes before it.
    left_air_outranked,
    /// Times that it left the air because it had not run in time.
    left_air_stalled,
    /// Times that it left the air to another whose input is better.
    left_air_better_input,
    /// Times that it left the air to another that did not hear it.
    left_air_unheard,
    /// Times that somebody was told of who is none of the instances and sends to the group: once in ten seconds at most.
    strangers,
    /// Datagrams that this instance made and heard on air, the same.
    shadow_equal,
    /// Datagrams on air that this instance did not make.
    shadow_only_on_air,
    /// Datagrams that this instance made and that were not on air when later ones were.
    shadow_only_here,
    /// Times that the pace was anchored anew (a PCR jump, a long silence).
    pace_resets,
    /// Sum over the histogram of release errors, in nanoseconds.
    release_error_sum_nanos,
    /// Recordings saved.
    recordings,
    /// Recordings that could not be saved.
    recordings_failed,
    /// Sum over the latency histogram, in nanoseconds.
    latency_sum_nanos,
    /// Gauge: 1 while another instance of the flow has the air, or may have it.
    standby_gauge,
    /// Gauge: 1 while datagrams come in, 0 once the input has been silent for a second.
    input_up_gauge,
    /// Gauge: 1 while datagrams come by AF_XDP, 0 while they come through sockets or are made here.
    xdp_gauge,
    /// Gauge: outputs whose datagrams leave by AF_XDP.
    xdp_outputs_gauge,
    /// Gauge: UTC of the last datagram in, nanoseconds since the epoch; 0 before the first.
    last_input_utc_nanos_gauge,
    /// Gauge: receive buffer granted by the kernel in bytes; 0 for sources made here.
    receive_buffer_bytes_gauge,
    /// Gauge: memory that datagrams waiting in the input's socket took at most in the last second, in bytes, as the kernel
    /// counts it: the buffer is full at twice what it granted.
    input_queue_bytes_gauge,
    /// Gauge: who keeps the release times: 1 and more for those of [`Tier::ALL`](crate::stage::release::Tier::ALL); 0 if the
    /// flow is not paced.
    pacing_tier_gauge,
    /// Gauge: 1 while too many datagrams leave too far from their release time.
    pacing_degraded_gauge,
    /// Gauge: multiplex rate in bits a second, from the PCR; 0 while unknown.
    bitrate_gauge,
}

impl Counters {
    /// Datagrams dropped as malformed, all defects together.
    pub const fn dropped_malformed(&self) -> u64 {
        self.malformed_rtp_truncated
            + self.malformed_rtp_version
            + self.malformed_rtp_padding
            + self.malformed_giant
            + self.malformed_checksum
            + self.malformed_no_sync
    }

    /// Times that this instance went on air, for whatever reason.
    pub const fn takeovers(&self) -> u64 {
        self.takeovers_nobody + self.takeovers_silence + self.takeovers_hand_over + self.takeovers_taken_back
    }

    /// Counts a datagram that was forwarded `latency` after it was received.
    #[inline]
    pub fn observe_latency(&mut self, latency: Duration) {
        let bucket = LATENCY_BOUNDS.partition_point(|&bound| bound < latency);
        self.latency_buckets[bucket] += 1;
        self.latency_sum_nanos += u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
    }

    /// Counts a paced datagram that left so far from its release time.
    #[inline]
    pub fn observe_release(&mut self, error: Duration) {
        let bucket = RELEASE_BOUNDS.partition_point(|&bound| bound < error);
        self.release_buckets[bucket] += 1;
        self.release_error_sum_nanos += u64::try_from(error.as_nanos()).unwrap_or(u64::MAX);
    }

    /// Who keeps the release times; `None` if the flow is not paced.
    pub fn pacing_tier(&self) -> Option<Tier> {
        Tier::ALL.get(usize::try_from(self.pacing_tier_gauge).ok()?.checked_sub(1)?).copied()
    }
}

/// Where a flow's thread publishes its counters, once a turn; what inspection has found, once a second; and how it sees its
/// other instances, once a second and with each change of its role.
#[derive(Debug, Default)]
pub struct FlowStats {
    counters: Shared,
    report: Mutex<Arc<Report>>,
    pair: Mutex<Option<Arc<PairStatus>>>,
}

impl FlowStats {
    /// Replaces what is published. For the flow's own thread.
    pub fn publish(&self, counters: &Counters) {
        self.counters.store(counters);
    }

    /// What was published last. Each counter is exact; together they may be one turn apart.
    pub fn snapshot(&self) -> Counters {
        self.counters.load()
    }

    /// Replaces the report. For the flow's own thread.
    pub fn publish_report(&self, report: Report) {
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(report);
    }

    /// The report that was published last; an empty one before the first, and when the flow is not inspected in full.
    pub fn report(&self) -> Arc<Report> {
        Arc::clone(&self.report.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces how the flow sees its other instances. For the flow's own thread.
    pub fn publish_pair(&self, status: PairStatus) {
        *self.pair.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(status));
    }

    /// How the flow sees its other instances, as published last; `None` if there are to be none.
    pub fn pair(&self) -> Option<Arc<PairStatus>> {
        self.pair.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_is_what_is_read() {
        let mut counters = Counters { ts_packets: 7, malformed_giant: 1, malformed_no_sync: 2, ..Counters::default() };
        counters.observe_latency(Duration::from_micros(10));
        counters.observe_latency(Duration::from_secs(9));
        let stats = FlowStats::default();
        stats.publish(&counters);
        assert_eq!(stats.snapshot(), counters);
        assert_eq!(counters.dropped_malformed(), 3);
        assert_eq!((counters.latency_buckets[0], counters.latency_buckets[14]), (1, 1));
    }
}
