//! Source, two hosts and a viewer on switches.

use super::channel::{Channel, Source};
use super::tape::Tape;
use crate::lab::{Segment, Sender, until};

/// Where the source sends to.
pub(super) const IN_GROUP: &str = "239.9.0.1:5001";
/// Where the viewer listens.
pub(super) const OUT_GROUP: &str = "239.9.0.2:5002";

#[derive(Debug)]
pub(super) struct Lab {
    pub(super) segment: Segment,
}

impl Lab {
    pub(super) fn new() -> Self {
        Self { segment: Segment::new(2) }
    }

    /// Begins to send the channel.
    pub(super) fn source(&self, channel: Channel) -> Source {
        Source::start(Sender::new(&self.segment.source, Segment::SOURCE, IN_GROUP), channel)
    }

    /// Lets programs on `host` that name no interface find both groups.
    pub(super) fn route_groups(&self, host: usize) {
        for (group, interface) in [(IN_GROUP, "in0"), (OUT_GROUP, "out0")] {
            let address = group.split(':').next().unwrap_or(group);
            self.segment.hosts[host].ip(&format!("route add {address} dev {interface}"));
        }
    }

    /// Begins to record what comes to the viewer.
    pub(super) fn viewer(&self) -> Tape {
        Tape::start(&self.segment.viewer, "eth0", OUT_GROUP)
    }
}

/// Waits until so many more datagrams have come.
pub(super) fn wait_for_more(tape: &Tape, count: usize) {
    let wanted = tape.count() + count;
    until("more datagrams at the viewer", || (tape.count() >= wanted).then_some(()));
}
