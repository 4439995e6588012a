//! Streams made by hand: packets as they are told, each at its time, shown to an inspector that is ticked as it wants.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::Inspector;
use super::super::alarm::AlarmEvent;
use super::super::indicator::Indicator;
use super::packet::TsPacket;
use crate::time::{Ticks27, Time};
use crate::wire::ts::{PACKET_LEN, Packet};

/// An inspector and the stream that it is shown.
pub(super) struct Stream {
    pub(super) inspector: Inspector,
    pub(super) now: Time,
    next_counter: BTreeMap<u16, u8>,
    events: Vec<AlarmEvent>,
}

impl Stream {
    /// Nothing yet, an hour after the clock's start.
    pub(super) fn new() -> Self {
        Self {
            inspector: Inspector::default(),
            now: Time(0) + Duration::from_secs(3_600),
            next_counter: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    /// Sends these bytes now.
    pub(super) fn send_bytes(&mut self, bytes: &[u8; PACKET_LEN]) {
        self.inspector.packet(self.now, Packet::new(bytes).unwrap());
    }

    /// Sends a packet now, its counter as it is.
    pub(super) fn send_as_is(&mut self, packet: TsPacket) {
        self.send_bytes(&packet.bytes());
    }

    /// Sends a packet now, with the counter that is right for it.
    pub(super) fn send(&mut self, packet: TsPacket) {
        let counter = self.next_counter.entry(packet.pid()).or_default();
        let (mine, next) =
            if packet.has_payload() { (*counter, (*counter + 1) & 0x0F) } else { ((*counter + 15) & 0x0F, *counter) };
        *counter = next;
        self.send_as_is(packet.counter(mine));
    }

    /// Leaves out the PID's next packets.
    pub(super) fn lose(&mut self, pid: u16, packets: u8) {
        let counter = self.next_counter.entry(pid).or_default();
        *counter = (*counter + packets) & 0x0F;
    }

    /// Sends a section now, in as many packets as it takes.
    pub(super) fn section(&mut self, pid: u16, section: &[u8]) {
        for packet in TsPacket::of_section(pid, section) {
            self.send(packet);
        }
    }

    /// Lets time pass; the inspector is ticked each time that it wants.
    pub(super) fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        while self.inspector.next_tick() <= end {
            self.now = self.now.max(self.inspector.next_tick());
            self.inspector.tick(self.now);
            self.events.extend(self.inspector.drain_events());
        }
        self.now = end;
    }

    /// [`Self::wait`] for milliseconds.
    pub(super) fn wait_millis(&mut self, millis: u64) {
        self.wait(Duration::from_millis(millis));
    }

    /// Time by the stream's clock.
    pub(super) fn pcr(&self) -> Ticks27 {
        Ticks27::wrapping((u128::from(self.now.0) * 27 / 1_000) as u64)
    }

    /// Errors of an indicator.
    pub(super) fn errors(&self, indicator: Indicator) -> u64 {
        self.inspector.errors(indicator)
    }

    /// Each indicator that has errors, with their number.
    pub(super) fn all_errors(&self) -> Vec<(Indicator, u64)> {
        let counted = Indicator::ALL.map(|indicator| (indicator, self.errors(indicator)));
        counted.into_iter().filter(|&(_, errors)| errors > 0).collect()
    }

    /// Whether an indicator's alarm is raised.
    pub(super) fn is_raised(&self, indicator: Indicator) -> bool {
        self.inspector.alarms.get(indicator).since.is_some()
    }

    /// Alarms raised and cleared since the last call.
    pub(super) fn events(&mut self) -> Vec<AlarmEvent> {
        self.events.extend(self.inspector.drain_events());
        std::mem::take(&mut self.events)
    }
}
