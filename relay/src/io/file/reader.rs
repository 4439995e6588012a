//! Reads a file at any place, a chunk at a time.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::wire::ts::PACKET_LEN;

const CHUNK_LEN: usize = 64 * 1024;

/// A file and the last chunk read of it.
pub(super) struct Reader {
    file: File,
    chunk: Vec<u8>,
    chunk_start: u64,
}

impl Reader {
    pub(super) const fn new(file: File) -> Self {
        Self { file, chunk: Vec::new(), chunk_start: 0 }
    }

    /// The `len` bytes at `offset`, fewer at the end of the file; `len` is at most a few packets.
    pub(super) fn bytes(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        if !self.holds(offset, len) {
            self.load(offset)?;
        }
        let start = usize::try_from(offset - self.chunk_start).unwrap_or(usize::MAX).min(self.chunk.len());
        let end = start.saturating_add(len).min(self.chunk.len());
        Ok(&self.chunk[start..end])
    }

    /// The packet at `offset`.
    ///
    /// # Errors
    /// Also when the file ends before the packet does: it has become shorter since it was opened.
    pub(super) fn packet(&mut self, offset: u64) -> io::Result<&[u8; PACKET_LEN]> {
        let shorter =
            || io::Error::new(io::ErrorKind::UnexpectedEof, "the file has become shorter since it was opened");
        self.bytes(offset, PACKET_LEN)?.first_chunk().ok_or_else(shorter)
    }

    fn holds(&self, offset: u64, len: usize) -> bool {
        offset >= self.chunk_start && offset + len as u64 <= self.chunk_start + self.chunk.len() as u64
    }

    fn load(&mut self, offset: u64) -> io::Result<()> {
        self.chunk.resize(CHUNK_LEN, 0);
        self.chunk_start = offset;
        let read = read_full(&self.file, &mut self.chunk, offset);
        self.chunk.truncate(*read.as_ref().unwrap_or(&0));
        read.map(drop)
    }
}

/// Reads until `buffer` is full or the file ends.
fn read_full(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
