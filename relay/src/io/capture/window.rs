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

    /// Reads until the window is full or the source ends; `false` if it held all that it can before.
    pub(super) fn fill(&mut self) -> Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let before = self.end;
        while self.end < WINDOW_LEN && !self.ended {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.end > before)
    }
}
