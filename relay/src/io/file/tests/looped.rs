//! A looped file: a receiver notices nothing, and every instance does the same.

use std::time::Duration;

use proptest::prelude::*;

use super::receiver::receive;
use super::studio::{AUDIO_PID, Film, PACKETS_A_PICTURE, PICTURE_TICKS, TempFile, VIDEO_PID};
use super::{next, play, rounds};
use crate::io::Generator;
use crate::time::{Ticks27, Utc, nanos_to_ticks, ticks_to_nanos};
use crate::wire::ts::{NULL_PACKET, PACKET_LEN, Packet, write_pcr};

const NOW: Utc = Utc(1_760_000_000_123_456_789);
const PICTURE_STAMP_TICKS: u64 = PICTURE_TICKS / 300;
const PCR_STEP_MAX: u64 = Ticks27::HZ / 10;

#[test]
fn a_receiver_notices_no_seam() {
    let film = Film::default();
    let file = TempFile::holding(&film.shoot());
    let seen = receive(&rounds(&mut play(&file, true).unwrap(), NOW, 25));
    let (video, audio) = (&seen[&VIDEO_PID], &seen[&AUDIO_PID]);
    assert_eq!(video.stamp_steps.len() as u64, 25 * film.pictures() - 1);
    assert_eq!(audio.stamp_steps.len() as u64, 25 * film.audio_frames - 1);
    assert!(video.pcr_steps.iter().all(|&step| (1..=PCR_STEP_MAX).contains(&step)));
    let picture_steps = PICTURE_STAMP_TICKS..2 * PICTURE_STAMP_TICKS;
    assert!(video.stamp_steps.iter().all(|step| picture_steps.contains(step)), "the longer audio leaves a short gap");
    assert!(audio.stamp_steps.iter().all(|&step| step == 1_920), "{:?}", audio.stamp_steps);
    assert_eq!(video.flagged, 0);
}

#[test]
fn the_clocks_wrap_in_the_middle_as_anywhere() {
    let file = TempFile::holding(&Film::default().shoot());
    let wrap = Utc(3 * ticks_to_nanos(Ticks27::MODULUS));
    let seen = receive(&rounds(&mut play(&file, true).unwrap(), wrap - Duration::from_secs(20), 25));
    assert!(seen[&VIDEO_PID].pcr_steps.iter().all(|&step| (1..=PCR_STEP_MAX).contains(&step)));
    assert!(seen[&AUDIO_PID].stamp_steps.iter().all(|&step| step == 1_920));
}

#[test]
fn a_file_whose_own_clocks_wrap_is_looped_like_any_other() {
    let first_pcr = Ticks27::MODULUS - Ticks27::HZ;
    let file = TempFile::holding(&Film { first_pcr, ..Film::default() }.shoot());
    let mut source = play(&file, true).unwrap();
    let plain = play(&TempFile::holding(&Film::default().shoot()), true).unwrap();
    assert_eq!(source.duration(), plain.duration());
    receive(&rounds(&mut source, NOW, 25));
}

#[test]
fn each_datagram_is_due_where_its_pcr_says() {
    let file = TempFile::holding(&Film::default().shoot());
    let mut source = play(&file, true).unwrap();
    source.seek(NOW);
    let mut first = None;
    for _ in 0..3 * source.datagrams() {
        let (due, datagram) = next(&mut source).unwrap();
        let pcr = |packet: &[u8]| Packet::new(packet)?.adaptation()?.pcr();
        let Some((index, pcr)) =
            datagram.chunks(PACKET_LEN).enumerate().find_map(|(index, packet)| Some((index as u64, pcr(packet)?)))
        else {
            continue;
        };
        let sent = nanos_to_ticks(due.0) + index * PICTURE_TICKS / PACKETS_A_PICTURE;
        let &mut (first_sent, first_pcr) = first.get_or_insert((sent, pcr));
        let lag = (sent - first_sent).abs_diff(pcr.signed_since(first_pcr) as u64);
        assert!(lag < PICTURE_TICKS / 4, "{lag} ticks between the PCR and the moment it is sent");
    }
}

