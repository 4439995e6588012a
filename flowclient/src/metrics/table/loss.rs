//! Losses, and what the host has to say to them.

use prometheus::proto::MetricType::{COUNTER, GAUGE};
use relay::event::LossCause;

use super::{Family, Scene, Series, each_flow, of_flow};

pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "flowclient_loss_total",
        help: "Transport packets lost at the input, by cause: upstream = they did not come to this host, network = dropped at \
               this host's interface or in its protocol stack, host = the socket was full and the process was kept from \
               running, process = the socket or the pool was full though the process could run. A datagram counts as the \
               packets that it holds on average; a gap in the continuity counters as at most 15 a PID.",
        kind: COUNTER,
        labels: &["flow", "cause"],
        fill: loss,
    },
    of_flow!(
        GAUGE "flowclient_input_queue_bytes",
        "Memory that datagrams waiting in the input's socket took at most in the last seconds, as the kernel counts it: full \
         at twice flowclient_input_receive_buffer_bytes. Absent for sources made here.",
        |flow| {
            let has_socket = flow.counters.receive_buffer_bytes_gauge > 0;
            has_socket.then_some(flow.counters.input_queue_bytes_gauge as f64)
        }
    ),
    Family {
        name: "flowclient_interface_dropped_total",
        help: "Packets dropped by an interface that flows come in at or by the queue behind it, whoever they were for: want of \
               room, or nobody who takes them.",
        kind: COUNTER,
        labels: &["interface"],
        fill: interfaces,
    },
    Family {
        name: "flowclient_cgroup_throttled_seconds_total",
        help: "Time that the CPU quota of the process' control groups kept them from running, all CPUs together; absent \
               without such a group.",
        kind: COUNTER,
        labels: &[],
        fill: |scene, series| series.add(&[], scene.host.throttled.map(|span| span.as_secs_f64())),
    },
    Family {
        name: "flowclient_run_queue_wait_seconds_total",
        help: "Time that the threads that relay were ready to run and waited for a CPU.",
        kind: COUNTER,
        labels: &[],
        fill: |scene, series| series.add(&[], scene.host.waited.map(|span| span.as_secs_f64())),
    },
];

fn loss(scene: &Scene, series: &mut Series) {
    for flow in &scene.flows {
        for cause in LossCause::ALL {
            series.add(&[&flow.name, cause.name()], flow.loss.of(cause) as f64);
        }
    }
}

fn interfaces(scene: &Scene, series: &mut Series) {
    for (interface, &dropped) in &scene.host.dropped {
        series.add(&[interface], dropped as f64);
    }
}
