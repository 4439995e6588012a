//! Synthetic channels: a test card with a clock, and a beep at each second, made here and valid to any player.
//!
//! A channel is a function of UTC: which packet leaves at a moment, and each of its bytes, follows from the moment alone.
//! Two instances that were started at different times, on different machines, emit the same bytes at the same time.
//!
//! - A schedule plans three seconds, the same for all time: which packet carries what, the others being null.
//! - A picture is drawn of flat squares and coded by a small H.264 writer; sound is a tone written straight into MPEG-1
//!   Layer II frames.
//! - The picture's clock reads `HH:MM:SS:FF` (UTC, and the picture's number in its second). For machines the same is in
//!   a row of 37 white or black cells: bit `i`, most significant first, has its centre at pixel `64 + 32 * i, 680` of
//!   1280x720; 5 bits are the picture's number, 32 bits the seconds since the epoch.
//! - The number in the label, if there is one, is the program's number and gives the beep's pitch. Letters are A to Z and
//!   digits; characters that have no shape are left blank on the picture, not in the tables.
//! - The rate is the highest with a whole number of datagrams in three seconds that is not above the one asked for.
//! - Everything is presented 400 ms after the moment that it is of.

mod audio;
mod bits;
mod card;
mod face;
mod font;
mod h264;
mod packet;
mod picture;
mod schedule;
mod tables;
#[cfg(test)]
mod tests;
mod video;

use std::io;

use thiserror::Error;

use super::Generator;
use crate::spec::{MOST_PACKETS_PER_DATAGRAM, TestInput};
use crate::time::{Ticks27, Utc};
use crate::wire::psi::{self, BuildError};
use crate::wire::ts::{NULL_PACKET, PACKET_LEN};
use audio::Audio;
use packet::{MediaPacket, write_section};
use schedule::{AUDIO_PARTS, AUDIO_UNITS, Load, PERIOD_SECONDS, PERIOD_TICKS, Planned, Schedule};
use tables::Tables;
use video::Video;

const PERIOD_NANOS: u64 = PERIOD_SECONDS * 1_000_000_000;

/// Why there is no such channel.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SyntheticError {
    /// The bitrate is too low for the pictures, or too high.
    #[error("bitrate of {bitrate} b/s is out of range: {lowest} to {highest} b/s for this channel", highest = TestInput::HIGHEST_BITRATE)]
    Bitrate {
        /// Asked for.
        bitrate: u64,
        /// The lowest for this label, name and pattern.
        lowest: u64,
    },
    /// So many packets are not a datagram.
    #[error("{0} packets in a datagram are out of range: 1 to {MOST_PACKETS_PER_DATAGRAM}")]
    PacketsPerDatagram(usize),
    /// The label has so many characters.
    #[error("label of {0} characters is out of range: 1 to {longest}", longest = TestInput::LONGEST_LABEL)]
    Label(usize),
    /// The service's name has so many bytes.
    #[error("service name of {0} bytes is out of range: 1 to {longest}", longest = TestInput::LONGEST_NAME)]
    Name(usize),
    /// A table cannot be built.
    #[error("table of the channel cannot be built: {0}")]
    Section(#[from] BuildError),
}

/// A synthetic channel, ready to emit its datagrams in turn.
#[derive(Debug)]
pub struct SyntheticChannel {
    schedule: Schedule,
    video: Video,
    audio: Audio,
    tables: Tables,
    /// Periods since the epoch.
    period: u64,
    /// The next datagram of the period.
    datagram: u32,
    /// The first packet of the plan that has not left.
    next_planned: usize,
}

impl SyntheticChannel {
    /// The channel that `input` describes, `1..=348` packets a datagram, at the epoch: [`Generator::seek`] comes first.
    ///
    /// # Errors
    /// [`SyntheticError`] when something is out of its range.
    pub fn new(input: &TestInput, packets_per_datagram: usize) -> Result<Self, SyntheticError> {
        check_texts(input)?;
        let slots_a_datagram = match packets_per_datagram {
            packets @ 1..=MOST_PACKETS_PER_DATAGRAM => packets as u32,
            packets => return Err(SyntheticError::PacketsPerDatagram(packets)),
        };
        let program = program_number(&input.label);
        let mut video = Video::new(input);
        Ok(Self {
            schedule: plan(input.bitrate, slots_a_datagram, &mut video)?,
            video,
            audio: Audio::new(program),
            tables: Tables::new(program, &input.name)?,
            period: 0,
            datagram: 0,
            next_planned: 0,
        })
    }

    /// The channel's exact rate in bits a second, rounded down, null packets included.
    pub const fn bitrate(&self) -> u64 {
        self.schedule.bitrate()
    }

    /// Writes the packet of `slot` of the period.
    fn write(&mut self, slot: u32, packet: &mut [u8; PACKET_LEN]) {
        match self.schedule.planned.get(self.next_planned) {
            Some(&planned) if planned.slot == slot => {
                self.next_planned += 1;
                self.write_planned(planned, packet);
            }
            _ => *packet = NULL_PACKET,
        }
    }

