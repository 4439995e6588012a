//! The files of one flow's recordings: their names, and how many there may be.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::RecordingError;
use crate::spec::Record;
use crate::time::Utc;

/// A moment in a file's name, as `20260131T120000.123Z`: a digit for each 0.
const MOMENT: &str = "00000000T000000.000Z";
/// Ends the name of a file that is being written.
const PART: &str = "part";

/// The files of one flow's recordings.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
    /// What the names of all files start with.
    stem: String,
    extension: &'static str,
    most_files: usize,
    most_bytes: u64,
}

impl Shelf {
    pub(super) fn new(flow: &str, record: &Record) -> Self {
        let harmless = |character: char| character.is_alphanumeric() || "._-".contains(character);
        Self {
            folder: record.folder.clone(),
            stem: flow.chars().map(|character| if harmless(character) { character } else { '_' }).collect(),
            extension: record.format.as_str(),
            most_files: record.most_files,
            most_bytes: record.most_bytes,
        }
    }

    /// The name of a recording of this moment.
    pub(super) fn name(&self, moment: Utc) -> String {
        let moment = SystemTime::UNIX_EPOCH + Duration::from_nanos(moment.0);
        let moment = humantime::format_rfc3339_millis(moment).to_string().replace(['-', ':'], "");
        format!("{}-{moment}.{}", self.stem, self.extension)
    }

    /// Where a file of this name is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where a recording is while it is written.
    pub(super) fn part(&self) -> PathBuf {
        self.folder.join(format!("{}.{PART}", self.stem))
    }

    /// Deletes the oldest recordings until one more, of so many bytes, keeps within the limits.
    ///
    /// # Errors
    /// When it cannot do so at all, or the folder cannot be read or written.
    pub(super) fn make_room(&self, bytes: u64) -> Result<(), RecordingError> {
        let most = self.most_bytes;
        if bytes > most {
            return Err(RecordingError::TooLong { bytes, most });
        }
        let wrong = |path: &Path, reason| RecordingError::Write { path: path.to_owned(), reason };
        let mut files = self.files().map_err(|reason| wrong(&self.folder, reason))?;
        let mut total: u64 = files.iter().map(|(_, len)| len).sum();
        // By name is by age.
        files.sort();
        let mut count = files.len();
        for (path, len) in files {
            if count < self.most_files && total + bytes <= most {
                break;
            }
            fs::remove_file(&path).map_err(|reason| wrong(&path, reason))?;
            (count, total) = (count - 1, total - len);
        }
        Ok(())
    }

    fn files(&self) -> io::Result<Vec<(PathBuf, u64)>> {
        let entries = fs::read_dir(&self.folder)?.collect::<io::Result<Vec<DirEntry>>>()?;
        let ours =
            entries.into_iter().filter(|entry| entry.file_name().to_str().is_some_and(|name| self.is_ours(name)));
        ours.map(|entry| Ok((entry.path(), entry.metadata()?.len()))).collect()
    }

    fn is_ours(&self, name: &str) -> bool {
        let moment = name.strip_prefix(&self.stem).and_then(|rest| rest.strip_prefix('-'));
        let Some((moment, extension)) = moment.and_then(|rest| rest.split_at_checked(MOMENT.len())) else {
            return false;
        };
        let fits = |(wanted, found): (char, char)| if wanted == '0' { found.is_ascii_digit() } else { wanted == found };
        matches!(extension, ".ts" | ".pcapng") && MOMENT.chars().zip(moment.chars()).all(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(folder: &Path, most_files: usize, most_bytes: u64) -> Shelf {
        Shelf::new("239.1.1.7:5000", &Record { most_files, most_bytes, ..Record::new(folder) })
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A folder with so many recordings of 10 bytes, and files of others.
    fn filled(recordings: u64) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let shelf = shelf(folder.path(), 1, 1);
        for second in 0..recordings {
            fs::write(shelf.path(&shelf.name(Utc(second * 1_000_000_000))), [0; 10]).unwrap();
        }
        for name in ["notes.txt", "239.1.1.7_5000-notes.ts", "239.1.1.7_5000-1x700101T000000.000Z.ts"] {
            fs::write(folder.path().join(name), "ours").unwrap();
        }
        folder
    }

    #[test]
    fn names_tell_flow_and_time() {
        let name = shelf(Path::new(""), 1, 1).name(Utc(1_700_000_000_123_456_789));
        assert_eq!(name, "239.1.1.7_5000-20231114T221320.123Z.ts");
        assert!(shelf(Path::new(""), 1, 1).is_ours(&name));
    }

    #[test]
    fn the_oldest_make_room_for_the_new() {
        for (most_files, most_bytes, left) in [(3, 1_000, 2), (9, 35, 2), (9, 1_000, 5), (1, 1_000, 0)] {
            let folder = filled(5);
            shelf(folder.path(), most_files, most_bytes).make_room(10).unwrap();
            let names = names(folder.path());
            assert_eq!(names.len(), left + 3, "{names:?}");
            assert!(left == 0 || names.contains(&"239.1.1.7_5000-19700101T000004.000Z.ts".to_owned()), "{names:?}");
        }
    }

    #[test]
    fn what_is_too_long_by_itself_deletes_nothing() {
        let folder = filled(5);
        let refusal = shelf(folder.path(), 9, 35).make_room(36).unwrap_err();
        assert!(matches!(refusal, RecordingError::TooLong { bytes: 36, most: 35 }));
        assert_eq!(names(folder.path()).len(), 8);
    }
}
