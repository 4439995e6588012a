//! One reading of the whole file, which finds out all that playing it needs.

use std::collections::BTreeMap;
use std::io;

use super::clock::Clock;
use super::layout::Layout;
use super::reader::Reader;
use super::track::Track;
use crate::wire::ts::{NULL_PID, PACKET_LEN, Packet};

/// How often synchronisation may be lost in a file.
pub(super) const SYNC_LOSSES_MAX: usize = 1_000;

/// What a file holds.
#[derive(Default)]
pub(super) struct Survey {
    /// The pace, by the first PID with a PCR.
    pub(super) clock: Clock,
    /// That PID.
    pub(super) clock_pid: Option<u16>,
    /// Each PID but that of null packets.
    pub(super) tracks: BTreeMap<u16, Track>,
}

impl Survey {
    /// Reads the packets from the start of `layout` to the end of the file, or until synchronisation was lost
    /// [`SYNC_LOSSES_MAX`] times.
    pub(super) fn read(reader: &mut Reader, layout: &mut Layout) -> io::Result<Self> {
        let mut survey = Self::default();
        while layout.sync_losses() <= SYNC_LOSSES_MAX {
            let index = layout.packets();
            let Some(packet) = layout.extend(reader)? else { break };
            survey.observe(index, packet);
        }
        Ok(survey)
    }

    fn observe(&mut self, index: u64, bytes: &[u8; PACKET_LEN]) {
        let Some(packet) = Packet::new(bytes).filter(|packet| !packet.transport_error()) else { return };
        let pid = packet.pid();
        if pid == NULL_PID {
            return;
        }
        if let Some(field) = packet.adaptation()
            && let Some(pcr) = field.pcr()
            && *self.clock_pid.get_or_insert(pid) == pid
        {
            self.clock.observe(index, pcr, field.discontinuity());
        }
        self.tracks.entry(pid).or_default().observe(index, packet, self.clock.span_ticks());
    }
}
