//! One reading of the whole file, which finds out all that playing it needs.

use std::collections::BTreeMap;
use std::io;

use super::clock::Clock;
use super::layout::Layout;
use super::reader::Reader;
use super::track::Track;
use crate::time::Ticks27;
use crate::wire::pes::PesHead;
use crate::wire::ts::{NULL_PID, PACKET_LEN, Packet};

/// How often synchronisation may be lost in a file.
pub(super) const SYNC_LOSSES_MAX: usize = 1_000;
/// Pictures at the start that need earlier ones are given up for one that does not, if it follows within this time.
const LATE_ENTRY_MAX: u64 = 10 * Ticks27::HZ;

/// What a file holds.
#[derive(Default)]
pub(super) struct Survey {
    /// The pace, by the first PID with a PCR.
    pub(super) clock: Clock,
    /// Each PID but that of null packets.
    pub(super) tracks: BTreeMap<u16, Track>,
    /// The first packet that a decoder of video can start with, when pictures that need earlier ones precede it.
    pub(super) late_entry: Option<u64>,
    clock_pid: Option<u16>,
    video_pid: Option<u16>,
    has_entry: bool,
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
        if !self.has_entry && packet.unit_start() {
            self.look_for_entry(index, packet);
        }
        self.tracks.entry(pid).or_default().observe(index, packet, self.clock.span_ticks());
    }

    /// Looks for a picture of the first video PID to start with (2.4.3.5, random_access_indicator).
    fn look_for_entry(&mut self, index: u64, packet: Packet<'_>) {
        let is_video = || PesHead::parse(packet.payload()).is_some_and(|head| head.is_video());
        if self.video_pid.is_none() && is_video() {
            self.video_pid = Some(packet.pid());
            self.has_entry = is_entry(packet);
        } else if self.video_pid == Some(packet.pid()) && is_entry(packet) {
            self.has_entry = true;
            self.late_entry = Some(index).filter(|_| self.clock.span_ticks() <= LATE_ENTRY_MAX);
        }
    }

    /// Whether the file was surely cut out of a longer one.
    pub(super) fn is_cut(&self) -> bool {
        self.late_entry.is_some() || self.tracks.values().any(Track::is_cut)
    }

    /// Leaves out the last unit of each PID that is not whole.
    pub(super) fn drop_broken_units(&mut self, file_is_cut: bool) {
        self.tracks.values_mut().for_each(|track| track.drop_broken_unit(file_is_cut));
    }
}

fn is_entry(packet: Packet<'_>) -> bool {
    packet.adaptation().is_some_and(|field| field.random_access())
}
