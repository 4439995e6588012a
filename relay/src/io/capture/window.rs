//! The part of a capture that lies in memory.

use std::io::{ErrorKind, Read, Result};

/// Bytes held at most: also how far the reader looks ahead, for flows and for the next PCR.
pub(super) const WINDOW_LEN: usize = 4 << 20;

/// A window that moves over the bytes of a source, in one buffer from first to last.
pub(super) struct Window {
    source: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    ended: bool,
}

impl Window {
    pub(super) fn new(source: Box<dyn Read + Send>) -> Self {
        Self { source, buffer: vec![0; WINDOW_LEN], start: 0, end: 0, offset: 0, ended: false }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Where the window begins, in bytes from the start of the source.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the source has no bytes beyond the window.
    pub(super) const fn ended(&self) -> bool {
        self.ended
    }

    /// Gives up the first `len` bytes.
    pub(super) fn consume(&mut self, len: usize) {
        debug_assert!(len <= self.end - self.start);
        self.start += len;
        self.offset += len as u64;
    }

    /// Reads until the window is full or the source ends.
    pub(super) fn fill(&mut self) -> Result<()> {
        while self.read_on()? {}
        Ok(())
    }

    /// Reads what the source has now, waiting only when it has nothing; `false` if the window is full, or the source ends.
    pub(super) fn read_on(&mut self) -> Result<bool> {
        self.make_room();
        while self.end < WINDOW_LEN && !self.ended {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(read) => {
                    self.end += read;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Moves what is left to the start, when there is no room behind it.
    fn make_room(&mut self) {
        if self.end == WINDOW_LEN || self.start == self.end {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
    }
}
