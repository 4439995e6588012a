//! The terminal while `top` has it: another screen, and each key as it is pressed. Given back when dropped.

use std::io::{self, Read, Write};
use std::thread;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Another screen without a cursor (xterm's control sequences), and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
/// To the first place; and what is left of a line, and of the screen, cleared (ECMA-48: CUP, EL, ED).
const HOME: &str = "\x1b[H";
const CLEAR_LINE: &str = "\x1b[K";
const CLEAR_REST: &str = "\x1b[J";
/// Rows of a terminal that does not say.
const ROWS: usize = 24;

/// The terminal.
pub(super) struct Terminal {
    before: Termios,
}

impl Terminal {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When standard input is none.
    pub(super) fn take() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut keys = before.clone();
        keys.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        tcsetattr(io::stdin(), OptionalActions::Now, &keys)?;
        let terminal = Self { before };
        write(ENTER)?;
        Ok(terminal)
    }

    /// Shows a text from the first line on.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn show(&self, text: &str) -> io::Result<()> {
        let lines: String = text.lines().map(|line| format!("{line}{CLEAR_LINE}\r\n")).collect();
        write(&format!("{HOME}{lines}{CLEAR_REST}"))
    }

    /// How many lines there is room for.
    pub(super) fn rows(&self) -> usize {
        tcgetwinsize(io::stdout()).map(|size| usize::from(size.ws_row)).ok().filter(|rows| *rows > 0).unwrap_or(ROWS)
    }

    /// Keys as they are pressed; ends with standard input.
    pub(super) fn keys(&self) -> UnboundedReceiver<u8> {
        let (sender, keys) = unbounded_channel();
        thread::spawn(move || {
            let pressed = io::stdin().lock().bytes().map_while(Result::ok);
            // Nobody wants them any more when the program ends.
            pressed.map(|key| sender.send(key)).take_while(Result::is_ok).for_each(drop);
        });
        keys
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut terminal = io::stdout();
    terminal.write_all(text.as_bytes())?;
    terminal.flush()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing back.
        let _ = write(LEAVE);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
