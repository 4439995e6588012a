//! Inspection of a transport stream: every packet is looked at where it lies, and what is wrong is counted by the
//! indicators of TR 101 290.
//!
//! [`Inspector::packet`] is on the data path: a packet that is simply the next of its PID costs a look at its bytes and two
//! lines of memory. All else (tables, clocks, stamps) is a few packets in a hundred.

mod accuracy;
pub mod alarm;
pub mod arrival;
mod delay_factor;
mod description;
mod event_pairs;
mod expect;
mod fingerprint;
pub mod indicator;
mod packet;
mod pcr;
mod pids;
mod presence;
mod rate;
pub mod report;
mod roles;
mod rule;
mod snapshot;
mod structure;
mod tables;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::time::Time;
use crate::wire::ts::Packet;

use alarm::{AlarmEvent, Alarms};
use fingerprint::Fingerprint;
use indicator::{Indicator, Offence};
use pids::Pids;
use presence::TableWatch;
use rate::{ClockSpan, Rate};
use roles::AccessWatch;
use structure::Structure;

/// Interval between two looks at what should have come.
pub const TICK: Duration = Duration::from_millis(100);

/// Inspects one stream.
#[derive(Debug, Default)]
pub struct Inspector {
    pids: Pids,
    alarms: Alarms,
    watch: TableWatch,
    access: AccessWatch,
    structure: Structure,
    packets: u64,
    missing_packets: u64,
    /// Packets whose place in the stream is known since this one: none was lost since.
    whole_since: u64,
    /// When the first packet came.
    start: Option<Time>,
    last_tick: Time,
    rate: Rate,
    clock: ClockSpan,
    pcr_error_nanos: Option<u64>,
    /// Packets before synchronisation was lost, until it is regained.
    lost_sync_at: Option<u64>,
    /// Times since the last tick that the tables changed the roles of PIDs.
    changes: u32,
}

impl Inspector {
    /// Takes the next packet.
    #[inline]
    pub fn packet(&mut self, at: Time, packet: Packet) {
        self.packets += 1;
        let pid = self.pids.of(packet, at);
        pid.packets += 1;
        pid.last = at;
        if packet.is_plain() && !pid.carries_sections() && pid.counter.advance(packet) {
            pid.fingerprint = Fingerprint::of(packet);
            return;
        }
        self.unusual(at, packet);
    }

    /// A packet came whose sync byte was wrong, though its neighbours are in step (1.2).
    pub fn bad_sync_byte(&mut self, at: Time, found: Option<u8>) {
        self.alarms.count(at, Indicator::SyncByteError, None, found.map_or(Offence::Found, Offence::Byte));
        self.lose_place();
    }

    /// Synchronisation is lost (1.1). The next packet has it again.
    pub fn sync_lost(&mut self, at: Time) {
        self.regain_sync(at);
        if self.lost_sync_at.is_none() {
            self.lost_sync_at = Some(self.packets);
            self.alarms.begin(at, Indicator::TsSyncLoss, None, Offence::Found);
        }
        self.lose_place();
    }

    /// Packets are known to be missing here: what follows is not where it would be.
    pub fn lose_place(&mut self) {
        self.whole_since = self.packets;
    }

    /// When [`Self::tick`] wants to be called.
    pub fn next_tick(&self) -> Time {
        self.last_tick + TICK
    }

    /// Looks at what should have come by now.
    pub fn tick(&mut self, now: Time) {
        self.last_tick = now;
        self.regain_sync(now);
        self.rate.tick(now, self.packets, &mut self.pids);
        if std::mem::take(&mut self.changes) > MOST_CHANGES {
            self.assign_roles(now);
        }
        self.watch.tick(now, &mut self.alarms);
        for pid in self.pids.iter_mut() {
            roles::tick(pid, now, &self.structure, &mut self.alarms);
        }
        self.access.tick(now, &self.pids, &self.structure, &mut self.alarms);
        self.alarms.tick(now);
    }

    /// Takes the alarms raised and cleared since the last call.
    pub fn drain_events(&mut self) -> impl Iterator<Item = AlarmEvent> {
        self.alarms.drain_events()
    }

    /// Whether an indicator of this priority, `1..=3`, is raised.
    pub fn is_raised(&self, priority: u8) -> bool {
        self.alarms.is_raised(priority)
    }

    /// Errors counted of an indicator.
    pub fn errors(&self, indicator: Indicator) -> u64 {
        self.alarms.get(indicator).errors
    }

    /// Continuity errors, all PIDs together.
    #[inline]
    pub fn continuity_errors(&self) -> u64 {
        self.errors(Indicator::ContinuityCountError)
    }

    /// Packets missing by the continuity counters, all PIDs together.
    #[inline]
    pub const fn missing_packets(&self) -> u64 {
        self.missing_packets
    }

    /// Largest error of a PCR in the last window of constant rate.
    pub fn pcr_error(&self) -> Option<Duration> {
        self.pcr_error_nanos.map(Duration::from_nanos)
    }

    fn regain_sync(&mut self, at: Time) {
        if self.lost_sync_at.is_some_and(|packets| packets < self.packets) {
            self.lost_sync_at = None;
            self.alarms.end(at, Indicator::TsSyncLoss);
        }
    }

    /// The tables say anew what the PIDs carry. When they do so all the time, some of it waits for the next tick.
    fn change_roles(&mut self, at: Time) {
        self.changes += 1;
        if self.changes <= MOST_CHANGES {
            self.assign_roles(at);
        }
    }

    fn assign_roles(&mut self, at: Time) {
        roles::assign(at, &self.structure, &mut self.pids, &mut self.watch, &mut self.alarms);
    }
}

/// Changes of roles between two ticks that take effect at once. With many PIDs they take time; a change of all of a
/// multiplex's tables is a few in a second.
const MOST_CHANGES: u32 = 16;