#[test]
fn a_long_rest_at_the_seam_is_filled_with_null_packets_and_pcrs() {
    let film = Film { audio_frames: 130, ..Film::default() };
    let file = TempFile::holding(&film.shoot());
    let seen = receive(&rounds(&mut play(&file, true).unwrap(), NOW, 21));
    let longest = seen[&VIDEO_PID].pcr_steps.iter().max().unwrap();
    assert!(*longest <= PCR_STEP_MAX, "{longest} ticks without PCR");
    assert!(seen[&AUDIO_PID].stamp_steps.iter().all(|&step| step == 1_920));
}

#[test]
fn packets_204_and_192_bytes_apart_and_junk_are_read_alike() {
    let bytes = Film::default().shoot();
    let padded = |before: usize, after: usize| {
        let packet = |packet: &[u8]| [vec![0x55; before].as_slice(), packet, &vec![0x66; after]].concat();
        bytes.chunks(PACKET_LEN).flat_map(packet).collect::<Vec<u8>>()
    };
    let behind_junk = [&[0x47; 11], bytes.as_slice()].concat();
    let (head, tail) = bytes.split_at(400 * PACKET_LEN);
    let around_junk = [head, &[0x47, 1, 2], tail].concat();
    let wanted = rounds(&mut play(&TempFile::holding(&bytes), true).unwrap(), NOW, 2);
    for variant in [padded(0, 16), padded(4, 0), behind_junk, around_junk] {
        let got = rounds(&mut play(&TempFile::holding(&variant), true).unwrap(), NOW, 2);
        assert!(got == wanted);
    }
}

#[test]
fn a_recording_cut_anywhere_starts_and_ends_with_whole_units() {
    let bytes = Film { groups: 30, audio_frames: 170, ..Film::default() }.shoot();
    for (from, to) in [(25, 1_703), (4, 1_707), (9, 1_711), (64, 1_790)] {
        let cut = TempFile::holding(&bytes[from * PACKET_LEN..to * PACKET_LEN]);
        let stream = rounds(&mut play(&cut, true).unwrap(), NOW, 22);
        let entry = stream.chunks(PACKET_LEN).filter_map(Packet::new).find(|packet| packet.pid() == VIDEO_PID).unwrap();
        assert!(entry.unit_start() && entry.adaptation().unwrap().random_access(), "{from}..{to}");
        assert!(has_whole_audio(&stream), "{from}..{to}");
        let seen = receive(from_first_tables(&stream));
        let longest = seen[&VIDEO_PID].stamp_steps.iter().max().unwrap();
        assert!(*longest < 4 * PICTURE_STAMP_TICKS, "{from}..{to}: {longest}");
    }
}

/// The reader does not know the other packets before it has the tables.
fn from_first_tables(stream: &[u8]) -> &[u8] {
    let before = stream.chunks(PACKET_LEN).take_while(|packet| Packet::new(packet).unwrap().pid() != 0).count();
    &stream[before * PACKET_LEN..]
}

/// Each frame of audio takes two packets, a start and an end.
fn has_whole_audio(stream: &[u8]) -> bool {
    let audio = stream.chunks(PACKET_LEN).filter_map(Packet::new).filter(|packet| packet.pid() == AUDIO_PID);
    audio.enumerate().all(|(index, packet)| packet.unit_start() == index.is_multiple_of(2))
}

#[test]
fn scrambled_packets_keep_their_stamps() {
    let mut bytes = Film::default().shoot();
    let file = TempFile::holding(&bytes);
    let mut source = play(&file, true).unwrap();
    for packet in bytes.chunks_mut(PACKET_LEN).filter(|packet| Packet::new(packet).unwrap().pid() == AUDIO_PID) {
        packet[3] |= 0x80;
    }
    std::fs::write(file.path(), &bytes).unwrap();
    let stream = rounds(&mut source, NOW, 1);
    for (packet, original) in stream.chunks(PACKET_LEN).zip(bytes.chunks(PACKET_LEN)) {
        if Packet::new(packet).unwrap().pid() == AUDIO_PID {
            assert_eq!(packet[4..], original[4..]);
        }
    }
}

