//! The shared key of a flow's instances, from its file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::message::Key;

/// Longest secret, in bytes: what is longer is some other file.
const LONGEST: u64 = 4_096;

/// Why a file gives no key.
#[derive(Debug, Error)]
#[error("key file {}: {problem}", path.display())]
pub struct KeyFileError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug, Error)]
enum Problem {
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("is empty; write a secret into it, as: head -c 32 /dev/urandom | base64")]
    Empty,
    #[error("is longer than {LONGEST} bytes; it is to hold one secret")]
    Long,
}

/// Reads the key that the file at `path` holds; line breaks at its end are no part of it.
///
/// # Errors
/// [`KeyFileError`] when it cannot be read, is empty, or longer than 4,096 bytes.
pub fn read(path: &Path) -> Result<Key, KeyFileError> {
    secret(path)
        .and_then(|secret| Key::new(without_line_breaks(&secret)).ok_or(Problem::Empty))
        .map_err(|problem| KeyFileError { path: path.to_owned(), problem })
}

fn secret(path: &Path) -> Result<Vec<u8>, Problem> {
    let file = open(path).map_err(Problem::Unreadable)?;
    let mut secret = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut secret).map_err(Problem::Unreadable)?;
    if secret.len() as u64 > LONGEST { Err(Problem::Long) } else { Ok(secret) }
}

/// Opening a pipe would wait for its writer.
fn open(path: &Path) -> io::Result<File> {
    let is_file = path.metadata()?.is_file();
    if is_file { File::open(path) } else { Err(io::Error::other("it is not a regular file")) }
}

/// `bytes` without line breaks at their end.
fn without_line_breaks(bytes: &[u8]) -> &[u8] {
    let last = bytes.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n'));
    last.map_or(&[], |last| &bytes[..=last])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::message::Message;
    use std::io::Write;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn message() -> Message {
        Message::read(&[b"FCP1\x01".as_slice(), &[0; 91]].concat(), None).unwrap()
    }

    fn refusal(bytes: &[u8]) -> String {
        read(file(bytes).path()).unwrap_err().to_string()
    }

    #[test]
    fn a_line_break_at_the_end_is_no_part_of_the_key() {
        let message = message();
        let signed = message.write(Some(&Key::new(b"se cret").unwrap()));
        for bytes in [&b"se cret"[..], b"se cret\n", b"se cret\r\n"] {
            let key = read(file(bytes).path()).unwrap();
            assert_eq!(message.write(Some(&key)), signed);
        }
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused_with_its_name() {
        assert!(refusal(b"").contains("is empty") && refusal(b"\n\n").contains("is empty"));
        assert!(refusal(&[b'x'; 5_000]).contains("4096 bytes"));
        let none = read(Path::new("/nowhere/key")).unwrap_err().to_string();
        assert!(none.starts_with("key file /nowhere/key: cannot be read: "), "{none}");
        assert!(read(Path::new("/dev/null")).unwrap_err().to_string().contains("not a regular file"));
    }

    #[test]
    fn a_refusal_does_not_tell_what_is_in_the_file() {
        let refusal = refusal(&b"topsecret".repeat(600));
        assert!(!refusal.contains("topsecret"), "{refusal}");
    }
}
