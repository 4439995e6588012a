//! Colours, where there is a terminal that shows them.

use std::env;

/// Puts colours around words, or leaves them as they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint(bool);

impl Paint {
    /// Colours if there is a terminal, unless the user wants none (`NO_COLOR`).
    pub(super) fn new(terminal: bool) -> Self {
        Self(terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
    }

    /// A title.
    pub(super) fn title(self, text: &str) -> String {
        self.with("1", text)
    }

    /// Something wrong.
    pub(super) fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    /// Something right.
    pub(super) fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// Select Graphic Rendition (ECMA-48, 8.3.117).
    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