    fn write_planned(&mut self, planned: Planned, packet: &mut [u8; PACKET_LEN]) {
        let (pid, continuity) = (planned.load.pid(), planned.continuity(self.period));
        let first_second = self.period * PERIOD_SECONDS;
        match planned.load {
            Load::Video { second, picture, part, clock } => {
                let pcr = clock.then(|| self.clock(planned.slot));
                let parts = self.schedule.parts.of(picture);
                let pes = self.video.pes(first_second + u64::from(second), picture);
                let (unit_start, payload) = (part == 0, share(pes, part, parts));
                let random_access = unit_start && picture == 0;
                MediaPacket { pid, continuity, unit_start, random_access, pcr, payload }.write(packet);
            }
            Load::Audio { unit, part } => {
                let pes = self.audio.pes(self.period * u64::from(AUDIO_UNITS) + u64::from(unit));
                let (unit_start, payload) = (part == 0, share(pes, part, AUDIO_PARTS));
                MediaPacket { pid, continuity, unit_start, random_access: unit_start, pcr: None, payload }
                    .write(packet);
            }
            Load::Table { table, second } => {
                let now = Utc((first_second + u64::from(second)) * 1_000_000_000);
                let time = psi::time_and_date(now);
                write_section(packet, pid, continuity, self.tables.section(table).unwrap_or(&time));
            }
        }
    }

    /// The system time clock when the packet of `slot` leaves, in any period.
    fn clock(&self, slot: u32) -> Ticks27 {
        Ticks27::wrapping(self.period * PERIOD_TICKS).plus(self.schedule.slot_ticks(slot))
    }
}

impl Generator for SyntheticChannel {
    fn seek(&mut self, now: Utc) {
        let datagrams = u64::from(self.schedule.datagrams());
        let in_period = u128::from(now.0 % PERIOD_NANOS) * u128::from(datagrams);
        let datagram = in_period.div_ceil(u128::from(PERIOD_NANOS)) as u64;
        self.period = now.0 / PERIOD_NANOS + datagram / datagrams;
        self.datagram = (datagram % datagrams) as u32;
        let slot = self.datagram * self.schedule.slots_a_datagram;
        self.next_planned = self.schedule.planned.partition_point(|planned| planned.slot < slot);
    }

    fn due(&self) -> Option<Utc> {
        let in_period = u64::from(self.datagram) * PERIOD_NANOS / u64::from(self.schedule.datagrams());
        Some(Utc(self.period * PERIOD_NANOS + in_period))
    }

    fn number(&self) -> Option<u64> {
        Some(self.period.wrapping_mul(u64::from(self.schedule.datagrams())).wrapping_add(u64::from(self.datagram)))
    }

    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.schedule.slots_a_datagram as usize * PACKET_LEN;
        let too_small = || io::Error::new(io::ErrorKind::InvalidInput, format!("buffer is smaller than {len} bytes"));
        let (packets, _) = buffer.get_mut(..len).ok_or_else(too_small)?.as_chunks_mut();
        for (slot, packet) in (self.datagram * self.schedule.slots_a_datagram..).zip(packets) {
            self.write(slot, packet);
        }
        self.datagram += 1;
        if self.datagram == self.schedule.datagrams() {
            (self.period, self.datagram, self.next_planned) = (self.period + 1, 0, 0);
        }
        Ok(len)
    }
}

fn check_texts(input: &TestInput) -> Result<(), SyntheticError> {
    let (label_len, name_len) = (input.label.chars().count(), input.name.len());
    if !(1..=TestInput::LONGEST_LABEL).contains(&label_len) {
        return Err(SyntheticError::Label(label_len));
    }
    if !(1..=TestInput::LONGEST_NAME).contains(&name_len) {
        return Err(SyntheticError::Name(name_len));
    }
    Ok(())
}

/// The first number in the label, 1 if it has none that can be a program's.
fn program_number(label: &str) -> u16 {
    let digits = label.split(|character: char| !character.is_ascii_digit()).find(|digits| !digits.is_empty());
    digits.and_then(|digits| digits.parse().ok()).filter(|&number| number > 0).unwrap_or(1)
}

fn plan(bitrate: u64, slots_a_datagram: u32, video: &mut Video) -> Result<Schedule, SyntheticError> {
    let parts = schedule::PictureParts::holding(video.longest_refresh(), video.longest_change());
    let lowest = Schedule::lowest_bitrate(slots_a_datagram, parts);
    let in_range = bitrate <= TestInput::HIGHEST_BITRATE;
    let schedule = in_range.then(|| Schedule::new(bitrate, slots_a_datagram, parts)).flatten();
    schedule.ok_or(SyntheticError::Bitrate { bitrate, lowest })
}

/// Part number `part` of a PES packet that is cut into `parts` as equal as can be.
fn share(pes: &[u8], part: u32, parts: u32) -> &[u8] {
    let cut = |part: u32| pes.len() * part as usize / parts as usize;
    &pes[cut(part)..cut(part + 1)]
}
