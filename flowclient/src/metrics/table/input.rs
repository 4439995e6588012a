//! What comes in.

use prometheus::proto::MetricType::{COUNTER, GAUGE};
use relay::spec::Engine;
use relay::stats::Counters;

use super::{Family, each_flow, known, of_flow, of_flow_by};

pub(super) const FAMILIES: &[Family] = &[
    of_flow_by!(
        "input",
        "flowclient_input_datagrams_total",
        "Datagrams received, or made here by a file or test source, by input leg.",
        "1" => |counters| counters.input_datagrams,
    ),
    of_flow_by!(
        "input",
        "flowclient_input_bytes_total",
        "Bytes of the input datagrams, without IP and UDP headers, by input leg.",
        "1" => |counters| counters.input_bytes,
    ),
    of_flow!(
        GAUGE "flowclient_input_up",
        "1 while datagrams come in, 0 once the input has been silent for a second.",
        |flow| Some(flow.counters.input_up_gauge as f64)
    ),
    Family {
        name: "flowclient_input_engine",
        help: "1 for the way by which datagrams come now: xdp, or socket (also for sources made here).",
        kind: GAUGE,
        labels: &["flow", "engine"],
        fill: |scene, series| {
            for flow in &scene.flows {
                let engine = if flow.counters.xdp_gauge == 1 { Engine::Xdp } else { Engine::Socket };
                series.add(&[&flow.name, engine.as_str()], Some(1.0));
            }
        },
    },
    of_flow!(
        GAUGE "flowclient_input_last_datagram_timestamp_seconds",
        "Unix time of the last datagram in; absent before the first.",
        |flow| known(flow.counters.last_input_utc_nanos_gauge).map(|nanos| nanos / 1e9)
    ),
    of_flow!(
        GAUGE "flowclient_input_receive_buffer_bytes",
        "Receive buffer that the kernel granted; absent for sources made here. Raise the limit with net.core.rmem_max.",
        |flow| known(flow.counters.receive_buffer_bytes_gauge)
    ),
    of_flow_by!(
        "reason",
        "flowclient_input_dropped_total",
        "Datagrams received and not passed on: kernel = socket buffer full, malformed = no valid RTP or transport \
         packets, late = after their place in the RTP sequence was given up, overflow = no buffer free.",
        "kernel" => |counters| counters.dropped_kernel,
        "malformed" => Counters::dropped_malformed,
        "late" => |counters| counters.dropped_late,
        "overflow" => |counters| counters.dropped_overflow,
    ),
    of_flow_by!(
        "defect",
        "flowclient_input_malformed_total",
        "Datagrams dropped as malformed, by what is wrong with them.",
        "rtp_truncated" => |counters| counters.malformed_rtp_truncated,
        "rtp_version" => |counters| counters.malformed_rtp_version,
        "rtp_padding" => |counters| counters.malformed_rtp_padding,
        "giant" => |counters| counters.malformed_giant,
        "no_sync" => |counters| counters.malformed_no_sync,
        "checksum" => |counters| counters.malformed_checksum,
    ),
    of_flow!(
        COUNTER "flowclient_input_junk_bytes_total",
        "Bytes skipped in search of a sync byte, in datagrams that held transport packets too.",
        |flow| Some(flow.counters.junk_bytes as f64)
    ),
    of_flow!(
        COUNTER "flowclient_input_sync_losses_total",
        "Times that transport packet synchronisation was lost.",
        |flow| Some(flow.counters.sync_losses as f64)
    ),
    of_flow!(
        COUNTER "flowclient_input_lost_total",
        "RTP datagrams that never came, by their sequence numbers.",
        |flow| Some(flow.counters.rtp_lost as f64)
    ),
    of_flow!(
        COUNTER "flowclient_input_reordered_total",
        "RTP datagrams that came out of order and were put right.",
        |flow| Some(flow.counters.rtp_reordered as f64)
    ),
    of_flow!(
        COUNTER "flowclient_input_duplicates_total",
        "RTP datagrams that came twice; the second was dropped.",
        |flow| Some(flow.counters.rtp_duplicates as f64)
    ),
    of_flow!(
        COUNTER "flowclient_ts_packets_total",
        "Transport packets of 188 bytes passed on, null packets included.",
        |flow| Some(flow.counters.ts_packets as f64)
    ),
    of_flow!(
        GAUGE "flowclient_ts_rate_bytes_per_second",
        "Multiplex rate as its PCR says, null packets included; absent while unknown. Times 8 for bits.",
        |flow| known(flow.counters.bitrate_gauge).map(|bits| bits / 8.0)
    ),
];