#[test]
fn a_jump_of_the_clock_does_not_stop_the_pace_and_is_flagged_at_the_seam() {
    let mut bytes = Film::default().shoot();
    let half = bytes.len() / 2 / PACKET_LEN * PACKET_LEN;
    for packet in bytes[half..].chunks_mut(PACKET_LEN) {
        let Some(pcr) = Packet::new(packet).unwrap().adaptation().and_then(|field| field.pcr()) else { continue };
        packet[6..12].copy_from_slice(&write_pcr(pcr.plus(3_600 * Ticks27::HZ)));
    }
    let jumping = play(&TempFile::holding(&bytes), true).unwrap();
    let plain = play(&TempFile::holding(&Film::default().shoot()), true).unwrap();
    let difference = jumping.duration().abs_diff(plain.duration());
    assert!(difference < Duration::from_millis(1), "{difference:?}");
    let mut source = play(&TempFile::holding(&bytes), true).unwrap();
    let stream = rounds(&mut source, NOW, 2);
    let is_flagged =
        |packet: &Packet<'_>| packet.adaptation().is_some_and(|field| field.pcr().is_some() && field.discontinuity());
    assert_eq!(stream.chunks(PACKET_LEN).filter_map(Packet::new).filter(is_flagged).count(), 2);
}

#[test]
fn a_discontinuity_flagged_at_the_start_is_none_in_a_loop() {
    let mut bytes = Film::default().shoot();
    let first = bytes.chunks_mut(PACKET_LEN).find(|packet| Packet::new(packet).unwrap().pid() == VIDEO_PID).unwrap();
    first[5] |= 0x80;
    let seen = receive(&rounds(&mut play(&TempFile::holding(&bytes), true).unwrap(), NOW, 2));
    assert_eq!(seen[&VIDEO_PID].flagged, 0);
}

#[test]
fn a_round_is_whole_datagrams_padded_with_null_packets() {
    let bytes = Film { groups: 17, audio_frames: 97, ..Film::default() }.shoot();
    let stream = rounds(&mut play(&TempFile::holding(&bytes), true).unwrap(), NOW, 1);
    let packets = bytes.len() / PACKET_LEN;
    assert!(stream.len() > bytes.len());
    assert!(stream[packets * PACKET_LEN..].chunks(PACKET_LEN).all(|packet| packet == NULL_PACKET));
}

#[test]
fn a_file_that_becomes_shorter_is_an_error_until_it_is_back() {
    let bytes = Film::default().shoot();
    let file = TempFile::holding(&bytes);
    let mut source = play(&file, true).unwrap();
    source.seek(source.next_round(NOW));
    std::fs::write(file.path(), b"").unwrap();
    let mut buffer = [0; super::DATAGRAM_LEN];
    let due = source.due();
    assert!(source.fill(&mut buffer).unwrap_err().to_string().contains("shorter"));
    assert_eq!(source.due(), due);
    std::fs::write(file.path(), &bytes).unwrap();
    assert_eq!(source.fill(&mut buffer).unwrap(), buffer.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn two_instances_send_the_same_at_the_same_moment(
        now in 0..u64::MAX / 4, offset in 0..5_000_000_000u64, packets_per_datagram in 1..9usize,
    ) {
        let file = TempFile::holding(&Film { groups: 4, audio_frames: 24, first_pcr: 5 }.shoot());
        let input = crate::spec::FileInput { path: file.path().into(), looped: true };
        let mut first = super::open(&input, packets_per_datagram).unwrap();
        let mut second = super::open(&input, packets_per_datagram).unwrap();
        let (mut one, mut other) = ([0; 9 * PACKET_LEN], [0; 9 * PACKET_LEN]);
        first.seek(Utc(now));
        second.seek(Utc(now + offset));
        prop_assert!(first.due() >= Some(Utc(now)) && second.due() >= Some(Utc(now + offset)));
        while first.due() < second.due() {
            first.fill(&mut one).unwrap();
        }
        for _ in 0..second.datagrams() + 1 {
            prop_assert_eq!(first.due(), second.due());
            prop_assert_eq!(first.fill(&mut one).unwrap(), second.fill(&mut other).unwrap());
            prop_assert_eq!(one, other);
        }
    }
}
