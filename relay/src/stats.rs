//! Counters of a flow: written by its thread alone, read by anybody as a snapshot.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::stage::inspect::report::Report;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A flow's counters at one moment. All but the gauges (named so) only grow.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)*
            /// Datagrams by the time from the kernel's receive stamp to the return of the send call;
            /// one count a bucket of [`LATENCY_BOUNDS`], the last for all that took longer.
            pub latency_buckets: [u64; LATENCY_BOUNDS.len() + 1],
        }

        #[derive(Debug, Default)]
        struct Shared {
            $($name: AtomicU64,)*
            latency_buckets: [AtomicU64; LATENCY_BOUNDS.len() + 1],
        }

        impl Shared {
            fn store(&self, now: &Counters) {
                $(self.$name.store(now.$name, Relaxed);)*
                for (cell, value) in self.latency_buckets.iter().zip(now.latency_buckets) {
                    cell.store(value, Relaxed);
                }
            }

            fn load(&self) -> Counters {
                let mut latency_buckets = [0; LATENCY_BOUNDS.len() + 1];
                for (value, cell) in latency_buckets.iter_mut().zip(&self.latency_buckets) {
                    *value = cell.load(Relaxed);
                }
                Counters { $($name: self.$name.load(Relaxed),)* latency_buckets }
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
    /// Times that the pace was anchored anew (a PCR jump, a long silence).
    pace_resets,
    /// Recordings saved.
    recordings,
    /// Recordings that could not be saved.
    recordings_failed,
    /// Sum over the latency histogram, in nanoseconds.
    latency_sum_nanos,
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

    /// Counts a datagram that was forwarded `latency` after it was received.
    #[inline]
    pub fn observe_latency(&mut self, latency: Duration) {
        let bucket = LATENCY_BOUNDS.partition_point(|&bound| bound < latency);
        self.latency_buckets[bucket] += 1;
        self.latency_sum_nanos += u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
    }
}

/// Where a flow's thread publishes its counters, once a turn, and what inspection has found, once a second.
#[derive(Debug, Default)]
pub struct FlowStats {
    counters: Shared,
    report: Mutex<Arc<Report>>,
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
