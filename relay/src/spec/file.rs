//! A file as a source.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};

use super::input::KNOWN_SCHEMES;
use super::url::{Options, QueryWriter, split_scheme, truth, wrong_scheme};
use super::{UrlError, UrlProblem};

/// A transport stream file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileInput {
    /// The file.
    pub path: PathBuf,
    /// Whether it starts again when it ends.
    pub looped: bool,
}

const OPTIONS: [&str; 1] = ["loop"];
/// What a path encodes: what would end it, and what would decode to something else.
const IN_PATH: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'"').add(b'\\');

impl FromStr for FileInput {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        read(text).map_err(|problem| UrlError { text: text.to_owned(), problem })
    }
}

fn read(text: &str) -> Result<FileInput, UrlProblem> {
    let (scheme, body) = split_scheme(text);
    match scheme.as_deref() {
        Some("file") => {}
        Some(other) => return Err(wrong_scheme(other, KNOWN_SCHEMES)),
        None => return Err(UrlProblem::MissingPath),
    }
    let (path, mut options) = Options::split(body, &OPTIONS)?;
    let path = read_path(path)?;
    let looped = options.take("loop", "true or false", truth)?.unwrap_or(false);
    Ok(FileInput { path, looped })
}

/// Reads a path; after two slashes it would be a host (RFC 8089), which is this one when left out.
fn read_path(text: &str) -> Result<PathBuf, UrlProblem> {
    let text = match text.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some(_) => return Err(UrlProblem::FileHost),
        None => text,
    };
    if text.is_empty() {
        return Err(UrlProblem::MissingPath);
    }
    Ok(OsString::from_vec(percent_decode_str(text).collect()).into())
}

impl fmt::Display for FileInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.as_os_str().as_bytes();
        let no_host = if path.starts_with(b"//") { "//" } else { "" };
        write!(f, "file:{no_host}{}", percent_encode(path, IN_PATH))?;
        QueryWriter::new(f).option(OPTIONS[0], self.looped.then_some(true))
    }
}
