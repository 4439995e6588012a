//! Standard error shared by log lines and the progress line under them.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

/// To the start of the line, and the line cleared (ECMA-48: CR, EL 2).
const CLEAR_LINE: &[u8] = b"\r\x1b[2K";
/// Columns of a terminal that does not say how many it has.
const DEFAULT_COLUMNS: usize = 80;

/// Standard error; its clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Console(Arc<Mutex<Screen<io::Stderr>>>);

impl Console {
    /// Standard error without a progress line.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Whether people read it at a terminal.
    pub(crate) fn is_terminal() -> bool {
        io::stderr().is_terminal()
    }

    /// Columns of the terminal.
    pub(crate) fn columns() -> usize {
        let size = rustix::termios::tcgetwinsize(io::stderr());
        size.ok().map(|size| usize::from(size.ws_col)).filter(|&columns| columns > 0).unwrap_or(DEFAULT_COLUMNS)
    }

    /// Puts `line` in the place of the progress line shown; an empty one takes it away.
    pub(crate) fn show_progress(&self, line: &str) {
        // A terminal that is gone shows nothing; the work goes on without it.
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).show_progress(line);
    }
}

impl<'a> MakeWriter<'a> for Console {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Console {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).log(text)?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream of lines of which the last may be a progress line that is written anew and anew.
struct Screen<W> {
    out: W,
    progress: String,
}

impl Default for Screen<io::Stderr> {
    fn default() -> Self {
        Self { out: io::stderr(), progress: String::new() }
    }
}

impl<W: Write> Screen<W> {
    fn show_progress(&mut self, line: &str) -> io::Result<()> {
        let was_shown = !self.progress.is_empty();
        line.clone_into(&mut self.progress);
        if was_shown || !line.is_empty() {
            self.write_all(&[CLEAR_LINE, line.as_bytes()])?;
        }
        Ok(())
    }

    /// Writes whole log lines above the progress line.
    fn log(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.progress.is_empty() {
            return self.write_all(&[lines]);
        }
        let progress = std::mem::take(&mut self.progress);
        let written = self.write_all(&[CLEAR_LINE, lines, progress.as_bytes()]);
        self.progress = progress;
        written
    }

    /// One write, so that lines of other processes do not come between.
    fn write_all(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        self.out.write_all(&parts.concat())?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(use_it: impl FnOnce(&mut Screen<Vec<u8>>)) -> String {
        let mut screen = Screen { out: Vec::new(), progress: String::new() };
        use_it(&mut screen);
        String::from_utf8(screen.out).unwrap()
    }

    #[test]
    fn without_a_progress_line_the_log_is_plain() {
        assert_eq!(written(|screen| screen.log(b"one\n").unwrap()), "one\n");
        assert_eq!(written(|screen| screen.show_progress("").unwrap()), "");
    }

    #[test]
    fn a_log_line_goes_above_the_progress_line() {
        let text = written(|screen| {
            screen.show_progress("8 Mb/s").unwrap();
            screen.log(b"one\n").unwrap();
            screen.show_progress("").unwrap();
        });
        assert_eq!(text, "\r\x1b[2K8 Mb/s\r\x1b[2Kone\n8 Mb/s\r\x1b[2K");
    }
}
