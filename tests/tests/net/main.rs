//! The net tier: flowclient between a source and a sink, in network namespaces. Needs root.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a lab that cannot be built is a failed test")]

mod addresses;
mod bytes;
mod captures;
mod causes;
mod channel;
mod doctor;
mod ending;
mod engines;
mod identical;
mod inspect;
mod inspection;
mod lab;
mod looping;
mod many;
mod moves;
mod pacing;
mod pair;
mod pair_rtp;
mod prometheus;
mod record;
mod recovery;
mod refusals;
mod reload;
mod rtp;
mod shapes;
mod threads;
mod watching;

/// The input that most tests send to, by the interface that it comes in on.
const IN: &str = "udp://239.9.9.9:5000?iface=in0";
/// Where the source sends to for [`IN`].
const SEND_TO: &str = "239.9.9.9:5000";
/// The output that most tests listen to.
const OUT: &str = "udp://239.1.1.7:5000?iface=out0";
/// Where the sink listens for [`OUT`].
const HEARD_AT: &str = "239.1.1.7:5000";
