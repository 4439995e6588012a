//! Files that cannot be played say why, and none makes the relay panic.

use std::path::PathBuf;

use proptest::prelude::*;

use super::studio::{Film, TempFile};
use super::{FileError, open, play};
use crate::io::Generator;
use crate::spec::FileInput;
use crate::time::Utc;
use crate::wire::ts::{NULL_PACKET, PACKET_LEN, Packet, write_pcr};

fn refusal(bytes: &[u8]) -> FileError {
    play(&TempFile::holding(bytes), true).err().expect("such a file cannot be played")
}

/// A film of which the PCR in packet number `n` is `pcr(n)`, or is missing.
fn film_with_pcr(pcr: impl Fn(u64) -> Option<u64>) -> Vec<u8> {
    let mut bytes = Film::default().shoot();
    for (index, packet) in (0..).zip(bytes.chunks_mut(PACKET_LEN)) {
        if Packet::new(packet).unwrap().adaptation().and_then(|field| field.pcr()).is_some() {
            match pcr(index) {
                Some(ticks) => packet[6..12].copy_from_slice(&write_pcr(crate::time::Ticks27::wrapping(ticks))),
                None => packet[5] &= !0x18,
            }
        }
    }
    bytes
}

#[test]
fn a_path_that_is_no_file_is_named() {
    let input = |path: PathBuf| FileInput { path, looped: true };
    let missing = open(&input("/nonexistent/film.ts".into()), 7).err().unwrap();
    assert!(missing.to_string().starts_with("cannot read /nonexistent/film.ts: No such file"), "{missing}");
    let directory = open(&input(std::env::temp_dir()), 7).err().unwrap();
    assert!(matches!(directory, FileError::NotRegular { .. }), "{directory}");
    let file = TempFile::holding(&Film::default().shoot());
    assert!(matches!(open(&input(file.path().into()), 0).err(), Some(FileError::EmptyDatagram)));
}

#[test]
fn bytes_without_packets_are_no_transport_stream() {
    for bytes in [&b""[..], b"G", &b"words ".repeat(9_999), &NULL_PACKET.repeat(4)] {
        let error = refusal(bytes);
        assert!(matches!(error, FileError::NoSync { .. }), "{error}");
    }
}

#[test]
fn a_file_without_a_pace_is_refused() {
    for bytes in [
        NULL_PACKET.repeat(50),
        film_with_pcr(|_| None),
        film_with_pcr(|index| (index == 2).then_some(1)),
        film_with_pcr(|_| Some(1)),
        film_with_pcr(|index| Some(1 << 40 >> (index / 20))),
    ] {
        let error = refusal(&bytes);
        assert!(matches!(error, FileError::NoClock { .. }), "{error}");
    }
}

#[test]
fn a_pace_that_cannot_be_is_refused() {
    let error = refusal(&film_with_pcr(|index| Some(index / 20)));
    assert!(matches!(error, FileError::TooFast { .. } | FileError::TooShort { .. }), "{error}");
    let short = Film { groups: 0, audio_frames: 0, ..Film::default() };
    let error = refusal(&short.shoot());
    assert!(matches!(error, FileError::NoClock { .. }), "{error}");
}

#[test]
fn a_file_that_is_mostly_junk_is_refused() {
    let junk = [NULL_PACKET.repeat(5).as_slice(), &[1, 2, 3]].concat().repeat(1_100);
    assert!(matches!(refusal(&junk), FileError::SyncLost { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..3_000),
        stride in prop_oneof![Just(188usize), Just(192), Just(204)],
    ) {
        bytes.iter_mut().step_by(stride).for_each(|byte| *byte = 0x47);
        exercise(&bytes)?;
    }

    #[test]
    fn no_damage_to_a_film_makes_it_panic(
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..400),
        heads in proptest::collection::vec((0..260usize, 1..20usize, any::<u8>()), 0..200),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = Film { groups: 4, audio_frames: 24, first_pcr: 5 }.shoot();
        damage.iter().for_each(|(index, value)| *index.get_mut(&mut bytes) = *value);
        for (packet, offset, value) in heads {
            bytes.get_mut(packet * PACKET_LEN + offset).into_iter().for_each(|byte| *byte = value);
        }
        bytes.truncate(cut.index(bytes.len()) + bytes.len() / 2);
        exercise(&bytes)?;
    }
}

/// Plays what can be played, and expects moments that never go back.
fn exercise(bytes: &[u8]) -> Result<(), TestCaseError> {
    let file = TempFile::holding(bytes);
    for looped in [true, false] {
        let Ok(mut source) = play(&file, looped) else { continue };
        source.seek(Utc(u64::MAX / 3));
        let mut last = Utc(u64::MAX / 3);
        for _ in 0..(2 * source.datagrams()).min(2_000) {
            let Some(due) = source.due() else { break };
            prop_assert!(due >= last);
            last = due;
            source.fill(&mut [0; super::DATAGRAM_LEN]).unwrap();
        }
    }
    Ok(())
}
