mod broken;
mod looped;
mod once;
mod receiver;
mod studio;

use self::studio::TempFile;
use super::{FileError, FileSource, open};
use crate::io::Generator;
use crate::spec::FileInput;
use crate::time::Utc;
use crate::wire::ts::{PACKET_LEN, PACKETS_PER_DATAGRAM};

const DATAGRAM_LEN: usize = PACKETS_PER_DATAGRAM * PACKET_LEN;

fn play(file: &TempFile, looped: bool) -> Result<FileSource, FileError> {
    open(&FileInput { path: file.path().into(), looped }, PACKETS_PER_DATAGRAM)
}

/// The next datagram and when it is due.
fn next(source: &mut FileSource) -> Option<(Utc, Vec<u8>)> {
    let due = source.due()?;
    let mut buffer = vec![0; DATAGRAM_LEN];
    assert_eq!(source.fill(&mut buffer).unwrap(), DATAGRAM_LEN);
    Some((due, buffer))
}

/// So many whole rounds, from the first that starts after `now`.
fn rounds(source: &mut FileSource, now: Utc, rounds: u64) -> Vec<u8> {
    source.seek(source.next_round(now));
    (0..rounds * source.datagrams()).flat_map(|_| next(source).unwrap().1).collect()
}
