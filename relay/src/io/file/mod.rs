//! A transport stream file as a channel: played once, or looped for ever without a seam.
//!
//! Opening reads the whole file once and keeps a small index of it: the moments of its PCRs (16 bytes each) and where
//! each PID's counter and stamps start and end. Playing then reads 64 KiB at a time and needs no more memory, however
//! long the file is.
//!
//! **Looped**, the file is a function of UTC. A round lasts `D`; round number `k` starts at `k * D` after 1970, and
//! each packet in it is due where the PCRs put it. PCR and OPCR are `k * D` ahead of the file's, PTS and DTS too, and
//! the continuity counters go on from the last packet of the round before. `D` is such that each audio and video
//! stream goes on with its next frame as soon as all of them can; what room is left at the seam takes null packets,
//! and PCRs if it is longer than 100 ms.
//!
//! A file cut out of a longer one starts at its first picture that needs no earlier one (random_access_indicator),
//! and is played without the halves of PES packets at its two ends, lest they be put together.
//!
//! **Once**, the file goes out as it is, packet by packet.
//!
//! Where the PCR jumps inside the file (steps back, goes ahead by more than 2 s, is flagged), the pace goes on at
//! the mean rate; the jump itself is sent as it is, and looped, the clock's way back at the seam is flagged.
//!
//! Left as they are: PTS and DTS of scrambled packets and of PES heads that do not fit one packet, ESCR, DTS_next_AU,
//! and what sections say (a TDT's time is that of the recording).

mod audio;
mod clock;
mod error;
mod layout;
mod open;
mod plan;
mod reader;
mod seam;
mod source;
mod stamp;
mod stamps;
mod survey;
#[cfg(test)]
mod tests;
mod timeline;
mod track;
mod unit;

pub use error::FileError;
pub use source::FileSource;

use self::open::Opened;
use crate::spec::FileInput;

/// Opens a file and reads it once from start to end. Its packets may be 188, 192 (m2ts) or 204 bytes apart; up to 1
/// MiB of junk may precede them, and junk between them is left out.
///
/// # Errors
/// [`FileError`] when the file cannot be read, holds nothing that could be played, or `packets_per_datagram` is 0.
pub fn open(input: &FileInput, packets_per_datagram: usize) -> Result<FileSource, FileError> {
    Opened::open(input, packets_per_datagram).map(|opened| FileSource::new(opened, input, packets_per_datagram))
}
