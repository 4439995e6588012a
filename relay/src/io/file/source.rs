//! Plays an opened file.

use std::io;
use std::time::Duration;

use super::layout::Layout;
use super::open::Opened;
use super::plan::Plan;
use super::reader::Reader;
use super::seam::{Content, Seam};
use super::stamp::{Shift, Stamper};
use super::survey::Survey;
use super::timeline::Timeline;
use crate::io::Generator;
use crate::spec::FileInput;
use crate::time::{Utc, nanos_to_ticks, ticks_to_nanos};
use crate::wire::ts::{NULL_PACKET, PACKET_LEN, SYNC_BYTE};

/// A transport stream file being played.
pub struct FileSource {
    reader: Reader,
    layout: Layout,
    plan: Plan,
    timeline: Timeline,
    packets_per_datagram: u64,
    /// The next datagram of the round.
    datagram: u64,
    mode: Mode,
}

enum Mode {
    /// The first datagram is due at `start`, or would have been.
    Once { start: Utc },
    /// In round number `round` since 1970.
    Looped { round: u64, stamper: Stamper, seam: Seam },
}

impl FileSource {
    pub(super) fn new(opened: Opened, input: &FileInput, packets_per_datagram: usize) -> Self {
        let Opened { reader, layout, survey, plan } = opened;
        let (stamper, rate) = (Stamper::new(&survey), plan.seam(&survey.clock));
        let Survey { clock, tracks, .. } = survey;
        let timeline = Timeline::new(clock, plan);
        let mode = if input.looped {
            let seam = Seam::new(&tracks, layout.packets(), plan, rate, &timeline);
            Mode::Looped { round: 0, stamper, seam }
        } else {
            Mode::Once { start: Utc::default() }
        };
        let packets_per_datagram = packets_per_datagram as u64;
        Self { reader, layout, plan, timeline, packets_per_datagram, datagram: 0, mode }
    }

    /// How long the file lasts; looped, from one round to the next.
    pub const fn duration(&self) -> Duration {
        Duration::from_nanos(ticks_to_nanos(self.plan.ticks))
    }

    /// Datagrams in a round.
    pub const fn datagrams(&self) -> u64 {
        self.plan.slots / self.packets_per_datagram
    }

    /// When the first round after `now` starts, the file being looped.
    pub const fn next_round(&self, now: Utc) -> Utc {
        Utc(ticks_to_nanos((nanos_to_ticks(now.0) / self.plan.ticks + 1) * self.plan.ticks))
    }

    fn first_slot(&self) -> u64 {
        self.datagram * self.packets_per_datagram
    }

    fn write_packet(&mut self, slot: u64, out: &mut [u8; PACKET_LEN]) -> io::Result<()> {
        let Mode::Looped { round, stamper, seam } = &self.mode else {
            *out = if slot < self.layout.packets() {
                file_packet(&mut self.reader, &self.layout, slot)?
            } else {
                NULL_PACKET
            };
            return Ok(());
        };
        let shift = Shift::new(*round, self.plan.ticks);
        match seam.content(slot) {
            Content::File(packet) => {
                *out = file_packet(&mut self.reader, &self.layout, packet)?;
                stamper.stamp(out, packet, shift);
            }
            Content::Pcr(clock) => *out = clock.packet(self.timeline.ticks_at(slot), shift, stamper),
            Content::Null => *out = NULL_PACKET,
        }
        Ok(())
    }

    fn advance(&mut self) {
        self.datagram += 1;
        if let Mode::Looped { round, .. } = &mut self.mode
            && self.datagram == self.plan.slots / self.packets_per_datagram
        {
            (*round, self.datagram) = (*round + 1, 0);
        }
    }
}

impl Generator for FileSource {
    /// Looped, moves to what is due at `now`, in the middle of a round as a rule. Played once, the file starts now,
    /// or goes on from now where it stopped: no part of it is skipped.
    fn seek(&mut self, now: Utc) {
        let datagrams = self.datagrams();
        match &mut self.mode {
            Mode::Once { start } => {
                let played = self.timeline.ticks_at(self.datagram * self.packets_per_datagram);
                *start = now - Duration::from_nanos(ticks_to_nanos(played));
            }
            Mode::Looped { round, .. } => {
                let ticks = ticks_from(now);
                *round = ticks / self.plan.ticks;
                self.datagram = self.timeline.step_at(ticks % self.plan.ticks, self.packets_per_datagram, datagrams);
                if self.datagram == datagrams {
                    (*round, self.datagram) = (*round + 1, 0);
                }
            }
        }
    }

    fn due(&self) -> Option<Utc> {
        let ticks = self.timeline.ticks_at(self.first_slot());
        match self.mode {
            Mode::Once { .. } if self.datagram >= self.datagrams() => None,
            Mode::Once { start } => Some(start + Duration::from_nanos(ticks_to_nanos(ticks))),
            Mode::Looped { round, .. } => Some(Utc(ticks_to_nanos(round * self.plan.ticks + ticks))),
        }
    }

    fn number(&self) -> Option<u64> {
        match self.mode {
            Mode::Once { .. } => None,
            Mode::Looped { round, .. } => Some(round.wrapping_mul(self.datagrams()).wrapping_add(self.datagram)),
        }
    }

    /// Besides failures to read: `InvalidInput` when `buffer` is shorter than a datagram.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.due().is_none() {
            return Ok(0);
        }
        let len = self.packets_per_datagram as usize * PACKET_LEN;
        let too_short = || io::Error::new(io::ErrorKind::InvalidInput, format!("a datagram takes {len} bytes"));
        let (packets, _) = buffer.get_mut(..len).ok_or_else(too_short)?.as_chunks_mut::<PACKET_LEN>();
        for (slot, packet) in (self.first_slot()..).zip(packets) {
            self.write_packet(slot, packet)?;
        }
        self.advance();
        Ok(len)
    }
}

/// Packet number `packet` of the file, a null packet if the file was changed there since it was opened.
fn file_packet(reader: &mut Reader, layout: &Layout, packet: u64) -> io::Result<[u8; PACKET_LEN]> {
    let packet = reader.packet(layout.offset(packet))?;
    Ok(if packet[0] == SYNC_BYTE { *packet } else { NULL_PACKET })
}

/// The first tick of 27 MHz at or after `utc`.
const fn ticks_from(utc: Utc) -> u64 {
    let ticks = nanos_to_ticks(utc.0);
    if ticks_to_nanos(ticks) < utc.0 { ticks + 1 } else { ticks }
}
