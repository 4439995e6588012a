//! Saves what came around an alarm: one file a recording, the oldest deleted when there are too many.

mod shelf;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use thiserror::Error;

use crate::io::capture::write::PcapngWriter;
use crate::spec::{FlowSpec, Record, RecordFormat, Source};
use crate::stage::tape::Cut;
use crate::time::Moment;

use shelf::Shelf;

/// More than pcapng, Ethernet, IPv6 and UDP add to a datagram, in bytes.
const FRAME_LEN_MAX: u64 = 112;
/// More than a pcapng file without datagrams, in bytes.
const FILE_HEAD_LEN_MAX: u64 = 128;

/// Why a recording is not saved.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// The folder or the file cannot be written.
    #[error("{path}: {reason}")]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// The kernel's reason.
        reason: io::Error,
    },
    /// It alone takes up more than all recordings may.
    #[error("it takes {bytes} bytes, and all recordings of the flow together may take {most}; raise record.most_bytes")]
    TooLong {
        /// What it takes up at most.
        bytes: u64,
        /// The limit.
        most: u64,
    },
}

/// A recording that was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The file.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Saves the recordings of one flow.
#[derive(Debug)]
pub struct Recordings {
    format: RecordFormat,
    shelf: Shelf,
    /// Sender, as far as it is known, and destination of the datagrams.
    addresses: (SocketAddr, SocketAddr),
}

impl Recordings {
    /// The recordings of the flow `spec`, as `record` says.
    pub fn new(spec: &FlowSpec, record: &Record) -> Self {
        Self { format: record.format, shelf: Shelf::new(&spec.name, record), addresses: addresses(&spec.source) }
    }

    /// Saves what came around an alarm. Files of the flow that exceed the limits with it are deleted first, the oldest
    /// first; the new one has its name only when it is whole.
    ///
    /// # Errors
    /// [`RecordingError`]; nothing is left of the recording then.
    pub fn save(&self, cut: &Cut, now: Moment) -> Result<Saved, RecordingError> {
        let name = self.shelf.name(now.utc_at(cut.alarm.at));
        self.shelf.make_room(self.longest(cut))?;
        let part = self.shelf.part();
        let written = File::create(&part).and_then(|file| self.write(file, cut, now));
        let path = self.shelf.path(&name);
        let finished = written.and_then(|bytes| std::fs::rename(&part, &path).map(|()| bytes));
        finished.map(|bytes| Saved { path, bytes }).map_err(|reason| {
            // It is the writing that failed; what is left is deleted before the next recording.
            let _ = std::fs::remove_file(&part);
            RecordingError::Write { path: part, reason }
        })
    }

    /// As long as the recording can be at most.
    fn longest(&self, cut: &Cut) -> u64 {
        let (frame, head) = match self.format {
            RecordFormat::Ts => (0, 0),
            RecordFormat::Pcapng => (FRAME_LEN_MAX, FILE_HEAD_LEN_MAX),
        };
        head + cut.pieces().map(|(_, piece)| piece.len() as u64 + frame).sum::<u64>()
    }

    fn write(&self, file: File, cut: &Cut, now: Moment) -> io::Result<u64> {
        let mut sink = BufWriter::with_capacity(1 << 20, file);
        match self.format {
            RecordFormat::Ts => {
                cut.pieces().try_for_each(|(_, piece)| sink.write_all(piece))?;
                finish(sink)
            }
            RecordFormat::Pcapng => {
                let mut writer = PcapngWriter::new(sink)?;
                let (source, destination) = self.addresses;
                for (at, payload) in cut.pieces() {
                    writer.datagram(now.utc_at(at), source, destination, payload)?;
                }
                finish(writer.finish()?)
            }
        }
    }
}

/// Waits until the file is on its disk, and says how long it is.
fn finish(sink: BufWriter<File>) -> io::Result<u64> {
    let file = sink.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_data()?;
    Ok(file.metadata()?.len())
}

/// Where the datagrams come from and go to. Senders are not told apart: unless there can be but one, it is unspecified.
fn addresses(source: &Source) -> (SocketAddr, SocketAddr) {
    let (sender, destination) = match source {
        Source::Network(input) => (input.source, input.address),
        Source::File(_) | Source::Test(_) => (None, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))),
    };
    let unspecified = match destination {
        SocketAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
    };
    (SocketAddr::new(sender.unwrap_or(unspecified), 0), destination)
}

#[cfg(test)]
mod tests;
