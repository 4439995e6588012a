//! Why a file cannot be a source.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a file cannot be played.
#[derive(Debug, Error)]
pub enum FileError {
    /// The file cannot be opened or read.
    #[error("cannot read {path}: {reason}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The kernel's reason.
        reason: io::Error,
    },
    /// The path names a directory, a pipe or a device.
    #[error("{path} is not a regular file; a file source reads it at any place, so it must be one")]
    NotRegular {
        /// The path.
        path: PathBuf,
    },
    /// No run of sync bytes was found.
    #[error(
        "{path} is not a transport stream: no {wanted} sync bytes (0x47) 188, 192 or 204 bytes apart \
         in its first {searched} bytes"
    )]
    NoSync {
        /// The file.
        path: PathBuf,
        /// Sync bytes in a row that would have been enough.
        wanted: usize,
        /// Bytes looked at.
        searched: u64,
    },
    /// Packet synchronisation is lost again and again.
    #[error("{path} loses packet synchronisation more than {limit} times, last at byte {offset}; is it damaged?")]
    SyncLost {
        /// The file.
        path: PathBuf,
        /// Losses that are put up with.
        limit: usize,
        /// Where the last one is, in bytes from the start.
        offset: u64,
    },
    /// Nothing says how fast the file is to be played.
    #[error(
        "{path} does not say how fast to play it: it has {packets} packets and {pcrs} PCR; \
         two PCR in a row, up to 2 s apart, are needed"
    )]
    NoClock {
        /// The file.
        path: PathBuf,
        /// Transport packets found.
        packets: u64,
        /// PCRs of the first PID that has any.
        pcrs: usize,
    },
    /// The PCR says a pace that no transport stream has.
    #[error("{path} would be played at {megabits_per_second} Mb/s by its PCR; at most {limit} Mb/s is taken for real")]
    TooFast {
        /// The file.
        path: PathBuf,
        /// The pace.
        megabits_per_second: u64,
        /// The limit.
        limit: u64,
    },
    /// The file is too short to be looped.
    #[error("{path} lasts {millis} ms; a looped file must last at least {limit} ms")]
    TooShort {
        /// The file.
        path: PathBuf,
        /// Its length.
        millis: u64,
        /// The limit.
        limit: u64,
    },
    /// The options ask for datagrams of no packets.
    #[error("packets per datagram is 0, should be 1 or more; 7 is usual")]
    EmptyDatagram,
}
