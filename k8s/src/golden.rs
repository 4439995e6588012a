//! Files that what is made is compared with.

use std::fs;
use std::path::Path;

/// Compares `text` with the file at `path`, relative to this crate; with GOLDEN=write it is written there instead.
#[track_caller]
pub(crate) fn assert_golden(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    let differing = text.lines().zip(golden.lines()).position(|(one, other)| one != other);
    let line = differing.unwrap_or_else(|| text.lines().count().min(golden.lines().count())) + 1;
    assert!(text == golden, "{} differs from line {line} on; GOLDEN=write writes it anew", path.display());
}
