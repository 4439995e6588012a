//! Figures that tests see on the way.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;

/// Adds a line to the file that `FIGURES` names, if it does: `tests/run` prints it in the end.
///
/// # Panics
/// When the file takes no line.
pub fn tell(figure: &str) {
    let Some(path) = env::var_os("FIGURES") else { return };
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a file for figures");
    writeln!(file, "{figure}").expect("room for a figure");
}
